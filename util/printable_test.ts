import { assertEquals } from "@std/assert";
import { printable } from "./printable.ts";

Deno.test("printable, replaces what a terminal would obey, and nothing else", () => {
  assertEquals(
    printable("a\u001b[31m\nb\u009b\u007f\u2028\ud800"),
    "a\ufffd[31m\ufffdb\ufffd\ufffd\ufffd\ufffd",
  );
  assertEquals(printable("é日本 🧵—\u0301"), "é日本 🧵—\u0301");
});
