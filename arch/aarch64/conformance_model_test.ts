/**
 * What the CPU models differ in: PAN, UAO, random numbers, scalable vectors, pointer
 * authentication.
 */
import { assertEquals } from "@std/assert";
import { hex } from "../physical_memory.ts";
import type { BareMachine, Registers } from "../testing/harness.ts";
import { SCTLR } from "./mmu.ts";
import { aarch64 } from "./mod.ts";
import {
  EL0,
  EL1H,
  EL1T,
  type Origin,
  ORIGINS,
  runWords,
  syndrome,
} from "./testing/conformance.ts";

const DATA = 0x70_0000n;
const PAN = 1n << 22n;
const UAO = 1n << 23n;
const SPAN = 1n << 23n;
const BREAKPOINT = syndrome(0x3c, 0);
const UNDEFINED = syndrome(0x00, 0);
/** A permission fault of level 3 from EL1. */
const LOAD_FAULT = syndrome(0x25, 0x0f);
const STORE_FAULT = syndrome(0x25, 0x4f);
const LOAD = 0xf9400022; // ldr x2, [x1]
const STORE = 0xf9000022; // str x2, [x1]
const LOAD_USER = 0xf8400822; // ldtr x2, [x1]
const SET_PAN = 0xd500419f; // msr pan, #1
const CLEAR_PAN = 0xd500409f; // msr pan, #0
const OLDER = aarch64.cpuModels.filter((name) => name !== "max");

/** Runs words on a model with a user page of data at x1. */
function run(model: string, words: readonly number[], options: {
  origin?: Origin;
  registers?: Registers;
  span?: boolean;
  set?: Registers;
} = {}): { esr: number; at: bigint; spsr: bigint; pstate: bigint; x0: bigint; far: bigint } {
  const { machine, trap, code } = runWords(words, {
    ...(options.origin === undefined ? {} : { origin: options.origin }),
    model,
    registers: { x1: DATA, ...options.registers },
    prepare: (machine: BareMachine) => {
      machine.mapUser(DATA, { write: true, execute: false });
      const { cpu } = machine;
      for (const [name, value] of Object.entries(options.set ?? {})) cpu.setRegister(name, value);
      if (options.span !== false) return;
      cpu.setRegister("sctlr_el1", cpu.register("sctlr_el1") & ~SPAN);
    },
  });
  using _ = machine;
  const { entry, frame } = trap;
  return {
    esr: Number(entry?.code),
    at: ((entry?.pc ?? 0n) - code) / 4n,
    spsr: entry?.registers["spsr_el1"] ?? 0n,
    pstate: entry?.registers["pstate"] ?? 0n,
    x0: frame.register("x0"),
    far: entry?.registers["far_el1"] ?? 0n,
  };
}

function ends(result: { esr: number; at: bigint }): [number, bigint] {
  return [result.esr, result.at];
}

Deno.test("AArch64 max, PAN keeps EL1 from user pages", () => {
  for (const origin of [EL1T, EL1H]) {
    for (const [word, fault] of [[LOAD, LOAD_FAULT], [STORE, STORE_FAULT]] as const) {
      const kept = run("max", [SET_PAN, word], { origin });
      assertEquals([...ends(kept), hex(kept.far)], [fault, 1n, hex(DATA)]);
      assertEquals(ends(run("max", [SET_PAN, CLEAR_PAN, word], { origin })), [BREAKPOINT, 3n]);
      const set = { origin, registers: { pstate: origin.pstate | PAN } };
      assertEquals(ends(run("max", [word], set)), [fault, 0n], "by an exception return");
    }
  }
});

Deno.test("AArch64 max, PAN lets unprivileged loads of EL1 and user mode through", () => {
  assertEquals(ends(run("max", [SET_PAN, LOAD_USER])), [BREAKPOINT, 2n]);
  const registers = { pstate: EL0.pstate | PAN };
  assertEquals(ends(run("max", [LOAD], { origin: EL0, registers })), [BREAKPOINT, 1n]);
});

Deno.test("AArch64 max, with UAO an unprivileged load is as any other", () => {
  const registers = { pstate: EL1H.pstate | UAO | PAN };
  assertEquals(ends(run("max", [LOAD_USER], { registers })), [LOAD_FAULT, 0n]);
});

