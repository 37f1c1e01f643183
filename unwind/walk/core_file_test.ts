import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { InputError } from "../../bytes/mod.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { CoreError } from "../errors.ts";
import { loadSegments, parseElf } from "../../elf/mod.ts";
import { elfImage } from "../../elf/testing/elf_image.ts";
import {
  armStatus,
  BIAS,
  coreImage,
  fileList,
  note,
  object,
  STACK,
  status,
  VDSO,
} from "../testing/core_image.ts";
import { readCore } from "./core_file.ts";
import { backtrace } from "./walk.ts";

function read(bytes: Uint8Array) {
  return readCore(bytes, { file: (path) => path === "/lib/a.so" ? object() : undefined });
}

function kindOf(bytes: Uint8Array): string {
  return assertThrows(() => read(bytes), InputError).kind;
}

Deno.test("readCore, gives the first thread's registers, the memory and the modules", () => {
  const { registers, memory, modules, missing } = read(coreImage());
  assertEquals([registers.pc, registers.sp], [BigInt(BIAS + 0x1004), BigInt(STACK)]);
  assertEquals(registers.get(3), 0xb0bn);
  assertEquals(memory.window(BigInt(STACK))?.bytes.length, 16);
  assertStrictEquals(memory.window(0x1234n), undefined);
  assertEquals(modules.modules.map((each) => [each.name, each.bias]), [
    ["/lib/a.so", BIAS],
    ["[vdso]", VDSO],
  ]);
  assertEquals(missing, ["/data"]);
});

Deno.test("readCore, gives what a walk starts from", () => {
  const { frames, end, error } = backtrace(read(coreImage()));
  assertStrictEquals(error, undefined);
  assertEquals(frames.map((each) => [each.module?.name, each.pc]), [
    ["/lib/a.so", BigInt(BIAS + 0x1004)],
    ["[vdso]", BigInt(VDSO + 0x1001)],
  ]);
  assertEquals(end, "return-address-zero");
});

Deno.test("readCore, goes without files that cannot be used", () => {
  const { missing, modules } = readCore(coreImage(), { file: () => new Uint8Array(8) });
  assertEquals(missing, ["/lib/a.so", "/data"]);
  assertEquals(modules.modules.length, 1);
  const notes = [
    ...note(1, status(1, 2)),
    ...note(0x46494c45, fileList(BIAS + 0x1000)),
  ];
  const overlapping = readCore(coreImage({ notes }), { file: () => object() });
  assertEquals(overlapping.missing, ["/data"]);
});

Deno.test("readCore, takes a second mapping of a first page for the same file", () => {
  const notes = [...note(1, status(1, 2)), ...note(0x46494c45, fileList(0x6666_0000, 0n))];
  const { missing, modules } = readCore(coreImage({ notes }), {
    file: (path) => path === "/lib/a.so" ? object() : undefined,
  });
  assertEquals(missing, ["/data"]);
  assertEquals(modules.modules.map((each) => each.bias), [BIAS]);
});

Deno.test("readCore, reads the registers of AArch64, and those of every thread", () => {
  const notes = [...note(1, armStatus(0x1234, 0x5678)), ...note(1, armStatus(0x4321, 0x8765))];
  const { threads, registers } = read(coreImage({ machine: "aarch64", notes }));
  assertStrictEquals(threads[0]?.registers, registers);
  assertEquals(threads.map((each) => [each.registers.pc, each.registers.sp]), [
    [0x1234n, 0x5678n],
    [0x4321n, 0x8765n],
  ]);
  for (let i = 0; i < 31; i++) assertEquals(registers.get(i), BigInt(i));
  assertEquals(read(coreImage()).threads.map(({ id, signal }) => [id, signal]), [
    [77, 11],
    [77, 11],
  ]);
});

Deno.test("readCore, finds a file whose first page is not mapped", () => {
  const notes = [...note(1, status(1, 2)), ...note(0x46494c45, fileList(0x6666_0000, 1n, 1n))];
  const code = elfImage({
    sections: [{ name: ".text", flags: 6, address: 0x7000, data: new Uint8Array(0x3000) }],
    segments: [{ address: 0x7000, section: 1 }],
  });
  const [{ offset } = { offset: 0 }] = loadSegments(parseElf(code));
  const { modules } = readCore(coreImage({ notes }), {
    file: (path) => path === "/lib/a.so" ? code : undefined,
  });
  // The mapping begins at the file's second page, which the segment has at this address.
  const second = 0x7000 + 0x1000 - Math.floor(offset / 4096) * 4096;
  assertEquals(modules.modules.map((each) => each.bias), [BIAS - second]);
});

Deno.test("readCore, refuses what is no core file", () => {
  assertEquals(kindOf(coreImage({ type: 3 })), "type");
  assertEquals(kindOf(coreImage({ notes: [] })), "registers");
  assertInstanceOf(assertThrows(() => read(coreImage({ type: 2 }))), CoreError);
});

Deno.test("readCore, notices notes that are cut off", () => {
  assertEquals(kindOf(coreImage({ notes: note(1, new Uint8Array(100)) })), "note");
  assertEquals(kindOf(coreImage({ notes: note(1, status(1, 2)).slice(0, 100) })), "note");
  assertEquals(kindOf(coreImage({ notes: note(0x46494c45, new Uint8Array(8)) })), "note");
  const many = new ImageBuilder().u64(1n << 60n).u64(4096n).build();
  assertEquals(kindOf(coreImage({ notes: note(0x46494c45, many) })), "note");
});

Deno.test("readCore, ends with a typed error or a core file whatever one byte is", () => {
  const sound = coreImage();
  let refused = 0;
  for (let at = 0; at < sound.length; at++) {
    for (const value of [0, 0xff]) {
      const bytes = sound.slice();
      bytes[at] = value;
      try {
        backtrace(read(bytes));
      } catch (error) {
        assertInstanceOf(error, InputError, `${at}: ${error}`);
        refused++;
      }
    }
  }
  assertEquals(refused > 100, true, `${refused}`);
});
