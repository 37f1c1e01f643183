/**
 * What a case has done, in a form both sides can give, and as texts to compare.
 *
 * @module
 */

import type { Outcome } from "../differences.ts";
import type { Case } from "./cases.ts";
import { ALL_STATUS } from "./snippet.ts";

/** What a processor shows at the end of a case. */
export interface Ended {
  readonly vector: number;
  readonly error: number;
  readonly cr2: bigint;
  readonly rip: bigint;
  readonly rflags: bigint;
  /** By number. */
  readonly registers: readonly bigint[];
  /** FXSAVE image. */
  readonly fp: Uint8Array;
  /** Bytes of memory that are not what they were: address and value. */
  readonly changes: readonly (readonly [bigint, number])[];
  /** How many there are, of which some may not be listed. */
  readonly changeCount: number;
}

/** Names of the general registers by number. */
export const REGISTERS = [
  ...["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"],
  ...["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"],
] as const;

const BREAKPOINT = 3;
const DIVIDE = 0;
const DEBUG = 1;
const PAGE_FAULT = 14;
/** CF to OF, TF, IF, DF, NT, RF, AC and ID. */
const FLAGS = 0x25_4fd5n;
const ALL = 0xffff_ffff_ffff_ffffn;

/** Where the FXSAVE image has what is compared: name, first byte, bytes. */
const FP_FIELDS: readonly (readonly [string, number, number])[] = [
  ["fcw", 0, 2],
  ["fsw", 2, 2],
  ["ftw", 4, 1],
  ["mxcsr", 24, 4],
  ...Array.from({ length: 8 }, (_, i) => [`st${i}`, 32 + 16 * i, 10] as const),
  ...Array.from({ length: 16 }, (_, i) => [`xmm${i}`, 160 + 16 * i, 16] as const),
];

/**
 * Texts of two outcomes of a case: vectors, and all that is not alike. What the manuals leave
 * undefined is left out: flags of instructions that were executed, CR2 without a page fault, and
 * the addresses of the x87 unit's last instruction, which processors of some makers save only with
 * an exception.
 */
export function outcomesOf(each: Case, ours: Ended, theirs: Ended): [Outcome, Outcome] {
  const a = plainFields(each, ours);
  const b = plainFields(each, theirs);
  for (const [name, at, size] of FP_FIELDS) {
    const ourBytes = ours.fp.subarray(at, at + size);
    const theirBytes = theirs.fp.subarray(at, at + size);
    if (ourBytes.every((byte, i) => byte === theirBytes[i])) continue;
    a[name] = reversedHex(ourBytes);
    b[name] = reversedHex(theirBytes);
  }
  return [a, b];
}

function plainFields({ snippet, end }: Case, ended: Ended): Record<string, string> {
  const { vector, error, rip, rflags, changes, changeCount } = ended;
  const executed = vector === BREAKPOINT && rip === end + 1n || vector === DIVIDE ||
    vector === DEBUG;
  const repeated = /^rep(n?e) /.test(snippet.asm) && vector !== BREAKPOINT && vector !== DEBUG;
  // A fault in the middle of a repeated comparison leaves the flags of the last one, or the first.
  const open = repeated ? ALL_STATUS : executed ? snippet.undefined ?? 0 : 0;
  const fields: Record<string, string> = {
    vector: `${vector}`,
    error: hex(BigInt(error)),
    rip: `${rip - end < 0 ? "" : "+"}${rip - end}`,
    flags: hex(rflags & FLAGS & ~BigInt(open)),
    ...(vector === PAGE_FAULT ? { cr2: hex(ended.cr2) } : {}),
    memory: `${changeCount}: ${
      changes.map(([address, value]) => `${hex(address)}=${value.toString(16)}`).join(" ")
    }`,
  };
  ended.registers.forEach((value, i) => {
    fields[REGISTERS[i]!] = hex(value & (executed ? snippet.mask?.[i] ?? ALL : ALL));
  });
  return fields;
}

function hex(value: bigint): string {
  return value.toString(16);
}

function reversedHex(bytes: Uint8Array): string {
  return bytes.toReversed().toHex();
}
