import { assertEquals } from "@std/assert";
import { printable, shortened } from "./printable.ts";

Deno.test("printable, replaces what a terminal would obey, and nothing else", () => {
  assertEquals(
    printable("a\u001b[31m\nb\u009b\u007f\u2028\ud800"),
    "a\ufffd[31m\ufffdb\ufffd\ufffd\ufffd\ufffd",
  );
  assertEquals(printable("é日本 🧵—\u0301"), "é日本 🧵—\u0301");
});

Deno.test("shortened, ends with an ellipsis only if there is no room for all of it", () => {
  assertEquals(["", "abc", "🧵🧵🧵"].map((text) => shortened(text, 3)), ["", "abc", "🧵🧵🧵"]);
  assertEquals(["abcd", "🧵🧵🧵🧵"].map((text) => shortened(text, 3)), ["ab…", "🧵🧵…"]);
  assertEquals(shortened("abcd", 1), "…");
});
