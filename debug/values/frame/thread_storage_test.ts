import { assertEquals } from "@std/assert";
import { ImageBuilder } from "../../../bytes/testing/image_builder.ts";
import { type Machine, parseElf, PT } from "../../../elf/mod.ts";
import { elfImage } from "../../../elf/testing/elf_image.ts";
import { memoryOf, moduleFromElf } from "../../../unwind/walk/mod.ts";
import { threadStorage } from "./thread_storage.ts";

const BIAS = 0x100000n;
const POINTER = 0x7000n;

/** A relocation at 0x2000 of a type, which is what the file says of its thread-local variables. */
function storageOf(
  machine: Machine,
  { type, relocation, words = {} }: {
    readonly type: number;
    readonly relocation?: readonly [type: number, symbol: number, addend: bigint];
    readonly words?: Readonly<Record<string, bigint>>;
  },
): bigint | undefined {
  const [kind = 0, symbol = 0, addend = 0n] = relocation ?? [];
  const entry = new ImageBuilder().u64(0x2000n).u32(kind).u32(symbol).u64(addend).build();
  const file = parseElf(elfImage({
    machine,
    type,
    sections: [
      { name: ".text", address: 0x1000, data: new Uint8Array(16) },
      { name: ".rela.dyn", type: 4, data: entry, entrySize: 24 },
    ],
    segments: [
      { address: 0x1000, section: 1, memSize: 0x2000 },
      // 16 bytes are what its alignment is.
      { type: PT.tls, address: 0x2000, memSize: 0x24 },
    ],
  }));
  const memory = memoryOf(
    Object.entries(words).map(([start, word]) => ({
      start: BigInt(start),
      bytes: new ImageBuilder().u64(word).build(),
    })),
  );
  const module = moduleFromElf(file, { bias: BIAS });
  return threadStorage(module, { machine, pointer: POINTER, memory });
}

Deno.test("threadStorage, a program's own is beside the thread pointer", () => {
  assertEquals(storageOf("x86_64", { type: 2 }), POINTER - 0x30n);
  assertEquals(storageOf("aarch64", { type: 2 }), POINTER + 0x10n);
});

Deno.test("threadStorage, a library's is where its own code looks", () => {
  const number = (machine: Machine) => ({
    type: 3,
    relocation: [machine === "x86_64" ? 16 : 1028, 0, 0n] as const,
  });
  const x86 = { 0x102000: 2n, 0x7008: 0x8000n, 0x8020: 0x9000n };
  assertEquals(storageOf("x86_64", { ...number("x86_64"), words: x86 }), 0x9000n);
  const arm = { 0x102000: 2n, 0x7000: 0x8000n, 0x8020: 0x9000n };
  assertEquals(storageOf("aarch64", { ...number("aarch64"), words: arm }), 0x9000n);
  // This thread has not used it yet.
  const unused = { ...x86, 0x8020: 0xffffffffffffffffn };
  assertEquals(storageOf("x86_64", { ...number("x86_64"), words: unused }), undefined);
  // The linker has written how far a variable, 8 bytes into the block, is from the pointer.
  const offset = { type: 3, relocation: [18, 0, 8n] as const };
  const near = { 0x102000: BigInt.asUintN(64, -0x38n) };
  assertEquals(storageOf("x86_64", { ...offset, words: near }), POINTER - 0x40n);
  assertEquals(storageOf("x86_64", { type: 3 }), undefined);
});
