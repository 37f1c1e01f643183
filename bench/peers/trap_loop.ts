/**
 * The trap round trip and the in-guest switch, through {@linkcode Engine} as the back-ends use it.
 *
 * `trap_loop.c` and `trap_loop.py` do the same work with the same guest code; `run.ts` compares
 * them.
 *
 * @module
 */
import { AArch64SystemRegister, Engine, X86Register } from "../../unicorn/mod.ts";
import { LAYOUT, makeRam, type PeerArch } from "./guest_code.ts";

/** One measured path. */
export interface Measurement {
  arch: PeerArch;
  /** A trap to the kernel and back, or a switch between threads inside the guest. */
  path: "trap" | "switch";
  /** Guest instructions of one round, exact. */
  instructions: number;
  /** Nanoseconds of one round. */
  ns: number;
}

/** A path, ready to run any number of rounds. */
type Path = (rounds: number) => void;

const BUDGET = 1_000_000_000_000;

/** Runs a path for a number of rounds after a warm-up, and measures it. */
function measure(engine: Engine, path: Path, rounds: number): { ns: number; instructions: number } {
  path(Math.ceil(rounds / 4));
  const before = engine.instructions;
  const start = performance.now();
  path(rounds);
  const ns = (performance.now() - start) * 1e6 / rounds;
  // The way into a path is up to two instructions: the first trap, or the end of the loop.
  return { ns, instructions: Math.round((engine.instructions - before) / rounds) };
}

const FLAT = { base: 0n, limit: 0xffff_ffff };
const KERNEL_CODE = { ...FLAT, selector: 0x08, flags: 0x00af9b00 };
const USER_CODE = { ...FLAT, selector: 0x23, flags: 0x00affb00 };
const USER_DATA = { ...FLAT, selector: 0x1b, flags: 0x00cff300 };
/** A gate to CPL 0 in 64-bit mode loads SS with a null selector. */
const KERNEL_STACK = { ...FLAT, selector: 0, flags: 0x00cf9300 };

/** Opens an x86-64 engine with paging on, and its two paths. */
export function openX86(): { engine: Engine; trap: Path; switch: Path } {
  const ram = makeRam("x86_64");
  const memory = new DataView(ram.buffer);
  const engine = Engine.open("x86_64");
  engine.mapRam(0n, ram);
  engine.writeDescriptorTable("GDTR", { base: BigInt(LAYOUT.GDT), limit: LAYOUT.GDT_SIZE - 1 });
  engine.writeRegister(X86Register.CR3, BigInt(LAYOUT.PAGE_TABLES));
  engine.writeRegister(X86Register.CR4, 0x620n); // OSXMMEXCPT, OSFXSR, PAE
  engine.writeRegister(X86Register.CR0, 0x8001_0033n); // PG, WP, NE, ET, MP, PE
  const state = engine.x86;
  const frame = LAYOUT.INTERRUPT_FRAME;
  const gate = {
    cpl: 0 as const,
    cs: KERNEL_CODE,
    ss: KERNEL_STACK,
    rsp: BigInt(frame),
    rip: BigInt(LAYOUT.KERNEL_TRAP),
  };
  const user = {
    cpl: 3 as const,
    cs: USER_CODE,
    ss: USER_DATA,
    rsp: BigInt(LAYOUT.USER_STACK),
    rip: BigInt(LAYOUT.USER_TRAP),
  };
  const userCs = BigInt(USER_CODE.selector);
  const userSs = BigInt(USER_DATA.selector);
  return {
    engine,
    trap(rounds) {
      state.enterRing(user);
      for (let round = 0; round < rounds; round++) {
        const exit = engine.run(BUDGET);
        if (exit.kind !== "trap" || exit.vector !== 0x80) throw new Error(`Got ${exit.kind}`);
        // What an interrupt gate does: the frame on the kernel stack, then the new ring.
        memory.setBigUint64(frame, state.rip, true);
        memory.setBigUint64(frame + 8, userCs, true);
        memory.setUint32(frame + 16, state.rflags, true); // the upper half stays 0
        memory.setBigUint64(frame + 24, state.rsp, true);
        memory.setBigUint64(frame + 32, userSs, true);
        state.enterRing(gate);
      }
    },
    switch(rounds) {
      state.enterRing({
        ...gate,
        rsp: BigInt(LAYOUT.KERNEL_STACK),
        rip: BigInt(LAYOUT.KERNEL_SWITCH),
      });
      memory.setBigUint64(LAYOUT.SLOT_B, BigInt(LAYOUT.STACK_B), true);
      state.setGpr(1, BigInt(rounds + 1)); // RCX
      state.setGpr(7, BigInt(LAYOUT.SLOT_B)); // RDI
      state.setGpr(6, BigInt(LAYOUT.SLOT_A)); // RSI
      const exit = engine.run(BUDGET);
      if (exit.kind !== "halt") throw new Error(`Got ${exit.kind}`);
    },
  };
}

/** Opens an AArch64 engine, and its two paths. */
export function openAArch64(): { engine: Engine; trap: Path; switch: Path } {
  const ram = makeRam("aarch64");
  const memory = new DataView(ram.buffer);
  const engine = Engine.open("aarch64");
  engine.mapRam(0n, ram);
  const esr = engine.systemRegister(AArch64SystemRegister.ESR_EL1);
  const spsr = engine.systemRegister(AArch64SystemRegister.SPSR_EL1);
  const elr = engine.systemRegister(AArch64SystemRegister.ELR_EL1);
  const state = engine.aarch64;
  const kernel = BigInt(LAYOUT.KERNEL_TRAP);
  return {
    engine,
    trap(rounds) {
      state.pstate = LAYOUT.PSTATE_EL0;
      state.pc = BigInt(LAYOUT.USER_TRAP);
      for (let round = 0; round < rounds; round++) {
        const exit = engine.run(BUDGET);
        if (exit.kind !== "trap" || exit.vector !== 2) throw new Error(`Got ${exit.kind}`);
        // What an exception to EL1 does.
        esr.writeU32(state.syndrome);
        spsr.writeU32(state.pstate);
        elr.write(state.pc);
        state.pstate = LAYOUT.PSTATE_EL1H;
        state.pc = kernel;
      }
    },
    switch(rounds) {
      state.pstate = LAYOUT.PSTATE_EL1H;
      state.pc = BigInt(LAYOUT.KERNEL_SWITCH);
      state.sp = BigInt(LAYOUT.KERNEL_STACK);
      memory.setBigUint64(LAYOUT.SLOT_B, BigInt(LAYOUT.STACK_B), true);
      state.setX(9, BigInt(rounds + 1));
      state.setX(0, BigInt(LAYOUT.SLOT_B));
      state.setX(1, BigInt(LAYOUT.SLOT_A));
      const exit = engine.run(BUDGET);
      if (exit.kind !== "halt") throw new Error(`Got ${exit.kind}`);
    },
  };
}

if (import.meta.main) {
  const [arch, path, rounds] = Deno.args;
  const paths = arch === "x86_64" ? openX86() : openAArch64();
  using engine = paths.engine;
  const run = path === "trap" ? paths.trap : paths.switch;
  console.log(JSON.stringify({ arch, path, ...measure(engine, run, Number(rounds)) }));
}
