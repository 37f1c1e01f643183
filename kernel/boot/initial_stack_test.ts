import { assertEquals } from "@std/assert";
import type { Program } from "../program/loader.ts";
import { initialStack } from "./initial_stack.ts";

const PROGRAM: Program = {
  entry: 0x401000n,
  segments: [],
  headers: { address: 0x400040n, count: 7 },
};

/** Reads a stack as the program would. */
function read(
  argv: readonly string[],
  { top, program = PROGRAM }: { top: bigint; program?: Program },
): { words: bigint[]; strings: string[] } {
  const { bytes, sp } = initialStack(argv, { top, program });
  const view = new DataView(bytes.buffer);
  assertEquals(sp + BigInt(bytes.length), top);
  assertEquals(sp % 16n, 0n);
  const count = Number(view.getBigUint64(0, true));
  const length = count + (program.headers === null ? 8 : 14);
  const words = Array.from({ length }, (_, i) => view.getBigUint64(8 * (i + 1), true));
  const strings = words.slice(0, count).map((pointer) => {
    const at = Number(pointer - sp);
    return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
  });
  return { words, strings };
}

Deno.test("initialStack, holds argc, argv, a null pointer, an empty environment and the auxiliary vector", () => {
  for (const argv of [["a"], ["module-hello", "1", "2"], ["x", "", "zwölf", "y".repeat(100)]]) {
    const { words, strings } = read(argv, { top: 0x8000_0000n });
    assertEquals(strings, argv);
    const auxiliary = [6n, 4096n, 9n, 0x401000n, 3n, 0x400040n, 4n, 56n, 5n, 7n, 0n, 0n];
    assertEquals(words.slice(argv.length), [0n, 0n, ...auxiliary]);
  }
});

Deno.test("initialStack, tells nothing of program headers that are not in memory", () => {
  const { words } = read(["a"], { top: 0x8000_0000n, program: { ...PROGRAM, headers: null } });
  assertEquals(words.slice(3, 9), [6n, 4096n, 9n, 0x401000n, 0n, 0n]);
});

Deno.test("initialStack, is aligned to 16 bytes for any number and length of arguments", () => {
  for (let count = 1; count < 10; count++) {
    for (let length = 0; length < 20; length++) {
      read(Array(count).fill("x".repeat(length)), { top: 1n << 48n });
    }
  }
});

Deno.test("initialStack, the strings do not reach into the words", () => {
  const argv = ["first", "second"];
  const { bytes } = initialStack(argv, { top: 0x1000n, program: PROGRAM });
  assertEquals(bytes.indexOf("first".charCodeAt(0), 48), 8 * (1 + 2 + 1 + 1 + 12));
});

Deno.test("initialStack, ends with the random bytes that AT_RANDOM points at", () => {
  const random = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);
  for (const argv of [["a"], ["abc", "defg"]]) {
    const top = 0x8000_0000n;
    const { bytes, sp } = initialStack(argv, { top, program: PROGRAM, random });
    const view = new DataView(bytes.buffer);
    const words = Array.from(
      { length: 14 },
      (_, i) => view.getBigUint64(8 * (argv.length + 3 + i), true),
    );
    assertEquals(words.slice(10), [25n, top - 16n, 0n, 0n]);
    assertEquals(sp + BigInt(bytes.length), top);
    assertEquals(sp % 16n, 0n);
    assertEquals(bytes.slice(-16), random);
    assertEquals(bytes[bytes.length - 17], 0, "no string reaches into them");
  }
});
