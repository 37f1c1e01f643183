import { assertEquals } from "@std/assert";
import {
  className,
  describeSyndrome,
  exceptionClass,
  isAbort,
  isDataAbort,
  isInstructionAbort,
  isRefused,
  isTableFault,
  isWrite,
  statusName,
  systemInstructionSyndrome,
} from "./syndrome.ts";

/** Syndromes as logs of real kernels print them, with what Arm ARM D17.2.37 says they are. */
const PUBLISHED: readonly (readonly [esr: bigint, meaning: string])[] = [
  // A microkernel's boot log.
  [0x9600_0044n, "data abort, same EL: write, translation fault, level 0"],
  [0x9600_0047n, "data abort, same EL: write, translation fault, level 3"],
  [0x8200_000fn, "instruction abort, lower EL: permission fault, level 3"],
  [0x1fe0_0000n, "trapped floating-point access"],
  [0x5600_0000n, "SVC #0"],
  // Oops messages and fault tables.
  [0x9200_0007n, "data abort, lower EL: read, translation fault, level 3"],
  [0x9200_004fn, "data abort, lower EL: write, permission fault, level 3"],
  [0x9600_0004n, "data abort, same EL: read, translation fault, level 0"],
  [0x9600_0005n, "data abort, same EL: read, translation fault, level 1"],
  [0x9600_0006n, "data abort, same EL: read, translation fault, level 2"],
  [0x9600_000bn, "data abort, same EL: read, access flag fault, level 3"],
  [0x9600_0010n, "data abort, same EL: read, synchronous external abort"],
  [0x9600_0021n, "data abort, same EL: read, alignment fault"],
  [0x9600_0061n, "data abort, same EL: write, alignment fault"],
  [0x9600_0003n, "data abort, same EL: read, address size fault, level 3"],
  [0x9600_0017n, "data abort, same EL: read, synchronous external abort on table walk, level 3"],
  [0x8600_0005n, "instruction abort, same EL: translation fault, level 1"],
  [0x8600_000en, "instruction abort, same EL: permission fault, level 2"],
  [0x8200_0010n, "instruction abort, lower EL: synchronous external abort"],
  [0x0200_0000n, "undefined instruction"],
  [0x07e0_0000n, "trapped WFI or WFE: WFI"],
  [0x07e0_0001n, "trapped WFI or WFE: WFE"],
  [0x3a00_0000n, "illegal execution state"],
  [0x5600_002an, "SVC #42"],
  [0x5a00_0001n, "HVC #1"],
  [0x5e00_0000n, "SMC #0"],
  [0x6232_d0e5n, "trapped system instruction"],
  [0x620c_d3e4n, "trapped system instruction"],
  [0x8a00_0000n, "PC alignment fault"],
  [0x9a00_0000n, "SP alignment fault"],
  [0xbe00_0000n, "SError"],
  [0xca00_0022n, "software step, lower EL"],
  [0xcf00_0022n, "software step, same EL"],
  [0xc200_0022n, "breakpoint, lower EL"],
  [0xd200_0022n, "watchpoint, lower EL"],
  [0xf200_0000n, "BRK #0"],
  [0xf200_0800n, "BRK #2048"],
  [0xae00_0000n, "exception class 0x2b"],
];

for (const [esr, meaning] of PUBLISHED) {
  Deno.test(`describeSyndrome, 0x${esr.toString(16)}`, () => {
    assertEquals(describeSyndrome(esr), meaning);
  });
}

Deno.test("isAbort, of every class", () => {
  for (let ec = 0; ec < 64; ec++) {
    const esr = BigInt(ec) << 26n;
    assertEquals(exceptionClass(esr), ec);
    assertEquals(isInstructionAbort(esr), ec === 0x20 || ec === 0x21);
    assertEquals(isDataAbort(esr), ec === 0x24 || ec === 0x25);
    assertEquals(isAbort(esr), isInstructionAbort(esr) || isDataAbort(esr));
    assertEquals(className(esr) === "", false);
  }
});

Deno.test("isTableFault and isRefused, of every status", () => {
  for (let status = 0; status < 64; status++) {
    const esr = 0x9600_0000n | BigInt(status);
    const kind = statusName(status);
    const absent = kind.startsWith("translation fault");
    const refused = kind.startsWith("access flag fault") || kind.startsWith("permission fault");
    assertEquals(isTableFault(esr), absent || refused, kind);
    assertEquals(isRefused(esr), refused, kind);
  }
});

Deno.test("isWrite, only of data aborts", () => {
  assertEquals(isWrite(0x9200_0047n), true);
  assertEquals(isWrite(0x9200_0007n), false);
  assertEquals(isWrite(0x5600_0040n), false, "svc #64");
});

Deno.test("systemInstructionSyndrome, of assembled instructions", () => {
  const words: readonly (readonly [word: number, esr: number, text: string])[] = [
    [0xd53b4227, 0x6232_d0e5, "mrs x7, daif"],
    [0xd51b4227, 0x6232_d0e4, "msr daif, x7"],
    [0xd50342df, 0x620c_d3e4, "msr daifset, #2"],
    [0xd5034fff, 0x620e_d3fe, "msr daifclr, #15"],
    [0xd50b7a21, 0x6212_dc34, "dc cvac, x1"],
    [0xd53be049, 0x6234_f921, "mrs x9, cntvct_el0"],
    [0xd53b9d1e, 0x6230_e7db, "mrs x30, pmccntr_el0"],
  ];
  for (const [word, esr, text] of words) assertEquals(systemInstructionSyndrome(word), esr, text);
});
