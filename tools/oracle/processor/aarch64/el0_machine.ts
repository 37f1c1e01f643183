/**
 * Runs the EL0 cases on Trapline's CPU, with the control registers as Linux sets them.
 *
 * @module
 */
import { aarch64, type TrapFrame } from "../../../../arch/mod.ts";
import { BareMachine } from "../../../../arch/testing/harness.ts";
import { image as code } from "../../../../guest/images/conformance_aarch64.gen.ts";
import type { UserCase, UserOutcome, UserProgram } from "./el0_program.ts";
import { signalOf } from "./linux.ts";
import { readVectors, type UserState, writeVectors } from "./snippet.ts";

/** SCTLR_EL1.UCI: EL0 may clean and invalidate caches. */
const UCI = 1n << 26n;
/** TCR_EL1.TBI0: the top byte of addresses in the lower half is a tag. */
const TBI0 = 1n << 37n;
const NZCV = 0xf000_0000n;
const KERNEL_PSTATE = 0x3c5n;
/** Traps of one case that Linux would go on after, at most. */
const MOST_TRAPS = 4;

/** One page of memory that EL0 may write. */
interface Page {
  readonly address: bigint;
  readonly now: Uint32Array;
  readonly before: Uint32Array;
}

/** How each case ends. */
export function runMachine(program: UserProgram): UserOutcome[] {
  using machine = new BareMachine({
    arch: aarch64,
    code: code.bytes(),
    kernelState: { pstate: KERNEL_PSTATE },
  });
  const { cpu } = machine;
  cpu.setRegister("sctlr_el1", cpu.register("sctlr_el1") | UCI);
  cpu.setRegister("tcr_el1", cpu.register("tcr_el1") | TBI0);
  cpu.userFp = true;
  const pages = mapMemory(machine, program);
  return program.cases.map((each) => {
    try {
      return runCase(machine, pages, each);
    } catch (error) {
      throw new Error(`Cannot run ${each.name}: ${error instanceof Error ? error.message : error}`);
    }
  });
}

/** Maps everything; returns the pages EL0 may write. */
function mapMemory(machine: BareMachine, { memory }: UserProgram): Page[] {
  const pages: Page[] = [];
  for (const { address, contents, write, execute } of memory) {
    for (let at = 0; at < contents.length; at += 4096) {
      const page = address + BigInt(at);
      const bytes = machine.memory.slice(machine.mapUser(page, { write, execute }), 4096);
      bytes.set(contents.subarray(at, at + 4096));
      if (!write) continue;
      const before = new Uint32Array(contents.slice(at, at + 4096).buffer);
      const now = new Uint32Array(bytes.buffer, bytes.byteOffset, 1024);
      pages.push({ address: page, now, before });
    }
  }
  machine.cpu.flushTranslations();
  return pages;
}

function runCase(machine: BareMachine, pages: readonly Page[], { start }: UserCase): UserOutcome {
  const fp = new Uint8Array(machine.fpSize);
  writeVectors(new DataView(fp.buffer), 0, start);
  machine.loadFp(fp);
  machine.start({
    mode: "user",
    pc: start.pc,
    sp: start.sp,
    registers: {
      ...Object.fromEntries(start.x.map((value, i) => [`x${i}`, value])),
      pstate: start.flags,
    },
  });
  for (let traps = 0; traps < MOST_TRAPS; traps++) {
    const { frame } = machine.runToTrap();
    const exception = {
      esr: frame.register("esr"),
      far: frame.register("far"),
      pc: frame.pc,
    };
    const signal = signalOf(exception, frame);
    if (signal !== undefined) {
      return { ...signal, state: stateOf(machine, frame), changes: takeChanges(pages) };
    }
    machine.answerExit(frame);
  }
  throw new Error(`no end after ${MOST_TRAPS} traps`);
}

function stateOf(machine: BareMachine, frame: TrapFrame): UserState {
  const fp = machine.saveFp();
  return {
    x: Array.from({ length: 31 }, (_, i) => frame.register(`x${i}`)),
    sp: frame.sp,
    pc: frame.pc,
    flags: frame.register("pstate") & NZCV,
    ...readVectors(new DataView(fp.buffer), 0),
  };
}

/** The words that have changed; they get their old values back. */
function takeChanges(pages: readonly Page[]): Map<bigint, bigint> {
  const changes = new Map<bigint, bigint>();
  for (const { address, now, before } of pages) {
    for (let i = 0; i < now.length; i += 2) {
      if (now[i] === before[i] && now[i + 1] === before[i + 1]) continue;
      const value = BigInt(now[i] ?? 0) | (BigInt(now[i + 1] ?? 0) << 32n);
      changes.set(address + BigInt(i) * 4n, value);
    }
    now.set(before);
  }
  return changes;
}
