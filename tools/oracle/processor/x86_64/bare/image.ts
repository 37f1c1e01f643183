/**
 * The memory of a bare machine: the harness, the cases it runs, and what it writes down.
 *
 * @module
 */

import { type ElfFile, parseElf } from "../../../../../elf/mod.ts";
import { outputOf } from "../../../tool.ts";
import type { Case } from "../cases.ts";
import { PAGE, Protection, type Region } from "../layout.ts";

const HERE = new URL(".", import.meta.url).pathname;
/** Where things are in RAM. */
export const HARNESS = 0x10_0000;
/** As {@linkcode HARNESS}. */
export const CASES = 0x18_0000;
/** As {@linkcode HARNESS}. */
export const RESULTS = 0x40_0000;
const TABLES = 0x1_0000;
const ROM = 0xffff_0000;
/** Bytes of the ROM, which ends at 4 GiB. */
const ROM_SIZE = 0x1_0000;

const SECTOR = 512;
const HEADER_SIZE = 16;
const REGION_SIZE = 32;
const CASE_SIZE = 8 * 19;
const STATE = ["cr0", "cr3", "cr4", "cr8", "efer", "dr6", "dr7", "mxcsr", "tr", "gdtr", "idtr"];
const STATE_NAMES = [...STATE, "fs_base"] as const;
const RESULT_SIZE = 8 * (24 + STATE_NAMES.length);
const NO_EXECUTE = 1n << 63n;

/** A case with the privilege it runs at. */
export interface BareCase extends Case {
  /** Whether at CPL 3, not 0. */
  readonly user: boolean;
}

/** What a machine begins with. */
export interface BareMemory {
  /** Where to begin. */
  readonly entry: number;
  /** Bytes at {@linkcode HARNESS}: the harness, and at {@linkcode CASES} the cases. */
  readonly bytes: Uint8Array;
  /** How many cases there are. */
  readonly count: number;
}

const HARNESS_OPTIONS = [
  ...["-O1", "-ffreestanding", "-fno-pic", "-mno-red-zone", "-mgeneral-regs-only"],
  ...["-Wall", "-Wextra", "-Werror"],
];

/** Runs clang or lld. @throws {Error} When it fails. */
function must(tool: string, args: string[]): void {
  if (outputOf(tool, args) !== undefined) return;
  throw new Error(`Cannot build the harness: see ${tool} ${args.join(" ")}`);
}

function link(options: string[], from: string, to: string): void {
  must("ld.lld", [...options, "-e", "_start", from, "-o", to]);
}

/** Builds the harness, and puts the cases behind it. */
export function buildMemory(
  cases: readonly BareCase[],
  options: { regions: readonly Region[]; directory: string },
): BareMemory {
  const { regions, directory } = options;
  const out = `${directory}/harness`;
  const places = [`-DCASES=${CASES}`, `-DRESULTS=${RESULTS}`];
  must("clang", [
    ...["--target=x86_64-none-elf", ...places, ...HARNESS_OPTIONS],
    ...["-c", `${HERE}harness.c`, "-o", `${out}.o`],
  ]);
  link([`-Ttext=0x${HARNESS.toString(16)}`], `${out}.o`, out);
  const elf = parseElf(Deno.readFileSync(out), { name: "the harness" });
  const image = casesImage(cases, regions);
  const bytes = new Uint8Array(CASES - HARNESS + image.length);
  place(elf, bytes.subarray(0, CASES - HARNESS));
  bytes.set(image, CASES - HARNESS);
  return { entry: Number(elf.symbolNamed("_start")?.value), bytes, count: cases.length };
}

/** Builds the ROM that loads this memory from a disk. */
export function buildRom({ entry, bytes }: BareMemory, directory: string): Uint8Array {
  const out = `${directory}/rom`;
  const sectors = Math.ceil(bytes.length / SECTOR);
  const places = [`-DENTRY=${entry}`, `-DTABLES=${TABLES}`, `-DLOAD=${HARNESS}`];
  must("clang", [
    ...["--target=i386-none-elf", ...places, `-DSECTORS=${sectors}`],
    ...["-c", `${HERE}rom.S`, "-o", `${out}.o`],
  ]);
  link(["-m", "elf_i386", `-Ttext=0x${ROM.toString(16)}`], `${out}.o`, out);
  return romBytes(Deno.readFileSync(out));
}

