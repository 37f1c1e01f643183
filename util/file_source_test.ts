import { assertEquals } from "@std/assert";
import { FileSource } from "./file_source.ts";

Deno.test("FileSource, reads parts of a file", () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, Uint8Array.of(1, 2, 3, 4, 5));
    using source = new FileSource(path);
    assertEquals(source.size, 5);
    const into = new Uint8Array(3);
    source.readAt(1, into);
    assertEquals(into, Uint8Array.of(2, 3, 4));
    source.readAt(4, into);
    assertEquals(into, Uint8Array.of(5, 3, 4));
  } finally {
    Deno.removeSync(path);
  }
});
