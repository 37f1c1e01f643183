/**
 * What user mode may not do, and what is no instruction at all.
 *
 * @module
 */

import { Chapter, data, type Snippet } from "../snippet.ts";

const RDX = 2;

function privileged(): Snippet[] {
  const chapter = new Chapter("privileged");
  chapter.all([
    "hlt",
    "cli",
    "sti",
    "clts",
    "invd",
    "wbinvd",
    "swapgs",
    "sysretq",
    "rdmsr",
    "wrmsr",
  ]);
  chapter.all(["rdpmc", "lmsw %ax", "lldt %ax", "ltr %ax", "sysretl"]);
  for (const n of [0, 2, 3, 4, 8]) {
    chapter.add(`movq %cr${n}, %rax`);
    chapter.add(`movq %rax, %cr${n}`);
  }
  for (const n of [0, 3, 4, 5, 6, 7]) {
    chapter.add(`movq %db${n}, %rax`);
    chapter.add(`movq %rax, %db${n}`);
  }
  chapter.all(["lgdt (%rdi)", "lidt (%rdi)"], { operand: data(10) });
  chapter.all(["lldt (%rdi)", "ltr (%rdi)", "lmsw (%rdi)"], { operand: data(2) });
  chapter.add("invlpg (%rdi)", { operand: data(1) });
  for (const registers of [{}, { [RDX]: 0x60n }]) {
    chapter.all(["inb $0x60, %al", "inl $0x60, %eax", "inw %dx, %ax", "outb %al, $0x60"], {
      registers,
    });
    chapter.all(["outl %eax, %dx"], { registers });
  }
  for (const [suffix, size] of [["b", 1], ["w", 2], ["l", 4]] as const) {
    for (const prefix of ["", "rep "]) {
      const registers = { 1: 3n };
      chapter.add(`${prefix}ins${suffix}`, { operand: { kind: "store-string", size }, registers });
      chapter.add(`${prefix}outs${suffix}`, { operand: { kind: "load-string", size }, registers });
    }
  }
  return chapter.snippets;
}

function tables(): Snippet[] {
  const chapter = new Chapter("tables");
  const forged = { forgedWith: "umip" } as const;
  chapter.all(["sgdt (%rdi)", "sidt (%rdi)"], { operand: data(10), ...forged });
  chapter.all(["sldt (%rdi)", "str (%rdi)", "smsw (%rdi)"], { operand: data(2), ...forged });
  // Selectors that no system's table has: null, beyond its limit, and of the local table.
  for (const selector of [0n, 3n, 0xfffbn, 0xfff8n, 0x7n]) {
    const registers = { 0: selector };
    for (const segment of ["ds", "es", "gs"]) chapter.add(`movw %ax, %${segment}`, { registers });
    chapter.add("movw %ax, %ss", { registers });
    for (const op of ["verr", "verw"]) chapter.add(`${op} %ax`, { registers });
    for (const op of ["lar", "lsl"]) chapter.add(`${op} %eax, %ecx`, { registers });
  }
  chapter.all(["verr (%rdi)", "verw (%rdi)"], { operand: data(2) });
  return chapter.snippets;
}

function interrupts(): Snippet[] {
  const chapter = new Chapter("interrupt");
  chapter.all(["int3", "int $3", "int $0x81", "int $14", "int $13", "int $0x20", "int $8"]);
  chapter.add("nop; int3");
  return chapter.snippets;
}

