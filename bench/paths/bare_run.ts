/**
 * What the paths on a bare machine have in common: no TypeScript kernel, only the CPU and the
 * kernel image's machine code.
 *
 * @module
 */
import type { Arch, Cpu } from "../../arch/arch.ts";
import { BareMachine, describeExit } from "../../arch/testing/harness.ts";
import { benchProgram } from "./guest.ts";
import { PathError, type PathRun } from "./path.ts";

const BUDGET = 1_000_000_000;

/** A path on a bare machine. Its rounds are all alike and it uses nothing up. */
export abstract class BareRun implements PathRun {
  /** See {@linkcode PathRun.rounds}. */
  readonly rounds: number;
  /** See {@linkcode PathRun.left}. */
  readonly left = Infinity;
  /** See {@linkcode PathRun.instructions}. */
  instructions = 0;
  /** See {@linkcode PathRun.extra}. */
  extra = 0;
  /** The machine; its CPU waits in a hypercall between samples. */
  protected readonly machine: BareMachine;
  /** Its CPU. */
  protected readonly cpu: Cpu;
  readonly #name: string;

  /** Boots a machine with the benchmark's guest code. */
  constructor(arch: Arch, options: { name: string; rounds: number }) {
    this.#name = options.name;
    this.rounds = options.rounds;
    this.machine = new BareMachine({ arch, code: benchProgram(arch), kernelState: {} });
    this.cpu = this.machine.cpu;
    // The machine keeps a record of every exception; a measurement must not grow with it.
    this.cpu.onException(null);
  }

  /** See {@linkcode PathRun.executed}. */
  get executed(): number {
    return this.cpu.instructions;
  }

  /** See {@linkcode PathRun.prepare}. */
  abstract prepare(): void;

  /** See {@linkcode PathRun.run}. */
  abstract run(): void;

  /** Frees the engine. */
  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]();
  }

  /** Counts the instructions of the next sample. */
  protected count(): number {
    this.prepare();
    const before = this.executed;
    this.run();
    return this.executed - before;
  }

  /**
   * Has the guest run a routine of the kernel image or of the benchmark, up to its next hypercall.
   */
  protected call(routine: bigint, ...words: bigint[]): void {
    this.cpu.answer(routine, ...words);
    const exit = this.cpu.run(BUDGET);
    if (exit.kind !== "hypercall") this.fail(`it ended with ${describeExit(exit)}`);
  }

  /** Gives the path up. */
  protected fail(why: string): never {
    throw new PathError(this.#name, why);
  }
}
