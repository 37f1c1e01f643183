/**
 * Small ELF programs built by hand: headers as a test wants them, right or wrong.
 *
 * @module
 */
import { ELF_MACHINE, type Machine, PF } from "../../elf/mod.ts";

/** A segment to be built. */
export interface SegmentSpec {
  /** Virtual address. */
  readonly address: bigint;
  /** Its bytes in the file. */
  readonly bytes: Uint8Array;
  /** Bytes in memory; default those in the file. */
  readonly memorySize?: bigint;
  /** Any of `rwx`, default `rx`. */
  readonly flags?: string;
  /** `p_type`, default 1 (`PT_LOAD`). */
  readonly type?: number;
  /** Bytes in the file according to the header; default those it has. */
  readonly claimedSize?: bigint;
}

/** A program to be built. */
export interface ProgramSpec {
  /** Machine. */
  readonly machine: Machine;
  /** Segments in file order. */
  readonly segments: readonly SegmentSpec[];
  /** Entry; default the first segment's address. */
  readonly entry?: bigint;
  /** `e_type`, default 2 (executable). */
  readonly type?: number;
  /** Names of empty sections, default none. */
  readonly sections?: readonly string[];
}

const HEADER_SIZE = 64;
const SEGMENT_HEADER_SIZE = 56;
const PAGE = 4096;

/**
 * Builds the file: header, program headers, then each segment's bytes at an offset that suits its
 * address.
 */
export function elfProgram(spec: ProgramSpec): Uint8Array<ArrayBuffer> {
  const { machine, segments, type = 2 } = spec;
  let end = HEADER_SIZE + SEGMENT_HEADER_SIZE * segments.length;
  const offsets = segments.map(({ address, bytes }) => {
    const within = Number(address % BigInt(PAGE));
    const offset = Math.ceil(end / PAGE) * PAGE + within;
    end = offset + bytes.length;
    return offset;
  });
  const file = new Uint8Array(end);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, type, true);
  view.setUint16(18, ELF_MACHINE[machine], true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, spec.entry ?? segments[0]?.address ?? 0n, true);
  view.setBigUint64(32, BigInt(HEADER_SIZE), true);
  view.setUint16(52, HEADER_SIZE, true);
  view.setUint16(54, SEGMENT_HEADER_SIZE, true);
  view.setUint16(56, segments.length, true);
  segments.forEach((segment, i) => {
    const { address, bytes, flags = "rx" } = segment;
    const offset = offsets[i] ?? 0;
    const at = HEADER_SIZE + SEGMENT_HEADER_SIZE * i;
    view.setUint32(at, segment.type ?? 1, true);
    view.setUint32(at + 4, flagBits(flags), true);
    view.setBigUint64(at + 8, BigInt(offset), true);
    view.setBigUint64(at + 16, address, true);
    view.setBigUint64(at + 24, address, true);
    view.setBigUint64(at + 32, segment.claimedSize ?? BigInt(bytes.length), true);
    view.setBigUint64(at + 40, segment.memorySize ?? BigInt(bytes.length), true);
    view.setBigUint64(at + 48, BigInt(PAGE), true);
    file.set(bytes, offset);
  });
  return spec.sections === undefined ? file : withSections(file, spec.sections);
}

const SECTION_HEADER_SIZE = 64;
const PROGBITS = 1;
const STRTAB = 3;

/** The file with a section header table at its end: the null section, the named ones, the names. */
function withSections(file: Uint8Array, names: readonly string[]): Uint8Array<ArrayBuffer> {
  const all = ["", ...names, ".shstrtab"];
  const strings = new TextEncoder().encode(all.map((name) => `${name}\0`).join(""));
  const table = Math.ceil((file.length + strings.length) / 8) * 8;
  const result = new Uint8Array(table + SECTION_HEADER_SIZE * all.length);
  result.set(file);
  result.set(strings, file.length);
  const view = new DataView(result.buffer);
  view.setBigUint64(40, BigInt(table), true);
  view.setUint16(58, SECTION_HEADER_SIZE, true);
  view.setUint16(60, all.length, true);
  view.setUint16(62, all.length - 1, true);
  let name = 0;
  all.forEach((text, i) => {
    const at = table + SECTION_HEADER_SIZE * i;
    const isNames = i === all.length - 1;
    view.setUint32(at, name, true);
    view.setUint32(at + 4, i === 0 ? 0 : isNames ? STRTAB : PROGBITS, true);
    view.setBigUint64(at + 24, BigInt(file.length), true);
    view.setBigUint64(at + 32, BigInt(isNames ? strings.length : 0), true);
    name += text.length + 1;
  });
  return result;
}

function flagBits(flags: string): number {
  return (flags.includes("r") ? PF.read : 0) | (flags.includes("w") ? PF.write : 0) |
    (flags.includes("x") ? PF.execute : 0);
}
