/**
 * What is tried at CPL 0: system registers bit by bit, segments, descriptor tables, returns and
 * interrupts, and page faults of the supervisor; and at CPL 3, what a system hides from its
 * programs.
 *
 * @module
 */

import { systemSnippets } from "../listing/system.ts";
import { Chapter, data, type Operand, type Snippet } from "../snippet.ts";

const RAX = 0;
const RCX = 1;
const RDX = 2;
const NON_CANONICAL = 0x8000_0000_0000n;
const HIGH = 0xffff_8000_0000_1000n;
const CR0 = 0x8001_0033n;
const CR4 = 0x620n;
const GD = 13;

const bits = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function control(): Snippet[] {
  const chapter = new Chapter("control");
  for (const bit of bits(0, 64)) {
    chapter.add("movq %rax, %cr0", { registers: { [RAX]: CR0 ^ 1n << BigInt(bit) } });
    chapter.add("movq %rax, %cr4", { registers: { [RAX]: CR4 ^ 1n << BigInt(bit) } });
    // The bits between are the tables' address.
    if (bit < 12 || bit >= 52) {
      chapter.add(`movq %cr3, %rax; btcq $${bit}, %rax; movq %rax, %cr3`);
    }
    // GD would stop the harness itself.
    const value = 0x400n ^ 1n << BigInt(bit);
    if (bit !== GD) chapter.add("movq %rax, %db7", { registers: { [RAX]: value } });
    chapter.add("movq %rax, %db6", { registers: { [RAX]: 0xffff_0ff0n ^ 1n << BigInt(bit) } });
    chapter.add("movq %rax, %cr8; movq %cr8, %rdx", { registers: { [RAX]: 1n << BigInt(bit) } });
  }
  chapter.add("movq %rax, %cr0", { registers: { [RAX]: CR0 ^ 0x6000_0000n } });
  chapter.add("movq %rax, %cr2; movq %cr2, %rdx", { registers: { [RAX]: NON_CANONICAL } });
  chapter.add("movq %rax, %db0; movq %db0, %rdx", { registers: { [RAX]: NON_CANONICAL } });
  for (const access of ["movq %db0, %rax", "movq %rax, %db1", "movq %db7, %rax"]) {
    chapter.add(`movq %rax, %db7; ${access}`, { registers: { [RAX]: 0x2400n } });
  }
  for (const n of [4, 5]) chapter.add(`movq %db${n}, %rax`);
  chapter.add("movq %cr4, %rax; orq $8, %rax; movq %rax, %cr4; movq %db4, %rax");
  for (const bit of bits(0, 32)) {
    chapter.add("movl %eax, (%rdi); ldmxcsr (%rdi)", {
      operand: data(4),
      registers: { [RAX]: 0x1f80n ^ 1n << BigInt(bit) },
    });
  }
  chapter.all(["clts", "smsw %eax", "wbinvd", "invd"]);
  for (const value of [0x33n, 0x32n, 0xfn, 0x3bn]) {
    chapter.add("lmsw %ax; movq %cr0, %rdx", { registers: { [RAX]: value } });
  }
  for (const text of ["fld1", "fwait", "movaps %xmm1, %xmm0", "emms"]) {
    for (const bit of [2, 3]) {
      chapter.add(`movq %rax, %cr0; ${text}`, { registers: { [RAX]: CR0 | 1n << BigInt(bit) } });
    }
    chapter.add(`movq %rax, %cr4; ${text}`, { registers: { [RAX]: 0x20n } });
  }
  chapter.add("xsetbv", { registers: { [RAX]: 1n, [RCX]: 0n, [RDX]: 0n } });
  return chapter.snippets;
}

function modelSpecific(): Snippet[] {
  const chapter = new Chapter("msr");
  for (const bit of bits(0, 64)) {
    const part = bit < 32 ? `btcl $${bit}, %eax` : `btcl $${bit - 32}, %edx`;
    chapter.add(`rdmsr; ${part}; wrmsr; rdmsr`, { registers: { [RCX]: 0xc000_0080n } });
  }
  const write = (number: bigint, value: bigint) =>
    chapter.add("wrmsr; movl $0, %eax; movl $0, %edx; rdmsr", {
      registers: { [RCX]: number, [RAX]: value & 0xffff_ffffn, [RDX]: value >> 32n },
    });
  const addresses = [0xc000_0082n, 0xc000_0083n, 0xc000_0100n, 0xc000_0101n, 0xc000_0102n];
  for (const number of [...addresses, 0x175n, 0x176n]) {
    for (const value of [0x1234n, HIGH, NON_CANONICAL, 0x1234_5678_9abc_def0n]) {
      write(number, value);
    }
  }
  for (const value of [0n, 0x1b_0008_0000_0000n]) write(0xc000_0081n, value);
  write(0xc000_0084n, 0x4700n);
  write(0x174n, 8n);
  for (const type of [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]) {
    write(0x277n, 0x0007_0406_0007_0400n | type);
    write(0x277n, 0x0007_0406_0007_0406n | type << 56n);
  }
  for (const number of [0x1_2345n, 0xc000_1234n, 0xffff_ffffn]) {
    const registers = { [RCX]: number };
    chapter.add("rdmsr", { registers });
    chapter.add("wrmsr", { registers });
  }
  return chapter.snippets;
}

/** Every selector of the table and a few beyond, with every requested privilege. */
const SELECTORS = [...bits(0, 0x48).filter((n) => (n & 4) === 0), 4, 7, 0xff8, 0xffff];

