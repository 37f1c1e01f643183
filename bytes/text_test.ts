import { assertEquals } from "@std/assert";
import { textOf } from "./text.ts";

Deno.test("textOf, decodes short and long text, with and without letters beyond ASCII", () => {
  for (const text of ["", "a", "naïve", "x".repeat(48), "y".repeat(49), "ü".repeat(60), "€uro"]) {
    const bytes = new TextEncoder().encode(`<${text}>`);
    assertEquals(textOf(bytes, 1, bytes.length - 1), text);
  }
});
