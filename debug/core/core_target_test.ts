import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { InputError } from "../../bytes/mod.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { loadSegments, parseElf } from "../../elf/mod.ts";
import { elfImage } from "../../elf/testing/elf_image.ts";
import { backtrace } from "../../unwind/walk/mod.ts";
import { walkInput } from "../target/mod.ts";
import { type CoreProcess, readCore } from "./core_target.ts";
import { CoreError } from "./errors.ts";
import {
  armStatus,
  BIAS,
  coreImage,
  fileList,
  library,
  note,
  object,
  STACK,
  status,
  VDSO,
} from "./testing/core_image.ts";
import { LIBRARY_BIAS, LINKED_BIAS, linkedCore, linkedProgram } from "./testing/linked_core.ts";
import { processInfo, saveArea, vectorCore } from "./testing/vector_core.ts";

const open = (path: string) => path === "/lib/a.so" ? library() : undefined;

function read(bytes: Uint8Array) {
  return readCore(bytes, { open });
}

function kindOf(bytes: Uint8Array): string {
  return assertThrows(() => read(bytes), InputError).kind;
}

function names({ missing }: CoreProcess): string[] {
  return missing.map(({ name }) => name);
}

Deno.test("readCore, gives the first thread's registers, the memory and the modules", () => {
  const { process, problems } = read(coreImage());
  const { threads: [thread], memory, modules } = process;
  const { registers } = thread!;
  assertEquals([registers.pc, registers.sp], [BigInt(BIAS + 0x1004), BigInt(STACK)]);
  assertEquals(registers.get(3), 0xb0bn);
  assertEquals(memory.window(BigInt(STACK))?.bytes.length, 16);
  assertStrictEquals(memory.window(0x1234n), undefined);
  assertEquals(modules.modules.map((each) => [each.name, each.bias]), [
    ["/lib/a.so", BIAS],
    ["[vdso]", VDSO],
  ]);
  assertEquals(process.missing, [{ name: "/data", reason: "cannot be opened" }]);
  assertEquals(problems, []);
});

Deno.test("readCore, gives what a walk starts from", () => {
  const { process } = read(coreImage());
  const { frames, end, error } = backtrace(walkInput(process), process.walk);
  assertStrictEquals(error, undefined);
  assertEquals(frames.map((each) => [each.module?.name, each.pc]), [
    ["/lib/a.so", BigInt(BIAS + 0x1004)],
    ["[vdso]", BigInt(VDSO + 0x1001)],
  ]);
  assertEquals(end, "return-address-zero");
});

Deno.test("readCore, goes without files that cannot be used", () => {
  // No ELF file, and as short as no mapped file can be.
  const { process } = readCore(coreImage(), { open: () => new Uint8Array(8) });
  assertEquals(process.missing, [
    { name: "/lib/a.so", reason: "has 8 bytes, expected more than 4096, where a mapping begins" },
  ]);
  assertEquals(process.modules.modules.length, 1);
  const notes = [
    ...note(1, status(1, 2)),
    ...note(0x46494c45, fileList(BIAS + 0x1000)),
  ];
  const overlapping = readCore(coreImage({ notes }), { open: () => library() });
  assertEquals(names(overlapping.process), ["/data"]);
});

Deno.test("readCore, takes a second mapping of a first page for the same file", () => {
  const notes = [...note(1, status(1, 2)), ...note(0x46494c45, fileList(0x6666_0000, 0n))];
  const { process } = readCore(coreImage({ notes }), { open });
  assertEquals(names(process), ["/data"]);
  assertEquals(process.modules.modules.map((each) => each.bias), [BIAS]);
});