function segments(): Snippet[] {
  const chapter = new Chapter("segment");
  for (const selector of SELECTORS) {
    const registers = { [RAX]: BigInt(selector) };
    for (const segment of ["ds", "ss", "fs"]) chapter.add(`movw %ax, %${segment}`, { registers });
    for (const op of ["ltr", "lldt", "verr", "verw"]) chapter.add(`${op} %ax`, { registers });
    // Bits 16 to 19 of what LAR gives mean nothing.
    chapter.add("lar %eax, %ecx", { registers, mask: { [RCX]: 0xffff_ffff_fff0_ffffn } });
    chapter.add("lsl %eax, %ecx", { registers });
    chapter.add("pushq %rax; popq %gs", { registers });
    chapter.add("pushq %rax; leaq 1f(%rip), %rdx; pushq %rdx; lretq; 1: nop", {
      registers,
      mask: { [RDX]: 0n },
    });
    chapter.add(iretq({ cs: "%rax", ss: "$0x10" }), { registers, mask: { [RDX]: 0n } });
    chapter.add(iretq({ cs: "$0x08", ss: "%rax" }), { registers, mask: { [RDX]: 0n } });
    chapter.add(iretq({ cs: "$0x23", ss: "%rax" }), { registers, mask: { [RDX]: 0n } });
  }
  chapter.all(["str %eax", "sldt %eax", "swapgs"]);
  for (const op of ["gdt", "idt"]) {
    for (const base of [NON_CANONICAL, 0x1234_0000_0000_0000n]) {
      // Back at once, for whoever takes it.
      const text = `s${op} 32(%rdi); movw $0xff, (%rdi); movq %rax, 2(%rdi); l${op} (%rdi); ` +
        `l${op} 32(%rdi)`;
      chapter.add(text, { operand: data(10), registers: { [RAX]: base } });
    }
    chapter.add(`s${op} (%rdi); l${op} (%rdi)`, { operand: data(10) });
  }
  return chapter.snippets;
}

function iretq({ cs, ss }: { cs: string; ss: string }): string {
  return `movq %rsp, %rdx; pushq ${ss}; pushq %rdx; pushfq; pushq ${cs}; leaq 1f(%rip), %rdx; ` +
    "pushq %rdx; iretq; 1: nop";
}

function transfers(): Snippet[] {
  const chapter = new Chapter("transfer");
  for (const vector of bits(0, 33)) chapter.add(`int $${vector}`);
  chapter.all([
    "int3",
    "int $0xff",
    "sti; nop; cli",
    "pushfq; orq $0x100, (%rsp); popfq; nop; nop",
  ]);
  const star = `movl $0xc0000081, %ecx; xorl %eax, %eax; movl $0x00130008, %edx; wrmsr; `;
  const enable = "movl $0xc0000080, %ecx; rdmsr; orl $1, %eax; wrmsr; ";
  const mask = { [RAX]: 0n, [RCX]: 0n, [RDX]: 0n, 11: 0n };
  chapter.add(`${star}leaq 1f(%rip), %rcx; movl $0x202, %r11d; sysretq; 1: nop`, { mask });
  chapter.add(`${enable}${star}leaq 1f(%rip), %rcx; movl $0x202, %r11d; sysretq; 1: nop`, { mask });
  chapter.add("syscall");
  for (const target of [NON_CANONICAL, 0x3000_2000n, 0x3000_0100n]) {
    for (const text of ["jmp *%rax", "call *%rax", "pushq %rax; ret"]) {
      chapter.add(text, { registers: { [RAX]: target } });
    }
  }
  return chapter.snippets;
}

function memory(): Snippet[] {
  const chapter = new Chapter("memory");
  const operand = (kind: Operand["kind"], size: number): Operand => ({ kind, size });
  chapter.all(["movq (%rdi), %rax", "movq %rax, (%rdi)", "addq %rax, (%rdi)", "lock incq (%rdi)"], {
    operand: data(8),
  });
  chapter.all(["invlpg (%rdi)"], { operand: data(1) });
  chapter.all(["cmpxchg16b (%rdi)"], { operand: data(16) });
  chapter.all(["verr (%rdi)", "ltr (%rdi)", "lldt (%rdi)", "sldt (%rdi)", "str (%rdi)"], {
    operand: data(2),
  });
  chapter.all(["smsw (%rdi)"], { operand: data(2) });
  chapter.all(["sgdt (%rdi)", "sidt (%rdi)"], { operand: data(10) });
  chapter.all(["pushq %rax", "pushfq", "call 1f; 1:"], { operand: operand("push", 8) });
  chapter.all(["popq %rax", "ret"], { operand: operand("pop", 8) });
  chapter.add("rep movsb", { operand: operand("two-strings", 1), registers: { [RCX]: 7n } });
  chapter.add("rep stosq", { operand: operand("store-string", 8), registers: { [RCX]: 7n } });
  return chapter.snippets;
}

/** What is tried at CPL 0. */
export function kernelSnippets(): Snippet[] {
  return [...control(), ...modelSpecific(), ...segments(), ...transfers(), ...memory()];
}

/** What is tried at CPL 3: not what would be another's answer, such as that of a system call. */
export function userSnippets(): Snippet[] {
  return systemSnippets().filter(({ asm }) => !/^(cpuid|rdtsc)/.test(asm));
}
