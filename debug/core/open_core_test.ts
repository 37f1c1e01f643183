// Core files on disk: large ones, those of processes with many mappings, and whether a file is the
// one that was mapped. What gdb and elfutils read in cores of real programs is compared by
// `deno task oracle`.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InputError } from "../../bytes/mod.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { encodeCore, PF } from "../../elf/mod.ts";
import { elfImage } from "../../elf/testing/elf_image.ts";
import { joinBytes } from "../../util/join_bytes.ts";
import { readWord } from "../../unwind/walk/mod.ts";
import { readCore } from "./core_target.ts";
import { CoreError } from "./errors.ts";
import { openCore } from "./open_core.ts";
import { note, status } from "./testing/core_image.ts";

const folder = Deno.makeTempDirSync({ prefix: "trapline-core-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const STATUS = { owner: "CORE", type: 1, bytes: status(0x1000, 0x2000) };
const PAGE = 4096;

/** A shared object of two pages with a build-id, whose second page says which it is. */
function program(id: number): Uint8Array {
  const own = new ImageBuilder().u32(4).u32(20).u32(3).text("GNU")
    .bytes(...new Uint8Array(20).fill(id)).build();
  const image = elfImage({
    sections: [
      { name: ".note.gnu.build-id", type: 7, address: 0x200, data: own },
      { name: ".text", flags: 6, address: 0x1000, data: new Uint8Array(64) },
    ],
    segments: [{ address: 0, section: 1, memSize: 0x2000 }, {
      type: 4,
      address: 0x200,
      section: 1,
    }],
  });
  const bytes = new Uint8Array(2 * PAGE);
  bytes.set(image);
  // The segment is the whole file, and the notes are where elfImage puts them.
  const view = new DataView(bytes.buffer);
  view.setBigUint64(64 + 8, 0n, true);
  view.setBigUint64(64 + 32, BigInt(bytes.length), true);
  view.setBigUint64(64 + 56 + 16, view.getBigUint64(64 + 56 + 8, true), true);
  bytes.fill(id, PAGE);
  return bytes;
}

const BASE = 0x5555_0000;

/** Of a process with a file of two pages, of which the first is stored. */
function coreOf(file: Uint8Array, name = "/bin/it"): Uint8Array {
  const files = new ImageBuilder().u64(2n).u64(4096n);
  for (const page of [0, 1]) {
    files.u64(BigInt(BASE + page * PAGE)).u64(BigInt(BASE + (page + 1) * PAGE)).u64(BigInt(page));
  }
  files.text(name).text(name);
  const code = PF.read | PF.execute;
  const segment = (page: number, contents: Uint8Array[], flags: number = code) => ({
    address: BigInt(BASE + page * PAGE),
    size: BigInt(PAGE),
    flags,
    contents,
  });
  return encodeCore({
    machine: "x86_64",
    notes: [STATUS, { owner: "CORE", type: 0x46494c45, bytes: files.build() }],
    segments: [
      segment(0, [file.slice(0, PAGE)]),
      segment(1, []),
      segment(2, [], PF.read | PF.write),
      segment(3, []),
    ],
  });
}

Deno.test("readCore, takes memory that is not stored from the file, zeros from where it can be written", () => {
  const { process } = readCore(coreOf(program(7)), { open: () => program(7) });
  const word = (page: number) => readWord(process.memory, BigInt(BASE + page * PAGE + 8));
  assertEquals([1, 2, 3, 4].map(word), [0x0707_0707_0707_0707n, 0n, undefined, undefined]);
  assertEquals(process.modules.modules.map(({ name, bias }) => [name, bias]), [["/bin/it", BASE]]);
  assertStrictEquals(process.modules.modules[0]?.file?.name, "/bin/it");
});

Deno.test("readCore, takes only the file that was mapped, and says what is wrong with another", () => {
  const { process, problems } = readCore(coreOf(program(7)), { open: () => program(8) });
  // Of its code nothing is known but where it is from.
  assertEquals(
    process.modules.modules.map(({ name, start, file, tables }) => [name, start, file, tables]),
    [0, 1].map((page) => ["/bin/it", BASE + page * PAGE, undefined, []]),
  );
  const [is, expected] = [8, 7].map((id) => `0${id}`.repeat(20));
  assertEquals(process.missing, [
    { name: "/bin/it", reason: `has build-id ${is}, expected ${expected}` },
  ]);
  assertEquals(problems.map(({ kind }) => kind), ["mismatch"]);
  assertStrictEquals(readWord(process.memory, BigInt(BASE + PAGE)), undefined);
  // Without a build-id in the core its program headers say as much.
  const bare = program(7);
  bare.fill(0, 0xb0, 0xb0 + 36);
  const other = bare.slice();
  other[64 + 24]! ^= 1;
  const { process: { missing: [missing] } } = readCore(coreOf(bare), { open: () => other });
  assertStrictEquals(
    missing?.reason,
    "has other program headers, expected those in its memory",
  );
  assertEquals(readCore(coreOf(bare), { open: () => bare }).process.missing, []);
});

Deno.test("readCore, a file that was given must be the program's", () => {
  const exe = { name: "mine", content: program(8) };
  const error = assertThrows(() => readCore(coreOf(program(7)), { exe }), CoreError);
  assertEquals([error.kind, error.source, error.expected], ["mismatch", "mine", "07".repeat(20)]);
  const right = { name: "mine", content: program(7) };
  const { process } = readCore(coreOf(program(7), "/gone (deleted)"), { exe: right });
  assertEquals([process.missing, process.modules.modules[0]?.file?.name], [[], "mine"]);
});

Deno.test("readCore, a deleted file is used if what is in its place is the same", () => {
  const asked: string[] = [];
  const read = (id: number) =>
    readCore(coreOf(program(7), "/gone (deleted)"), {
      open(path) {
        asked.push(path);
        return program(id);
      },
    }).process;
  assertEquals([read(7).missing.length, read(8).missing.length], [0, 1]);
  assertEquals(asked, ["/gone", "/gone"]);
});

Deno.test("readCore, a file that was mapped to be read is no module", () => {
  const bytes = coreOf(program(7));
  const view = new DataView(bytes.buffer);
  // Program headers behind that of the notes: nothing is code.
  for (let i = 1; i < 5; i++) view.setUint32(64 + 56 * i + 4, PF.read, true);
  const { process } = readCore(bytes, { open: () => program(7) });
  assertEquals([process.modules.modules, process.missing], [[], []]);
  assertStrictEquals(readWord(process.memory, BigInt(BASE + PAGE)), 0x0707_0707_0707_0707n);
});

Deno.test("openCore, a sparse file of 20 GB costs what is looked at", () => {
  const path = `${folder}/large`;
  const size = 20 * 2 ** 30;
  const at = 0x7000_0000_0000n;
  // Header, notes and a segment of all that follows.
  const core = encodeCore({
    machine: "x86_64",
    notes: [STATUS],
    segments: [{ address: at, size: BigInt(size), flags: 6, contents: [new Uint8Array(PAGE)] }],
  });
  const view = new DataView(core.buffer);
  const offset = view.getBigUint64(64 + 56 + 8, true);
  view.setBigUint64(64 + 56 + 32, BigInt(size), true);
  {
    using file = Deno.openSync(path, { write: true, create: true });
    file.writeSync(core);
    file.truncateSync(Number(offset) + size);
    file.seekSync(Number(offset) + size - PAGE, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(PAGE).fill(3));
  }
  const before = performance.now();
  using target = openCore(path);
  const { memory } = target.process;
  assertStrictEquals(readWord(memory, at + BigInt(size) - 8n), 0x0303_0303_0303_0303n);
  // More places than windows are kept.
  for (let i = 0n; i < 400n; i++) {
    assertStrictEquals(readWord(memory, at + (i << 25n) + 65532n), 0n, `${i}`);
  }
  assertStrictEquals(readWord(memory, at + BigInt(size)), undefined);
  assertEquals(target.problems, []);
  const time = performance.now() - before;
  assert(time < 5000, `${time} ms`);
});

Deno.test("openCore, a file that is cut off says how much is missing, and from where", () => {
  const path = `${folder}/cut`;
  const whole = coreOf(program(7));
  Deno.writeFileSync(path, whole.subarray(0, whole.length - 1000));
  using target = openCore(path, { sysroot: `${folder}/nowhere` });
  const [problem] = target.problems;
  assertEquals([problem?.kind, problem?.source, problem?.offset], [
    "truncated",
    path,
    whole.length - 1000,
  ]);
  assert(problem?.message.includes("1000 more are missing"), problem?.message);
  assertThrows(() => openCore(`${folder}/none`), Deno.errors.NotFound);
  for (const other of ["/dev/null", folder]) {
    assertStrictEquals(assertThrows(() => openCore(other), CoreError).kind, "type");
  }
  assertThrows(() => openCore(path, { exe: `${folder}/none` }), Deno.errors.NotFound);
});

Deno.test("readCore, a core of 70,000 segments in any order (PN_XNUM)", () => {
  const count = 70_000;
  const segments = Array.from({ length: count }, (_, i) => ({
    address: BigInt(0x10_0000 + (i * 7919 % count) * PAGE),
    size: BigInt(PAGE),
    flags: 6,
    contents: i === 5 ? [new Uint8Array(PAGE).fill(9)] : [],
  }));
  const bytes = encodeCore({ machine: "aarch64", notes: [armNote()], segments });
  const { process: { memory } } = readCore(bytes);
  assertStrictEquals(readWord(memory, segments[5]!.address), 0x0909_0909_0909_0909n);
  assertStrictEquals(readWord(memory, segments[6]!.address), 0n);
  assertStrictEquals(readWord(memory, 0x10_0000n + BigInt(count * PAGE)), undefined);
});

function armNote() {
  return { owner: "CORE", type: 1, bytes: new Uint8Array(392) };
}

Deno.test("readCore, hostile numbers cost little and give typed errors or problems", () => {
  // A million program headers that lie in the file's hole, half of them of 2^62 bytes at 2^62.
  const large = new Uint8Array(2 ** 20 * 56 + 4096);
  large.set(encodeCore({ machine: "x86_64", notes: [STATUS], segments: [] }).subarray(0, 64));
  const view = new DataView(large.buffer);
  view.setUint16(56, 0xffff, true);
  view.setBigUint64(40, BigInt(large.length - 64), true);
  view.setUint32(large.length - 64 + 44, 0xffff_ffff, true);
  view.setUint32(64, 1, true);
  view.setBigUint64(64 + 16, 1n << 62n, true);
  view.setBigUint64(64 + 32, 1n << 62n, true);
  for (let size = 56; 64 + 2 * size < large.length - 64; size *= 2) {
    large.copyWithin(64 + size, 64, 64 + size);
  }
  const cases: [string, Uint8Array][] = [["program headers", large]];
  // As many threads as fit, and as many files, none of which is there.
  const many = note(1, status(1, 2));
  const threads = new Uint8Array(many.length * 20_000);
  for (let at = 0; at < threads.length; at += many.length) threads.set(many, at);
  cases.push(["threads", withNotes(threads)]);
  const count = 10_000;
  const files = new ImageBuilder().u64(BigInt(count)).u64(4096n);
  for (let i = 0; i < count; i++) {
    files.u64(BigInt(i * PAGE)).u64(BigInt((i + 1) * PAGE)).u64(0n);
  }
  const names = Array.from({ length: count }, (_, i) => `/f${i}\0`).join("");
  const list = joinBytes([files.build(), new TextEncoder().encode(names)]);
  const head = new ImageBuilder().u32(5).u32(list.length).u32(0x46494c45).text("CORE").align(4);
  const all = joinBytes([Uint8Array.from(many), head.build(), list]);
  cases.push(["files", withNotes(all)]);
  for (const [name, bytes] of cases) {
    const before = performance.now();
    try {
      const { process } = readCore(bytes, { open: () => undefined });
      assert(process.threads.length > 0);
      for (const { registers } of process.threads.slice(0, 100)) void registers.pc;
    } catch (error) {
      assert(error instanceof InputError, `${name}: ${error}`);
    }
    const time = performance.now() - before;
    assert(time < 5000, `${name}: ${time} ms`);
  }
});

function withNotes(notes: Uint8Array): Uint8Array {
  return elfImage({
    type: 4,
    sections: [{ name: "notes", data: notes }],
    segments: [{ type: 4, address: 0, section: 1 }],
  });
}

Deno.test("openCore, leaves out notes at an offset that no file can have", () => {
  const segments = [{ address: 0x1000n, size: 16n, flags: PF.read, contents: [] }];
  const image = encodeCore({ machine: "x86_64", notes: [STATUS], segments });
  const view = new DataView(image.buffer, image.byteOffset);
  const second = Number(view.getBigUint64(32, true)) + 56;
  view.setUint32(second, 4, true);
  view.setBigUint64(second + 8, 2n ** 52n, true);
  view.setBigUint64(second + 32, 16n, true);
  const path = `${folder}/far`;
  Deno.writeFileSync(path, image);
  using core = openCore(path);
  assertEquals(core.process.threads.length, 1);
  assertEquals(core.problems.map((each) => (each as CoreError).kind), ["truncated"]);
});

Deno.test("openCore, reads a bounded number of notes, and says once what it leaves out", () => {
  // Five thousand note segments of a gigabyte of nothing, behind one that is sound.
  const one = note(1, status(1, 2));
  const table = new Uint8Array(64 + 5001 * 56 + one.length);
  table.set(withNotes(Uint8Array.from(one)).subarray(0, 64));
  const view = new DataView(table.buffer);
  view.setBigUint64(32, 64n, true);
  view.setBigUint64(40, 0n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 5001, true);
  view.setUint16(60, 0, true);
  for (let i = 0; i <= 5000; i++) {
    view.setUint32(64 + i * 56, 4, true);
    view.setBigUint64(64 + i * 56 + 8, BigInt(i === 0 ? table.length - one.length : 2 ** 20), true);
    view.setBigUint64(64 + i * 56 + 32, BigInt(i === 0 ? one.length : 2 ** 30), true);
  }
  table.set(one, table.length - one.length);
  const path = `${folder}/nothing`;
  Deno.writeFileSync(path, table);
  const size = 2 ** 21 + 2 ** 30;
  Deno.truncateSync(path, size);
  using core = openCore(path);
  // What it costs is what is read, which hangs on no clock: headers, the sound segment, and of the
  // next one as much as all notes may have.
  const reads: number[] = [];
  const counted = readCore({
    size,
    readAt(offset, into) {
      reads.push(into.length);
      into.set(table.subarray(offset, offset + into.length));
    },
  });
  for (const { process, problems } of [core, counted]) {
    assertEquals(process.threads.length, 1);
    assertEquals(problems.map(({ message }) => message.replace(/ \(.*/, "")), [
      "Notes are left out, expected at most 262144 notes, of 32768 threads",
    ]);
  }
  assertEquals(reads, [64, 5001 * 56, one.length, 2 ** 27 - one.length]);
});

Deno.test("readCore, reads a bounded number of threads", () => {
  const one = note(1, status(1, 2));
  const notes = new Uint8Array(one.length * 40_000);
  for (let at = 0; at < notes.length; at += one.length) notes.set(one, at);
  const { process, problems } = readCore(withNotes(notes));
  assertEquals(process.threads.length, 32768);
  assertEquals(problems.length, 1);
});
