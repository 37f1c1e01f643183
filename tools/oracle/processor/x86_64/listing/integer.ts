/**
 * Arithmetic, logic, moves and exchanges of integers.
 *
 * @module
 */

import { ALL_STATUS, Chapter, data, SIZES, type Snippet, Status, WIDE } from "../snippet.ts";

const { AF, ZF, SF, PF } = Status;
const RAX = 0;
const RDX = 2;

function arithmetic(): Snippet[] {
  const chapter = new Chapter("integer");
  for (const op of ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp", "test"]) {
    const logic = ["or", "and", "xor", "test"].includes(op);
    const flags = logic ? { undefined: AF } : {};
    for (const { suffix, size, a, c } of SIZES) {
      const memory = { operand: data(size), ...flags };
      chapter.add(`${op}${suffix} ${c}, ${a}`, flags);
      chapter.add(`${op}${suffix} $-7, ${c}`, flags);
      chapter.add(`${op}${suffix} ${a}, (%rdi)`, memory);
      chapter.add(`${op}${suffix} $0x5a, (%rdi)`, memory);
      if (op !== "test") chapter.add(`${op}${suffix} (%rdi), ${c}`, memory);
      if (op !== "test" && op !== "cmp") chapter.add(`lock ${op}${suffix} ${a}, (%rdi)`, memory);
    }
  }
  for (const op of ["inc", "dec", "not", "neg"]) {
    for (const { suffix, size, a } of SIZES) {
      chapter.add(`${op}${suffix} ${a}`);
      chapter.add(`${op}${suffix} (%rdi)`, { operand: data(size) });
      chapter.add(`lock ${op}${suffix} (%rdi)`, { operand: data(size) });
    }
  }
  return chapter.snippets;
}

function moves(): Snippet[] {
  const chapter = new Chapter("move");
  for (const { suffix, size, a, c, d } of SIZES) {
    const operand = data(size);
    chapter.add(`mov${suffix} ${c}, ${a}`);
    chapter.add(`mov${suffix} ${a}, (%rdi)`, { operand });
    chapter.add(`mov${suffix} (%rdi), ${a}`, { operand });
    chapter.add(`mov${suffix} $0x5a, (%rdi)`, { operand });
    chapter.add(`xchg${suffix} ${a}, (%rdi)`, { operand });
    chapter.add(`xchg${suffix} ${a}, ${c}`);
    for (const lock of ["", "lock "]) {
      chapter.add(`${lock}xadd${suffix} ${c}, (%rdi)`, { operand });
      chapter.add(`${lock}cmpxchg${suffix} ${c}, (%rdi)`, { operand });
    }
    chapter.add(`xadd${suffix} ${a}, ${c}`);
    chapter.add(`cmpxchg${suffix} ${c}, ${d}`);
  }
  for (const [op, size] of [["movzbl", 1], ["movzwl", 2], ["movsbq", 1], ["movswq", 2]] as const) {
    chapter.add(`${op} (%rdi), %${op.endsWith("q") ? "rax" : "eax"}`, { operand: data(size) });
  }
  chapter.add("movslq (%rdi), %rax", { operand: data(4) });
  chapter.add("movslq %ecx, %rax");
  for (const condition of ["e", "ne", "b", "a", "l", "g", "s", "p", "o"]) {
    chapter.add(`cmov${condition}q (%rdi), %rax`, { operand: data(8) });
    chapter.add(`cmov${condition}l %ecx, %eax`);
    chapter.add(`set${condition} (%rdi)`, { operand: data(1) });
  }
  for (const lock of ["", "lock "]) {
    chapter.add(`${lock}cmpxchg8b (%rdi)`, { operand: data(8) });
    chapter.add(`${lock}cmpxchg16b (%rdi)`, { operand: data(16), requires: "cx16" });
  }
  chapter.all(["bswapl %eax", "bswapq %rax", "leaq 0x123(%rax,%rcx,4), %rdx", "leal (%rax), %edx"]);
  chapter.add("leaq (%rdi), %rax", { operand: data(8) });
  for (const [suffix, size, a] of [["l", 4, "%eax"], ["q", 8, "%rax"]] as const) {
    chapter.add(`movnti ${a}, (%rdi)`, { operand: data(size) });
    chapter.add(`movbe${suffix} ${a}, (%rdi)`, { operand: data(size), requires: "movbe" });
    chapter.add(`movbe${suffix} (%rdi), ${a}`, { operand: data(size), requires: "movbe" });
  }
  chapter.add("movq %gs:(%rdi), %rax", { operand: data(8) });
  chapter.add("movq %rax, %gs:(%rdi)", { operand: data(8) });
  chapter.add("movl (%edi), %eax", { operand: data(4) });
  chapter.all(["prefetcht0 (%rdi)", "nopl (%rdi)", "prefetchw (%rdi)", "clflush (%rdi)"], {
    operand: data(1),
  });
  chapter.add("movq %rax, -8(%rdi)", { operand: data(8) });
  chapter.add("movq (%rbp), %rax", { registers: { 5: 0x8000_0000_0100n } });
  chapter.add("movq (%rsp), %rax", { operand: { kind: "pop", size: 8 } });
  chapter.add("addq %rax, (%rsp)", { operand: { kind: "pop", size: 8 } });
  chapter.all(["cbtw", "cwtl", "cltq", "cwtd", "cltd", "cqto"]);
  return chapter.snippets;
}

function multiplication(): Snippet[] {
  const chapter = new Chapter("multiply", { undefined: SF | ZF | AF | PF });
  for (const op of ["mul", "imul"]) {
    for (const { suffix, size, c } of SIZES) {
      chapter.add(`${op}${suffix} ${c}`);
      chapter.add(`${op}${suffix} (%rdi)`, { operand: data(size) });
    }
  }
  for (const { suffix, size, a, c } of WIDE) {
    chapter.add(`imul${suffix} ${c}, ${a}`);
    chapter.add(`imul${suffix} (%rdi), ${a}`, { operand: data(size) });
    chapter.add(`imul${suffix} $0x5b, (%rdi), ${a}`, { operand: data(size) });
  }
  chapter.all(["mulxq %rcx, %rax, %rbx"], { requires: "bmi2", undefined: 0 });
  return chapter.snippets;
}

function division(): Snippet[] {
  const chapter = new Chapter("divide", { undefined: ALL_STATUS });
  const dividends = [
    { [RAX]: 0x1234n, [RDX]: 0n },
    { [RAX]: 0xffff_ffff_ffff_ff85n, [RDX]: 0xffff_ffff_ffff_ffffn },
    { [RAX]: 0x8000_0000_0000_0000n, [RDX]: 0xffff_ffff_ffff_ffffn, 1: 0xffff_ffff_ffff_ffffn },
    { [RAX]: 0x55n, [RDX]: 0n, 1: 0n },
    {},
  ];
  for (const op of ["div", "idiv"]) {
    for (const { suffix, size, c } of SIZES) {
      for (const registers of dividends) {
        chapter.add(`${op}${suffix} ${c}`, { registers });
        chapter.add(`${op}${suffix} (%rdi)`, { registers, operand: data(size) });
      }
    }
  }
  return chapter.snippets;
}

/** The chapter. */
export function integerSnippets(): Snippet[] {
  return [...arithmetic(), ...moves(), ...multiplication(), ...division()];
}
