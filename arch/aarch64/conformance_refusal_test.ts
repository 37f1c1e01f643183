/**
 * What a processor does and the engine would not: exception returns to states that are none,
 * registers that guest code sets, misaligned exclusive stores, reserved bits of VBAR_EL1.
 */
import { assertEquals } from "@std/assert";
import type { Registers } from "../testing/harness.ts";
import { aarch64 } from "./mod.ts";
import {
  EL0,
  EL1H,
  EL1T,
  fromEither,
  makeMachine,
  ORIGINS,
  runWords,
  startOf,
  syndrome,
} from "./testing/conformance.ts";

const BREAKPOINT = BigInt(syndrome(0x3c, 0));
const SVC = BigInt(syndrome(0x15, 0));
const ILLEGAL_STATE = BigInt(syndrome(0x0e, 0));
const FP_ACCESS = BigInt(syndrome(0x07, 0x1e << 20));
const IL = 0x10_0000n;
const FLAGS = 0x6000_0240n;
const NOP = 0xd503201f;

/** Returns to a state from EL1; `x1` is where to, by default the case's closing code. */
function returnTo(spsr: bigint, options: { from?: typeof EL1H; x1?: bigint } = {}) {
  const { from = EL1H } = options;
  const machine = makeMachine();
  const next = machine.kernelLabel("exception_return_next");
  machine.start({
    ...startOf(machine, from),
    pc: machine.kernelLabel("exception_return"),
    registers: { pstate: from.pstate, x1: options.x1 ?? next, x2: spsr },
  });
  return { machine, trap: machine.runToTrap(), next };
}

for (const from of [EL1T, EL1H]) {
  Deno.test(`AArch64 exception return from ${from.name}, an illegal one: class 0x0e`, () => {
    for (let mode = 0n; mode < 32n; mode++) {
      if ([0n, 4n, 5n].includes(mode)) continue;
      const { machine, trap, next } = returnTo(FLAGS | mode, { from });
      using _ = machine;
      const { entry, frame } = trap;
      assertEquals([entry?.code, entry?.pc], [ILLEGAL_STATE, next], `mode ${mode}`);
      assertEquals(frame.register("pstate"), FLAGS | IL | (from.pstate & 0xfn), "level of before");
      assertEquals((entry?.registers["pstate"] ?? 0n) & IL, 0n, "clear at the vector");
      assertEquals(entry?.vector, from.slot);
    }
  });
}

Deno.test("AArch64 exception return, SPSR_EL1.IL is taken over", () => {
  const { machine, trap, next } = returnTo(FLAGS | IL | 4n);
  using _ = machine;
  assertEquals([trap.entry?.code, trap.entry?.pc], [ILLEGAL_STATE, next]);
  assertEquals(trap.frame.register("pstate"), FLAGS | IL | 4n);
  assertEquals(trap.entry?.vector, EL1T.slot, "of the level returned to");
});

Deno.test("AArch64 exception return, what the fetch raises comes before an illegal state", () => {
  const misaligned = returnTo(FLAGS | 0xdn, { x1: 0x2002n });
  using first = misaligned.machine;
  assertEquals(misaligned.trap.entry?.code, BigInt(syndrome(0x22, 0)));
  assertEquals(misaligned.trap.frame.register("pstate"), FLAGS | IL | 5n);
  const absent = returnTo(FLAGS | 0xdn, { x1: first.kernelPage(7) });
  using _ = absent.machine;
  assertEquals(absent.trap.entry?.code, BigInt(syndrome(0x21, 5)));
  assertEquals(absent.trap.frame.register("pstate"), FLAGS | IL | 5n);
});

Deno.test("AArch64 exception return, a legal one goes on as ever", () => {
  for (const mode of [4n, 5n]) {
    const { machine, trap } = returnTo(FLAGS | mode);
    using _ = machine;
    assertEquals(trap.entry?.code, BREAKPOINT);
    assertEquals(trap.frame.register("pstate"), FLAGS | mode);
  }
});

Deno.test("AArch64 illegal state, is part of a saved CPU", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  const next = machine.kernelLabel("exception_return_next");
  machine.start({
    ...startOf(machine, EL1H),
    pc: machine.kernelLabel("exception_return"),
    registers: { pstate: EL1H.pstate, x1: next, x2: 9n },
  });
  machine.runTo(machine.kernelLabel("exception_return_at"));
  const before = cpu.save();
  cpu.run(1);
  assertEquals(cpu.pc, next);
  const between = cpu.save();
  cpu.restore(before);
  cpu.restore(between);
  assertEquals(machine.runToTrap().entry?.code, ILLEGAL_STATE);
});

Deno.test("AArch64 CPACR_EL1, as guest code sets it", () => {
  // msr cpacr_el1, x1; mrs x2, cpacr_el1; fmov d0, d1; svc #0
  const code = [0xd5181041, 0xd5381042, 0x1e604020, 0xd4000001];
  for (const fpen of [0n, 1n, 2n, 3n]) {
    const x1 = fpen << 20n;
    const { machine, trap, code: page } = runWords(code, { registers: { x1 } });
    using _ = machine;
    const traps = fpen === 0n || fpen === 2n;
    assertEquals(
      [trap.entry?.code, trap.frame.pc],
      traps ? [FP_ACCESS, page + 8n] : [SVC, page + 16n],
    );
    assertEquals(trap.frame.register("x2"), x1);
    assertEquals(machine.cpu.register("cpacr_el1"), x1);
    assertEquals(machine.cpu.userFp, fpen === 3n);
  }
});