/** Puts the sections of the harness where they belong; `bytes` begin at {@linkcode HARNESS}. */
function place(elf: ElfFile, bytes: Uint8Array): void {
  for (const section of elf.sections) {
    if (!/^[.](text|rodata|data)/.test(section.name)) continue;
    bytes.set(elf.sectionData(section), Number(section.address) - HARNESS);
  }
}

/** The one loaded segment of a 32-bit file: its header says where it is (ELF, 2-1). */
function romBytes(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer);
  const headers = view.getUint32(28, true);
  const bytes = new Uint8Array(ROM_SIZE);
  for (let i = 0; i < view.getUint16(44, true); i++) {
    const at = headers + view.getUint16(42, true) * i;
    const [type, offset, address, , size] = [0, 4, 8, 12, 16].map((n) =>
      view.getUint32(at + n, true)
    );
    if (type !== 1 || address! < ROM) continue;
    bytes.set(file.subarray(offset!, offset! + size!), address! - ROM);
  }
  return bytes;
}

/** What is at {@linkcode CASES}. */
function casesImage(cases: readonly BareCase[], regions: readonly Region[]): Uint8Array {
  const casesAt = HEADER_SIZE + REGION_SIZE * regions.length;
  const contentsAt = Math.ceil((casesAt + CASE_SIZE * cases.length) / PAGE) * PAGE;
  const size = regions.reduce((sum, { bytes }) => sum + bytes.length, contentsAt);
  if (size > RESULTS - CASES) throw new Error(`Cannot place ${size} bytes of cases: too many`);
  const image = new Uint8Array(size);
  const view = new DataView(image.buffer);
  view.setUint32(4, regions.length, true);
  view.setUint32(8, cases.length, true);
  const words = (at: number, values: readonly (bigint | number)[]) =>
    values.forEach((value, i) => view.setBigUint64(at + 8 * i, BigInt(value), true));
  let contents = contentsAt;
  regions.forEach(({ address, protection, bytes }, i) => {
    const flags = 5n | (protection & Protection.WRITE ? 2n : 0n) |
      (protection & Protection.EXECUTE ? 0n : NO_EXECUTE);
    words(HEADER_SIZE + REGION_SIZE * i, [address, bytes.length, flags, CASES + contents]);
    image.set(bytes, contents);
    contents += bytes.length;
  });
  cases.forEach((each, i) =>
    words(casesAt + CASE_SIZE * i, [each.rip, each.rflags, each.user ? 1 : 0, ...each.registers])
  );
  return image;
}

/** What a case has left. */
export interface BareEnded {
  readonly vector: number;
  readonly error: number;
  readonly cr2: bigint;
  readonly rip: bigint;
  readonly rflags: bigint;
  readonly cs: bigint;
  readonly ss: bigint;
  /** General registers by number. */
  readonly registers: readonly bigint[];
  /** System registers by name. */
  readonly state: Readonly<Record<string, bigint>>;
}

/** Bytes of the results of so many cases. */
export function resultsSize(cases: number): number {
  return RESULT_SIZE * cases;
}

/** Reads results; cases that were not come to have none. */
export function readResults(bytes: Uint8Array, cases: number): BareEnded[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Math.min(cases, Math.floor(bytes.length / RESULT_SIZE));
  return Array.from({ length: count }, (_, index) => {
    const word = (i: number) => view.getBigUint64(RESULT_SIZE * index + 8 * i, true);
    return {
      vector: Number(word(0)),
      error: Number(word(1)),
      cr2: word(2),
      rip: word(3),
      rflags: word(4),
      cs: word(5),
      ss: word(6),
      registers: Array.from({ length: 16 }, (_, i) => word(8 + i)),
      state: Object.fromEntries(STATE_NAMES.map((name, i) => [name, word(24 + i)])),
    };
  });
}
