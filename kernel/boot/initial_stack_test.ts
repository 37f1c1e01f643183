import { assertEquals } from "@std/assert";
import { initialStack } from "./initial_stack.ts";

/** Reads a stack as the program would. */
function read(argv: readonly string[], top: bigint): { words: bigint[]; strings: string[] } {
  const { bytes, sp } = initialStack(argv, top);
  const view = new DataView(bytes.buffer);
  assertEquals(sp + BigInt(bytes.length), top);
  assertEquals(sp % 16n, 0n);
  const count = Number(view.getBigUint64(0, true));
  const words = Array.from({ length: count + 3 }, (_, i) => view.getBigUint64(8 * (i + 1), true));
  const strings = words.slice(0, count).map((pointer) => {
    const at = Number(pointer - sp);
    return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
  });
  return { words, strings };
}

Deno.test("initialStack, holds argc, argv, a null pointer and an empty environment", () => {
  for (const argv of [["a"], ["module-hello", "1", "2"], ["x", "", "zwölf", "y".repeat(100)]]) {
    const { words, strings } = read(argv, 0x8000_0000n);
    assertEquals(strings, argv);
    assertEquals(words.slice(argv.length), [0n, 0n, 0n]);
  }
});

Deno.test("initialStack, is aligned to 16 bytes for any number and length of arguments", () => {
  for (let count = 1; count < 10; count++) {
    for (let length = 0; length < 20; length++) {
      read(Array(count).fill("x".repeat(length)), 1n << 48n);
    }
  }
});

Deno.test("initialStack, the strings do not reach into the words", () => {
  const { bytes } = initialStack(["first", "second"], 0x1000n);
  assertEquals(bytes.indexOf("first".charCodeAt(0), 48), 48);
  assertEquals(bytes.subarray(24, 48).some((byte) => byte !== 0), false);
});