Deno.test("AArch64 CPACR_EL1, what guest code sets holds at EL0", () => {
  for (const fpen of [0n, 1n, 2n, 3n]) {
    const { machine } = runWords([0xd5181041], { registers: { x1: fpen << 20n } });
    using _ = machine;
    machine.start({ mode: "user", pc: machine.userLabel("fp_move"), registers: { pstate: 0n } });
    assertEquals(machine.runToTrap().entry?.code, fpen === 3n ? BREAKPOINT : FP_ACCESS);
  }
});

Deno.test("AArch64 MDCCSR_EL0 and OSDLR_EL1 read as zero, or trap", () => {
  for (const origin of ORIGINS) {
    // mrs x0, mdccsr_el0; mrs xzr, mdccsr_el0
    const { machine, trap } = runWords([0xd5330100, 0xd533011f], { origin });
    using _ = machine;
    assertEquals([trap.entry?.code, trap.frame.register("x0")], [BREAKPOINT, 0n], origin.name);
  }
  const trapped = runWords([0xd5330103], {
    origin: EL0,
    prepare: ({ cpu }) => cpu.setRegister("mdscr_el1", 1n << 12n), // TDCC
  });
  using _ = trapped.machine;
  // Op0 2, Op2 0, Op1 3, CRn 0, Rt 3, CRm 1, read
  const iss = (2 << 20) | (3 << 14) | (3 << 5) | (1 << 1) | 1;
  assertEquals(trapped.trap.entry?.code, BigInt(syndrome(0x18, iss)));
  const plain = runWords([0xd5301380]); // mrs x0, osdlr_el1
  using _plain = plain.machine;
  assertEquals([plain.trap.entry?.code, plain.trap.frame.register("x0")], [BREAKPOINT, 0n]);
});

/** Exclusive stores: the word, its base being x1 or SP, and the bytes it stores. */
const STORES: readonly { name: string; word: number; size: bigint }[] = [
  { name: "stxr x", word: 0xc8077c26, size: 8n },
  { name: "stxr w", word: 0x88077c26, size: 4n },
  { name: "stlxrh", word: 0x4807fc26, size: 2n },
  { name: "stxp x", word: 0xc82720c5 & ~0x3e0 | 0x20, size: 16n },
  { name: "stlxp w, sp", word: 0x8827a7e8, size: 8n },
];

for (const { name, word, size } of STORES) {
  Deno.test(`AArch64 exclusive store, ${name}: misaligned is an alignment fault`, () => {
    for (const origin of [EL0, EL1H]) {
      const usesSp = ((word >>> 5) & 0x1f) === 31;
      const base = origin === EL0 ? 0x7f_e000n : 0n;
      for (let by = 0n; by < size; by++) {
        const registers: Registers = { x1: 0x7f_e000n + by };
        const options = usesSp && origin === EL0 ? { sp: base + by } : {};
        if (usesSp && origin !== EL0) continue;
        const { machine, trap, code } = runWords([word], { origin, registers, ...options });
        using _ = machine;
        if (by === 0n) {
          assertEquals([trap.entry?.code, trap.frame.register("x7")], [BREAKPOINT, 1n]);
          continue;
        }
        assertEquals(trap.entry?.code, BigInt(fromEither(0x24, 0x61)(origin)), `by ${by}`);
        assertEquals([trap.frame.pc, trap.frame.register("far")], [code, 0x7f_e000n + by]);
      }
    }
  });
}

Deno.test("AArch64 exclusive store, in a loop stores as ever", () => {
  // 1: ldxr x5, [x1]; add x5, x5, #1; stxr w7, x5, [x1]; cbnz w7, 1b
  const code = [0xc85f7c25, 0x910004a5, 0xc8077c25, 0x35ffffa7];
  const { machine, trap } = runWords(code, { origin: EL0, registers: { x1: 0x7f_e008n } });
  using _ = machine;
  assertEquals([trap.entry?.code, trap.frame.register("x7")], [BREAKPOINT, 0n]);
  assertEquals(trap.frame.register("x5"), 1n);
});

Deno.test("AArch64 VBAR_EL1, its reserved bits do not count", () => {
  const vbar = aarch64.image.symbol("vectors");
  for (const low of [1n, 0x20n, 0x80n, 0x7ffn]) {
    for (const fromGuest of [false, true]) {
      const code = fromGuest ? [0xd518c001, 0xd4000001] : [0xd4000001]; // msr vbar_el1, x1; svc #0
      const { machine, trap } = runWords(code, {
        registers: { x1: vbar | low },
        prepare: ({ cpu }) => cpu.setRegister("vbar_el1", fromGuest ? vbar : vbar | low),
      });
      using _ = machine;
      assertEquals(trap.entry?.code, SVC);
      assertEquals(trap.entry?.registers["pc"], vbar + BigInt(EL1H.slot) * 0x80n);
    }
  }
});

Deno.test("AArch64 corrections, the code beside them runs as ever", () => {
  const { machine, trap, code } = runWords([NOP, 0xd5181041, NOP, NOP], {
    registers: { x1: 3n << 20n },
  });
  using _ = machine;
  assertEquals([trap.entry?.code, trap.frame.pc], [BREAKPOINT, code + 16n]);
});