Deno.test("readCore, reads the registers of AArch64, and those of every thread", () => {
  const tls = new ImageBuilder().u64(0x7777n).u64(0n).build();
  const mask = new ImageBuilder().u64(0x7f_8000_0000_0000n).u64(0x7f_8000_0000_0000n).build();
  const vectors = Uint8Array.from({ length: 528 }, (_, i) => i & 0xff);
  const notes = [
    ...note(1, armStatus(0x1234, 0x5678)),
    ...note(2, vectors),
    ...note(0x401, tls, "LINUX"),
    ...note(0x406, mask, "LINUX"),
    ...note(1, armStatus(0x4321, 0x8765)),
  ];
  const { process } = read(coreImage({ machine: "aarch64", notes }));
  const [first, second] = process.threads;
  assertEquals(process.threads.map((each) => [each.registers.pc, each.registers.sp]), [
    [0x1234n, 0x5678n],
    [0x4321n, 0x8765n],
  ]);
  for (let i = 0; i < 31; i++) assertEquals(first?.registers.get(i), BigInt(i));
  assertEquals([first?.threadPointer, second?.threadPointer], [0x7777n, undefined]);
  assertEquals([first?.vector(64), first?.vector(95)], [
    vectors.slice(0, 16),
    vectors.slice(496, 512),
  ]);
  assertEquals([first?.vector(96), first?.vector(17), second?.vector(64)], [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(process.walk, { redZone: 0, addressBits: 47 });
  assertEquals(read(coreImage()).process.threads.map(({ id, signal }) => [id, signal]), [
    [77, 11],
    [77, 11],
  ]);
});

Deno.test("readCore, reads vectors out of an SVE note where there is no other", () => {
  const vectors = (flags: number, length: number, size: number, plain?: Uint8Array) => {
    const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7 & 0xff);
    const view = new DataView(bytes.buffer);
    view.setUint16(8, length, true);
    view.setUint16(12, flags, true);
    const notes = [
      ...note(1, armStatus(0x401004, STACK)),
      ...note(0x405, bytes, "LINUX"),
      ...(plain === undefined ? [] : note(2, plain)),
    ];
    const [thread] = read(coreImage({ machine: "aarch64", notes })).process.threads;
    return [[0, 1, 31].map((each) => thread?.vector(64 + each)), bytes] as const;
  };
  const at = (bytes: Uint8Array, ...offsets: number[]) =>
    offsets.map((each) => bytes.slice(each, each + 16));
  const [scalable, whole] = vectors(1, 32, 16 + 34 * 32);
  assertEquals(scalable, at(whole, 16, 16 + 32, 16 + 31 * 32));
  const [fixed, short] = vectors(0, 32, 16 + 33 * 16);
  assertEquals(fixed, at(short, 16, 32, 16 + 31 * 16));
  const plain = Uint8Array.from({ length: 528 }, (_, i) => i * 3 & 0xff);
  assertEquals(vectors(1, 32, 16 + 34 * 32, plain)[0], at(plain, 0, 16, 31 * 16));
  assertEquals(vectors(1, 0, 16 + 34 * 32)[0], [undefined, undefined, undefined]);
  const [cut, bytes] = vectors(1, 32, 80);
  assertEquals(cut, [...at(bytes, 16, 48), undefined]);
  assertEquals(vectors(1, 32, 15)[0][0], undefined);
});

Deno.test("readCore, reads vector registers out of an area of XSAVE, as wide as they are in use", () => {
  const save = saveArea();
  const vectors = (bytes: Uint8Array, layout?: Uint8Array) => {
    const [thread] = readCore(vectorCore({ save: bytes, ...(layout && { layout }) }), { open })
      .process.threads;
    return (register: number) => thread?.vector(register);
  };
  const all = vectors(save);
  assertEquals(
    all(18),
    Uint8Array.from([
      ...save.slice(176, 192),
      ...save.slice(592, 608),
      ...save.slice(1184, 1216),
    ]),
  );
  assertEquals(all(33), save.slice(32, 42));
  assertEquals(all(68), save.slice(1728, 1792));
  // AVX enabled and not used: its halves are zero. No AVX-512: there are no more.
  const plain = vectors(saveArea({ size: 832, enabled: 7, used: 3 }));
  assertEquals(plain(17)?.length, 32);
  assertEquals(plain(17)?.slice(16), new Uint8Array(16));
  assertStrictEquals(plain(67), undefined);
  const amd = saveArea({ size: 2440 });
  assertEquals(vectors(amd)(67), amd.slice(1408, 1472));
  // What the kernel says of the layout counts.
  const layout = new ImageBuilder().u32(2).u32(256).u32(700).u32(0).u32(7).u32(1024).u32(1000)
    .u32(0).build();
  const told = vectors(save, layout);
  assertEquals(told(17)?.slice(16, 32), save.slice(700, 716));
  assertEquals(told(17)?.length, 32);
  assertEquals(told(67), save.slice(1000, 1064));
  // Without any, what FXSAVE has.
  assertEquals(vectors(new Uint8Array(8))(17), undefined);
});

Deno.test("readCore, tells name, arguments and what ended the process", () => {
  const { process } = readCore(vectorCore(), { open });
  assertEquals([process.id, process.name, process.commandLine], [
    77,
    "program",
    "./program --fast",
  ]);
  assertEquals(process.signal, { number: 11, code: 1, address: 0x10n });
  assertEquals(read(coreImage()).process.signal, { number: 11 });
  // A signal that another process sent has no address, nor one of a fault without any (SI_KERNEL).
  for (const [number, code] of [[6, -6], [11, 0x80]] as const) {
    const sent = new ImageBuilder().u32(number).u32(0).u32(code >>> 0).u32(0).u64(0x10n).build();
    const notes = [
      ...note(1, status(1, 2)),
      ...note(0x53494749, sent),
      ...note(3, processInfo("a name of 16 ch.", "")),
    ];
    const other = read(coreImage({ notes })).process;
    assertEquals([other.signal, other.name], [{ number, code }, "a name of 16 ch."]);
  }
});

Deno.test("readCore, finds a file whose first page is not mapped", () => {
  const notes = [...note(1, status(1, 2)), ...note(0x46494c45, fileList(0x6666_0000, 1n, 1n))];
  const code = elfImage({
    sections: [{ name: ".text", flags: 6, address: 0x7000, data: new Uint8Array(0x3000) }],
    segments: [{ address: 0x7000, section: 1 }],
  });
  const [{ offset } = { offset: 0 }] = loadSegments(parseElf(code));
  const { process } = readCore(coreImage({ notes }), {
    open: (path) => path === "/lib/a.so" ? code : undefined,
  });
  // The mapping begins at the file's second page, which the segment has at this address.
  const second = 0x7000 + 0x1000 - Math.floor(offset / 4096) * 4096;
  assertEquals(process.modules.modules.map((each) => each.bias), [BIAS - second]);
});

Deno.test("readCore, finds files by the dynamic linker's list where the core has none", () => {
  const files: Record<string, Uint8Array> = {
    "/bin/program": linkedProgram(),
    "/lib/b.so": object(),
  };
  const { process, problems } = readCore(linkedCore(), { open: (path) => files[path] });
  assertEquals(process.modules.modules.map(({ name, bias }) => [name, bias]), [
    ["/bin/program", LINKED_BIAS],
    ["/lib/b.so", LIBRARY_BIAS],
  ]);
  assertEquals([process.missing, problems], [[], []]);
  // The core does not store code: it is the file's.
  const code = process.memory.window(BigInt(LINKED_BIAS + 0x1000));
  assertEquals(code?.bytes, new Uint8Array(64));
  // The program may be somewhere else, and its dynamic section is then found by its file.
  const exe = { name: "elsewhere", content: linkedProgram("aarch64") };
  const given = readCore(linkedCore({ machine: "aarch64" }), {
    exe,
    open: (path) => path === "/lib/b.so" ? object() : undefined,
  });
  assertEquals(names(given.process), ["/lib/b.so"]);
  assertEquals(given.process.missing[0]?.reason, "is for x86_64, expected aarch64");
  const none = readCore(linkedCore(), {});
  assertEquals(none.process.missing, [{ name: "/bin/program", reason: "cannot be opened" }]);
  assertEquals(none.process.threads.length, 1);
});

Deno.test("readCore, refuses what is no core file", () => {
  assertEquals(kindOf(coreImage({ type: 3 })), "type");
  assertEquals(kindOf(coreImage({ notes: [] })), "registers");
  const error = assertThrows(() => read(coreImage({ type: 2 })), CoreError);
  assertEquals([error.offset, error.expected], [16, "a core file"]);
  assertEquals(kindOf(coreImage().slice(0, 70)), "segments");
  assertEquals(kindOf(new Uint8Array(3)), "magic");
});

Deno.test("readCore, notices notes that are cut off", () => {
  assertEquals(kindOf(coreImage({ notes: note(1, new Uint8Array(100)) })), "note");
  assertEquals(kindOf(coreImage({ notes: note(1, status(1, 2)).slice(0, 100) })), "note");
  // With a thread, the rest is done without.
  const problem = (content: Uint8Array) => {
    const notes = [...note(1, status(1, 2)), ...note(0x46494c45, content)];
    const { problems: [first] } = read(coreImage({ notes }));
    assertInstanceOf(first, CoreError);
    return first.message;
  };
  assert(problem(new Uint8Array(8)).startsWith("List of files has 8 bytes"));
  const many = new ImageBuilder().u64(1n << 60n).u64(4096n).build();
  assert(problem(many).startsWith(`List of files has ${1n << 60n} mappings`));
});

Deno.test("readCore, a core that is cut off has what is left of it, and says what is missing", () => {
  const whole = coreImage();
  const [, stack] = parseElf(whole).segments;
  const end = stack!.offset + 8;
  const { process, problems: [problem] } = read(whole.slice(0, end));
  assertEquals([problem?.kind, problem?.offset], ["truncated", end]);
  assertEquals(process.memory.window(BigInt(STACK))?.bytes.length, 8);
  assertStrictEquals(process.memory.window(BigInt(STACK + 8)), undefined);
  assertEquals(process.modules.modules.map(({ name }) => name), ["/lib/a.so"]);
  assertEquals(names(process), ["/data", "[vdso]"]);
  // Without the table behind it, notes are still where they were.
  assertEquals(process.threads.length, 2);
});

Deno.test("readCore, ends with a typed error or a core file whatever one byte is", () => {
  const sound = coreImage();
  let refused = 0;
  for (let at = 0; at < sound.length; at++) {
    const bytes = sound.slice();
    bytes[at] = bytes[at] === 0 ? 0xff : 0;
    try {
      const { process } = read(bytes);
      backtrace(walkInput(process), process.walk);
    } catch (error) {
      assertInstanceOf(error, InputError, `${at}: ${error}`);
      refused++;
    }
  }
  assert(refused > 40, `${refused}`);
});
