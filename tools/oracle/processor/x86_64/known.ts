/**
 * How Trapline's x86-64 is known to differ from processors in user mode.
 *
 * @module
 */

import type { Known, Outcome } from "../differences.ts";

/** Vectors the other processor has come to. */
function theirVector(...vectors: number[]): (ours: Outcome, theirs: Outcome) => boolean {
  return (_ours: Outcome, theirs: Outcome) => vectors.includes(Number(theirs["vector"]));
}

const GP = 13;
const MF = 16;
const AC = 17;
const XM = 19;
const PF = 14;

/** SF of the x87 status word: the stack was empty or full. */
function stackFault(_ours: Outcome, theirs: Outcome): boolean {
  return (parseInt(theirs["fsw"] ?? "0", 16) & 0x40) !== 0;
}

/** Names of the eight x87 registers. */
const STACK = Array.from({ length: 8 }, (_, i) => `st${i}`);

const SSE_CAVEAT = "#XM, #AC and #GP for misaligned SSE operands are not raised";
const X87_CAVEAT = "x87 detects no full or empty stack, sets few of its status flags";
const MMX_CAVEAT = "MMX instructions set the top of the x87 stack before they fault";
const PENDING_CAVEAT = "a pending x87 exception is raised by FWAIT alone";
const UPPER_CAVEAT = "clear the upper half of a register they leave as it is";

/** The differences. */
export const KNOWN: readonly Known[] = [
  {
    name: "alignment of SSE operands",
    cases: /^sse.*\(%rdi\)/,
    when: theirVector(GP),
    caveat: SSE_CAVEAT,
  },
  { name: "#XM", cases: /^sse: .*sse unmasked/, when: theirVector(XM), caveat: SSE_CAVEAT },
  {
    name: "alignment checks",
    cases: /^flags: .*popfq; movl 1/,
    when: theirVector(AC),
    caveat: SSE_CAVEAT,
  },
  {
    name: "exception flags of MXCSR",
    cases: /^(sse|mmx): /,
    fields: ["mxcsr"],
    caveat: "SSE sets no exception flags in MXCSR",
  },
  {
    name: "pending x87 exceptions",
    cases: /^x87: /,
    when: theirVector(MF),
    caveat: PENDING_CAVEAT,
  },
  { name: "x87 stack faults", cases: /^x87: /, when: stackFault, caveat: X87_CAVEAT },
  {
    name: "x87 unmasked exceptions",
    cases: /^x87: .*x87 unmasked/,
    when: (_ours, theirs) => (parseInt(theirs["fsw"] ?? "0", 16) & 0x8000) !== 0,
    caveat: X87_CAVEAT,
  },
  { name: "x87 status flags", cases: /^x87: /, fields: ["fsw"], caveat: X87_CAVEAT },
  {
    name: "x87 transcendental functions",
    cases: /^x87: (f2xm1|fsin|fcos|fsincos|fptan|fpatan|fyl2x|fyl2xp1|fscale|fprem1?) /,
    fields: [...STACK, "ftw"],
    caveat: "transcendental functions have the precision of a double",
  },
  {
    name: "x87 comparisons into flags",
    cases: /^x87: fu?comip? /,
    fields: ["flags"],
    caveat: "FCOMI leaves OF, SF and AF",
  },
  {
    name: "x87 control word",
    cases: /^x87: fldcw /,
    fields: ["fcw"],
    caveat: "FLDCW and LDMXCSR take reserved bits",
  },
  {
    name: "x87 decimals",
    cases: /^x87: (fbld|fbstp) /,
    fields: ["cr2", "memory"],
    caveat: "FBLD and FBSTP begin at the last byte",
  },
  {
    name: "MMX and the x87 stack",
    cases: /^mmx: |^undefined: .byte 0xf, 0x(71|e7)/,
    fields: [...STACK, "fsw", "ftw"],
    caveat: MMX_CAVEAT,
  },
  {
    name: "bytes PUNPCKL reads",
    cases: /^mmx: punpcklbw .* into absent/,
    caveat: "PUNPCKL reads eight bytes in MMX",
  },
  {
    name: "vectors across pages",
    cases: /^sse move: .* (into|out of) /,
    when: theirVector(PF),
    fields: [...Array.from({ length: 16 }, (_, i) => `xmm${i}`), "memory"],
    caveat: "across two pages",
  },
  {
    name: "MASKMOVDQU",
    cases: /^sse move: maskmovdqu /,
    when: theirVector(PF),
    fields: ["cr2"],
    caveat: "MASKMOVDQU faults at the first byte it is to store",
  },
  {
    name: "jumps to non-canonical addresses",
    cases: /^(stack|jump): .*(ret|jmp|call)/,
    when: theirVector(GP),
    caveat: "A jump, call or return to a non-canonical address",
  },
  {
    name: "flags of LOCK NEG",
    cases: /^integer: lock neg/,
    fields: ["flags"],
    caveat: "LOCK NEG computes its flags from the result",
  },
  {
    name: "upper halves of 32-bit destinations",
    cases: /^(move: cmpxchgl %ecx, %edx|bit: bs[fr]l %edx, %eax) /,
    fields: ["rax", "rdx"],
    caveat: UPPER_CAVEAT,
  },
  { name: "CLFLUSH", cases: /^move: clflush /, caveat: "CLFLUSH accesses nothing" },
  {
    name: "a step over PAUSE",
    cases: /^other: pause \| small \| step/,
    caveat: "PAUSE swallows a single step",
  },
  {
    name: "a move of a control register into the next page",
    cases: /^privileged: movq %rax, %cr3 \| 2 of 3 bytes before/,
    caveat: "before its last byte is fetched",
  },
];
