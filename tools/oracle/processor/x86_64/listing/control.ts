/**
 * The stack, jumps, flags and strings.
 *
 * @module
 */

import { Chapter, data, type Operand, SIZES, type Snippet } from "../snippet.ts";

const RCX = 1;
const RSP = 4;
const DF = 0x400;

function stack(): Snippet[] {
  const push = (size: number): Operand => ({ kind: "push", size });
  const pop = (size: number): Operand => ({ kind: "pop", size });
  const chapter = new Chapter("stack");
  chapter.all(
    ["pushq %rax", "pushq $0x12345", "pushq $-5", "pushfq", "pushq %rsp", "call 1f; 1:"],
    {
      operand: push(8),
    },
  );
  chapter.all(["pushw %ax", "pushfw", "enter $0x20, $0"].slice(0, 2), { operand: push(2) });
  chapter.add("enter $0x20, $0", { operand: push(8) });
  chapter.all(["popq %rax", "popq %rsp", "ret", "ret $0x18", "popfq"], { operand: pop(8) });
  chapter.all(["popw %ax", "popfw"], { operand: pop(2) });
  chapter.add("leave", { registers: { 5: 0x3001_0800n } });
  chapter.add("leave", { registers: { 5: 0x8000_0000_0000n } });
  chapter.add("leave", { registers: { 5: 0x3000_2800n } });
  chapter.all(["pushq (%rdi)", "popq (%rdi)", "call *(%rdi)", "jmp *(%rdi)"], { operand: data(8) });
  chapter.all(["pushw (%rdi)", "popw (%rdi)"], { operand: data(2) });
  chapter.all(["pushq (%rdi)", "call *(%rdi)", "popq (%rdi)"], {
    operand: data(8),
    registers: { [RSP]: 0x3000_2804n },
  });
  chapter.add("pushq %rax; popq %rcx; pushq %rdx; popfq", { flags: 0x8d5 });
  return chapter.snippets;
}

function jumps(): Snippet[] {
  const chapter = new Chapter("jump");
  for (const condition of ["e", "ne", "b", "be", "l", "le", "s", "p", "o"]) {
    chapter.add(`j${condition} 1f; nop; nop; 1: nop`);
  }
  chapter.all(["jmp 1f; nop; 1: nop", "loop 1f; nop; 1: nop", "loope 1f; nop; 1: nop"]);
  chapter.add("jrcxz 1f; nop; 1: nop", { registers: { [RCX]: 0n } });
  chapter.add("jecxz 1f; nop; 1: nop", { registers: { [RCX]: 1n << 32n } });
  chapter.add("1: decq %rcx; jnz 1b", { registers: { [RCX]: 9n } });
  const targets = [0x3000_2000n, 0x3000_0100n, 0x8000_0000_0000n, 0xffff_8000_0000_0100n];
  for (const target of targets) {
    chapter.add("jmp *%rax", { registers: { 0: target } });
    chapter.add("call *%rax", { registers: { 0: target } });
    chapter.add("pushq %rax; ret", { registers: { 0: target } });
  }
  return chapter.snippets;
}

function flags(): Snippet[] {
  const chapter = new Chapter("flags");
  chapter.all(["clc", "stc", "cmc", "cld", "std", "lahf", "sahf", "salc"].slice(0, 7));
  // AC, ID, DF and the status flags; IF, IOPL, VIF and VIP stay as they are.
  for (const value of [0x8d5n, 0x40n, 0x400n, 0x20_0000n, 0x3000n, 0x200n]) {
    chapter.add("pushq %rax; popfq; cld; pushfq; popq %rdx", { registers: { 0: value } });
  }
  chapter.add("pushq %rax; popfq; nop; nop", { registers: { 0: 0x100n } });
  chapter.add("pushq %rax; popfq; movl 1(%rdi), %eax; nop", {
    registers: { 0: 0x4_0000n, 7: 0x3000_0100n },
  });
  return chapter.snippets;
}

function strings(): Snippet[] {
  const chapter = new Chapter("string");
  const ops = [
    ["movs", "two-strings", ["", "rep "]],
    ["cmps", "two-strings", ["", "repe ", "repne "]],
    ["stos", "store-string", ["", "rep "]],
    ["lods", "load-string", ["", "rep "]],
    ["scas", "store-string", ["", "repe ", "repne "]],
  ] as const;
  for (const [op, kind, prefixes] of ops) {
    for (const { suffix, size } of SIZES) {
      for (const prefix of prefixes) {
        for (const down of [0, DF]) {
          const options = { operand: { kind, size }, flags: down };
          const counts = prefix === "" ? [7n] : [7n, 0n];
          for (const count of counts) {
            chapter.add(`${prefix}${op}${suffix}`, { ...options, registers: { [RCX]: count } });
          }
        }
      }
    }
  }
  chapter.add("xlatb", { registers: { 3: 0x3000_0180n } });
  chapter.add("xlatb", { registers: { 3: 0x3000_2180n } });
  chapter.add("xlatb", { registers: { 3: 0x8000_0000_0180n } });
  return chapter.snippets;
}

/** The chapter. */
export function controlSnippets(): Snippet[] {
  return [...stack(), ...jumps(), ...flags(), ...strings()];
}
