/**
 * Shifts, rotations, and instructions on single bits.
 *
 * @module
 */

import { Chapter, data, type Feature, SIZES, type Snippet, Status, WIDE } from "../snippet.ts";

const { AF, CF, OF, PF, SF } = Status;
const RCX = 1;
/** Features of instructions that are another one without. */
const NEEDED: Readonly<Record<string, Feature>> = {
  tzcnt: "bmi1",
  lzcnt: "abm",
  popcnt: "popcnt",
};
const ROTATIONS = new Set(["rol", "ror", "rcl", "rcr"]);

/** Flags that a shift or rotation by a count leaves undefined. */
function undefinedFlags(op: string, { count, bits }: { count: number; bits: number }): number {
  const masked = count & (bits === 64 ? 63 : 31);
  if (masked === 0) return 0;
  const overflow = masked === 1 ? 0 : OF;
  if (ROTATIONS.has(op)) return overflow;
  return overflow | AF | (op !== "sar" && masked >= bits ? CF : 0);
}

function shifts(): Snippet[] {
  const chapter = new Chapter("shift");
  for (const op of ["rol", "ror", "rcl", "rcr", "shl", "shr", "sar"]) {
    for (const { suffix, size, a } of SIZES) {
      const add = (count: number, text: string, registers = {}) => {
        const options = { undefined: undefinedFlags(op, { count, bits: 8 * size }), registers };
        chapter.add(`${op}${suffix} ${text}${a}`, options);
        chapter.add(`${op}${suffix} ${text}(%rdi)`, { ...options, operand: data(size) });
      };
      add(1, "");
      for (const count of [0, 1, 5, 8, 31, 33]) add(count, `$${count}, `);
      for (const count of [0, 1, 7, 17, 65]) add(count, "%cl, ", { [RCX]: BigInt(count) });
    }
  }
  for (const op of ["shld", "shrd"]) {
    for (const { suffix, size, a, d } of WIDE) {
      for (const count of [0, 1, 5, 9]) {
        const options = { undefined: undefinedFlags(op, { count, bits: 8 * size }) };
        chapter.add(`${op}${suffix} $${count}, ${d}, ${a}`, options);
        chapter.add(`${op}${suffix} $${count}, ${d}, (%rdi)`, { ...options, operand: data(size) });
        const registers = { [RCX]: BigInt(count) };
        chapter.add(`${op}${suffix} %cl, ${d}, (%rdi)`, {
          ...options,
          registers,
          operand: data(size),
        });
      }
    }
  }
  for (const op of ["rorx $7,", "sarx %rcx,", "shlx %rcx,", "shrx %rcx,"]) {
    chapter.add(`${op} %rax, %rdx`, { requires: "bmi2" });
  }
  return chapter.snippets;
}

function bits(): Snippet[] {
  const chapter = new Chapter("bit");
  for (const op of ["bt", "bts", "btr", "btc"]) {
    for (const { suffix, size, a, d } of WIDE) {
      const options = { undefined: OF | SF | AF | PF };
      const memory = { ...options, operand: data(size) };
      chapter.add(`${op}${suffix} ${d}, ${a}`, options);
      chapter.add(`${op}${suffix} $9, ${a}`, options);
      chapter.add(`${op}${suffix} $9, (%rdi)`, memory);
      chapter.add(`${op}${suffix} ${d}, (%rdi)`, { ...memory, registers: { 2: 5n } });
      chapter.add(`${op}${suffix} ${d}, (%rdi)`, { ...memory, registers: { 2: 0x77n } });
      chapter.add(`${op}${suffix} ${d}, (%rdi)`, { ...memory, registers: { 2: -0x77n } });
      if (op !== "bt") chapter.add(`lock ${op}${suffix} $9, (%rdi)`, memory);
    }
  }
  for (const op of ["bsf", "bsr", "tzcnt", "lzcnt", "popcnt"]) {
    const scan = op.startsWith("bs");
    const flags = op === "popcnt" ? 0 : scan ? CF | OF | SF | AF | PF : OF | SF | AF | PF;
    const requires = NEEDED[op];
    const common = { undefined: flags, ...(requires === undefined ? {} : { requires }) };
    for (const { suffix, size, a, d } of WIDE) {
      chapter.add(`${op}${suffix} ${d}, ${a}`, common);
      chapter.add(`${op}${suffix} ${d}, ${a}`, { ...common, registers: { 2: 1n << 14n } });
      chapter.add(`${op}${suffix} (%rdi), ${a}`, { ...common, operand: data(size) });
      // Without a bit to find BSF and BSR leave the register, or give nothing that can be relied
      // on.
      if (!scan) chapter.add(`${op}${suffix} ${d}, ${a}`, { ...common, registers: { 2: 0n } });
    }
  }
  chapter.all(["andnq %rcx, %rdx, %rax", "blsrq %rdx, %rax", "blsiq %rdx, %rax"], {
    requires: "bmi1",
    undefined: AF | PF,
  });
  chapter.all(["pdepq %rcx, %rdx, %rax", "pextq %rcx, %rdx, %rax"], { requires: "bmi2" });
  chapter.add("adcxq %rcx, %rax", { requires: "adx" });
  chapter.add("adoxq %rcx, %rax", { requires: "adx" });
  chapter.add("crc32q %rcx, %rax", { requires: "sse4_2" });
  return chapter.snippets;
}

/** The chapter. */
export function bitSnippets(): Snippet[] {
  return [...shifts(), ...bits()];
}