Deno.test("AArch64 max, an exception sets PAN where SCTLR_EL1.SPAN is clear, and keeps it else", () => {
  for (const origin of ORIGINS) {
    for (const before of [0n, PAN, PAN | UAO]) {
      for (const span of [true, false]) {
        const registers = { pstate: origin.pstate | before };
        const { spsr, pstate } = run("max", [], { origin, registers, span });
        assertEquals(hex(spsr), hex(origin.pstate | before), "SPSR_EL1 has what was");
        const expected = span ? before & PAN : PAN;
        assertEquals(hex(pstate & (PAN | UAO)), hex(expected), `${origin.name}, SPAN ${span}`);
      }
    }
  }
});

for (const model of OLDER) {
  Deno.test(`AArch64 ${model}, there is no PAN and no UAO`, () => {
    assertEquals(ends(run(model, [SET_PAN])), [UNDEFINED, 0n]);
    const registers = { pstate: EL1H.pstate | PAN | UAO };
    const result = run(model, [LOAD], { registers, span: false });
    assertEquals(ends(result), [BREAKPOINT, 1n]);
    assertEquals([result.spsr & (PAN | UAO), result.pstate & (PAN | UAO)], [0n, 0n]);
  });
}

for (const model of aarch64.cpuModels) {
  Deno.test(`AArch64 ${model}, there are no random numbers of the host's`, () => {
    for (const origin of ORIGINS) {
      for (const word of [0xd53b2400, 0xd53b2420]) { // mrs x0, rndr; mrs x0, rndrrs
        assertEquals(ends(run(model, [word], { origin })), [UNDEFINED, 0n]);
      }
    }
    const { x0 } = run(model, [0xd5380600]); // mrs x0, id_aa64isar0_el1
    assertEquals(x0 >> 60n, 0n);
    const user = run(model, [0xd5380600], { origin: EL0 });
    assertEquals(user.at, 0n, "not at EL0");
  });

  Deno.test(`AArch64 ${model}, ID_AA64MMFR1_EL1 says whether there is PAN`, () => {
    const { x0 } = run(model, [0xd5380720]); // mrs x0, id_aa64mmfr1_el1
    assertEquals((x0 >> 20n & 0xfn) !== 0n, model === "max");
  });

  Deno.test(`AArch64 ${model}, HVC and SMC are undefined`, () => {
    for (const word of [0xd4000002, 0xd4000003]) { // hvc #0; smc #0
      assertEquals(ends(run(model, [word])), [UNDEFINED, 0n]);
    }
  });
}

Deno.test("AArch64 max, scalable vectors trap where CPACR_EL1.ZEN is clear", () => {
  const words = [0x04e0e3e0]; // cntd x0
  assertEquals(ends(run("max", words, { origin: EL0 })), [syndrome(0x19, 0), 0n]);
});

Deno.test("AArch64 max, scalable vectors are there where CPACR_EL1.ZEN says so", () => {
  for (const origin of [EL0, EL1H]) {
    const result = run("max", [0x04e0e3e0], { origin, set: { cpacr_el1: 0x33_0000n } });
    assertEquals([...ends(result), result.x0], [BREAKPOINT, 1n, 2n], "cntd x0: 128 bits");
  }
});

Deno.test("AArch64 max, pointers are authenticated where SCTLR_EL1.EnIA says so", () => {
  const registers = { x0: 0x1234_5678n };
  const words = [0xdac10020, 0xdac11020]; // pacia x0, x1; autia x0, x1
  for (const origin of [EL0, EL1H]) {
    const set = { sctlr_el1: SCTLR | 1n << 31n };
    const signed = run("max", words.slice(0, 1), { origin, registers, set });
    assertEquals([...ends(signed), signed.x0 & 0xffff_ffffn], [BREAKPOINT, 1n, 0x1234_5678n]);
    assertEquals(signed.x0 >> 32n !== 0n, true, "signed");
    const both = run("max", words, { origin, registers, set });
    assertEquals([...ends(both), both.x0], [BREAKPOINT, 2n, 0x1234_5678n]);
    assertEquals(run("max", words.slice(0, 1), { origin, registers }).x0, 0x1234_5678n, "off");
  }
});