function undefinedOpcodes(): Snippet[] {
  const chapter = new Chapter("undefined");
  const add = (...bytes: number[]) =>
    chapter.add(`.byte ${bytes.map((byte) => `0x${byte.toString(16)}`).join(", ")}`);
  chapter.all(["ud2", ".byte 0x0f, 0xff, 0xc0", ".byte 0x0f, 0xb9, 0xc0"]);
  for (const opcode of [0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f]) {
    add(opcode);
  }
  for (const opcode of [0x60, 0x61, 0xce, 0xd4, 0xd5, 0xd6]) add(opcode, 0x0a);
  add(0x82, 0xc0, 0x01);
  add(0x9a, 1, 2, 3, 4, 5, 6);
  add(0xea, 1, 2, 3, 4, 5, 6);
  for (const opcode of [0x04, 0x0a, 0x0c, 0x24, 0x25, 0x26, 0x27, 0x36, 0x39, 0x3b, 0x3c]) {
    add(0x0f, opcode, 0xc0);
  }
  for (const opcode of [0x3d, 0x3e, 0x3f, 0x7a, 0x7b, 0xa6, 0xa7]) add(0x0f, opcode, 0xc0);
  for (const n of [1, 5, 6, 7, 9, 15]) {
    const rex = n >= 8 ? [0x44] : [];
    add(...rex, 0x0f, 0x20, 0xc0 | (n & 7) << 3);
    add(...rex, 0x0f, 0x22, 0xc0 | (n & 7) << 3);
  }
  for (const n of [8, 12, 15]) {
    add(0x44, 0x0f, 0x21, 0xc0 | (n & 7) << 3);
    add(0x44, 0x0f, 0x23, 0xc0 | (n & 7) << 3);
  }
  for (const group of [2, 3, 4, 5, 6, 7]) add(0xfe, 0xc0 | group << 3);
  add(0xff, 0xf8);
  add(0xff, 0xd8); // a far call, a far jump of a register
  add(0xff, 0xe8);
  for (const group of [1, 3, 7]) {
    add(0xc6, 0xc0 | group << 3, 0);
    add(0xc7, 0xc0 | group << 3, 0, 0, 0, 0);
  }
  for (const group of [0, 2, 3, 4, 5]) add(0x0f, 0xc7, 0xc0 | group << 3);
  for (const group of [0, 1, 2, 3]) add(0x0f, 0xba, 0xc0 | group << 3, 1);
  for (const group of [0, 1, 3, 5, 7]) add(0x0f, 0x71, 0xc0 | group << 3, 1);
  for (const segment of [1, 6, 7]) add(0x8e, 0xc0 | segment << 3); // to CS, and to none
  for (const segment of [6, 7]) add(0x8c, 0xc0 | segment << 3);
  add(0x8d, 0xc0); // LEA of a register
  add(0x0f, 0x01, 0xe8);
  add(0x0f, 0x00, 0xf0);
  add(0x0f, 0x00, 0xf8);
  for (const modrm of [0xc0, 0xd0, 0xd8]) add(0x0f, 0xae, modrm);
  for (const opcode of [0x13, 0x17, 0x2b, 0xe7]) add(0x0f, opcode, 0xc0); // stores to a register
  // LOCK where there is nothing to lock, and where the operand is a register.
  add(0xf0, 0x90);
  add(0xf0, 0x01, 0xc8);
  add(0xf0, 0x48, 0x87, 0xc8);
  add(0xf0, 0xff, 0xc0);
  for (
    const bytes of [[0x8b, 0x07], [0x89, 0x07], [0x39, 0x07], [0x85, 0x07], [0x03, 0x07], [
      0xd1,
      0x07,
    ], [0x0f, 0xba, 0x27, 1]]
  ) {
    chapter.add(`.byte 0xf0, ${bytes.join(", ")}`, { operand: data(4) });
  }
  for (const n of [15, 14]) add(...Array(n).fill(0x66), 0x90);
  add(...Array(15).fill(0x2e), 0x90);
  return chapter.snippets;
}

function others(): Snippet[] {
  const chapter = new Chapter("other");
  chapter.all(["nop", "pause", "lfence", "mfence", "sfence", "fwait"]);
  const half = 0xffff_ffff_0000_0000n;
  chapter.add("rdtsc", { mask: { 0: half, 2: half } });
  chapter.add("rdtscp", { mask: { 0: half, 1: half, 2: half }, requires: "rdtscp" });
  chapter.add("cpuid", { registers: { 0: 0n }, mask: { 0: half, 1: half, 2: half, 3: half } });
  return chapter.snippets;
}

/** The chapter. */
export function systemSnippets(): Snippet[] {
  return [...privileged(), ...tables(), ...interrupts(), ...undefinedOpcodes(), ...others()];
}
