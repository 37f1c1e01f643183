/**
 * Instructions of x86-64 that the library would execute in a way that is wrong or not the same in
 * every run.
 *
 * @module
 */
import * as uc from "../constants.ts";
import { X86Instruction, X86Msr, X86Register } from "./constants.ts";
import {
  portInputCallback,
  portOutputCallback,
  processorTimestampCallback,
  timestampCallback,
} from "../hooks.ts";
import { readMsr } from "./msr.ts";
import type { NativeEngine } from "../native_engine.ts";
import type { X86State } from "./state.ts";

const RAX = 0;
const RCX = 1;
const RDX = 2;
const GENERAL_REGISTERS = 16;
const HIGH = 2 ** 32;
const IOPL_SHIFT = 12n;

/** A port access that was not allowed, with what it had not yet changed. */
interface Refused {
  readonly instructions: number;
  readonly rip: bigint;
  readonly registers: readonly bigint[];
}

/** Watches `rdtsc`, `rdtscp`, `in`, `out` and their string forms on one engine. */
export class X86Instructions {
  readonly #native: NativeEngine;
  readonly #state: X86State;
  #refused: Refused | undefined;

  /** Adds the hooks. */
  constructor(native: NativeEngine, state: X86State) {
    this.#native = native;
    this.#state = state;
    const { RDTSC, RDTSCP, IN, OUT } = X86Instruction;
    for (
      const [instruction, callback] of [
        [RDTSC, timestampCallback()],
        [RDTSCP, processorTimestampCallback()],
        [IN, portInputCallback()],
        [OUT, portOutputCallback()],
      ] as const
    ) {
      native.addHook(uc.UC_HOOK_INSN, callback, { instruction });
    }
  }

  /**
   * Gives `rdtsc` and `rdtscp` the instruction clock, which is the same in every run, instead of
   * the host's time.
   */
  onTimestamp(now: number, withProcessor: boolean): boolean {
    if (this.#state.timestampDisabled) return false;
    if (withProcessor) {
      const processor = readMsr(this.#native, X86Msr.TSC_AUX);
      this.#state.setGpr(RCX, BigInt.asUintN(32, processor));
    }
    this.#state.setGpr(RAX, BigInt(now % HIGH));
    this.#state.setGpr(RDX, BigInt(Math.floor(now / HIGH)));
    return true;
  }

  /**
   * Ends the run where code without the privilege accesses a port: the library checks neither IOPL
   * nor the I/O permission bitmap.
   * @param instructions instructions counted in this run, this one included
   */
  onPort(instructions: number): void {
    if (this.#refused !== undefined) return;
    const { cpl, rip } = this.#state;
    const iopl = Number((this.#native.readRegister(X86Register.RFLAGS) >> IOPL_SHIFT) & 3n);
    if (cpl <= iopl) return;
    const registers = Array.from(
      { length: GENERAL_REGISTERS },
      (_, index) => this.#state.gpr(index),
    );
    this.#refused = { instructions, rip, registers };
    this.#native.symbols.uc_emu_stop(this.#native.handle);
  }

  /**
   * Undoes the access that ended the run and makes it #GP(0); returns the instructions executed, or
   * `undefined` if there was none.
   */
  takeRefused(): number | undefined {
    const refused = this.#refused;
    if (refused === undefined) return undefined;
    this.#refused = undefined;
    refused.registers.forEach((value, index) => this.#state.setGpr(index, value));
    this.#state.rip = refused.rip;
    this.#state.clearFault();
    return refused.instructions;
  }
}
