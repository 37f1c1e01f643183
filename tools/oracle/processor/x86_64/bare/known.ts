/**
 * How Trapline's x86-64 is known to differ from Bochs on a bare machine.
 *
 * @module
 */

import type { Known, Outcome } from "../../differences.ts";

/** Whether the other processor raises #GP. */
function theirProtection(_ours: Outcome, theirs: Outcome): boolean {
  return theirs["vector"] === "13";
}

/** The differences. */
export const KNOWN: readonly Known[] = [
  {
    name: "CR8",
    cases: /^CPL 0 control: movq %rax, %cr8/,
    fields: ["cr8", "rdx"],
    caveat: "CR8 keeps nothing",
  },
  {
    name: "reserved bits of CR0",
    cases: /^CPL 0 control: movq %rax, %cr0/,
    fields: ["cr0"],
    caveat: "CR0, DR6 and DR7 keep reserved bits",
  },
  {
    name: "reserved bits of DR6 and DR7",
    cases: /^CPL 0 control: movq %rax, %db[67] /,
    fields: ["dr6", "dr7"],
    caveat: "CR0, DR6 and DR7 keep reserved bits",
  },
  {
    name: "reserved bits of CR3",
    cases: /^CPL 0 control: movq %cr3, %rax; btcq/,
    when: theirProtection,
    caveat: "Reserved bits of CR3 are ignored",
  },
  {
    name: "SMEP",
    cases: /^CPL 0 control: movq %rax, %cr4 r0=0x100620/,
    manual: "SDM vol. 3, 2.5: there is CR4.SMEP where CPUID says so, which Bochs's model does not",
  },
  {
    name: "RF of a general-detect exception",
    cases: /^CPL 0 control: movq %rax, %db7; .* r0=0x2400 \| distinct/,
    fields: ["flags"],
    manual: "SDM vol. 3, 17.3.1.1: RF is set for faults that are no instruction breakpoints",
  },
  {
    name: "reserved bits of MXCSR",
    cases: /^CPL 0 control: .*ldmxcsr/,
    when: theirProtection,
    caveat: "FLDCW and LDMXCSR take reserved bits",
  },
  {
    name: "EFER.FFXSR",
    cases: /^CPL 0 msr: rdmsr; btcl .14, /,
    manual: "AMD64 APM vol. 2, 3.1.7: without the feature, which Bochs's model has, it is reserved",
  },
  {
    name: "null selectors in SS",
    cases: /^CPL 0 segment: movw %ax, %ss /,
    when: theirProtection,
    caveat: "SS takes a null selector with another RPL than the CPL",
  },
  {
    name: "bases of LGDT and LIDT",
    cases: /^CPL 0 segment: s[gi]dt 32/,
    when: theirProtection,
    caveat: "LGDT and LIDT take a base that is not canonical",
  },
  {
    name: "jumps to non-canonical addresses",
    cases: /^CPL 0 (transfer: (jmp|call|pushq %rax; ret)|memory: ret )/,
    when: theirProtection,
    caveat: "A jump, call or return to a non-canonical address",
  },
  {
    name: "DR6 after a refused step",
    cases: /^CPL (0 transfer: syscall|3 privileged: (in|out)).* step/,
    fields: ["dr6"],
    caveat: "A step that ends in a refused port access or `syscall` sets DR6.BS",
  },
  {
    name: "a step over PAUSE",
    cases: /^CPL 3 other: pause .* step/,
    caveat: "PAUSE swallows a single step",
  },
  {
    name: "a move of a control register into the next page",
    cases: /^CPL 3 privileged: movq %rax, %cr3 \| 2 of 3 bytes before/,
    caveat: "before its last byte is fetched",
  },
];
