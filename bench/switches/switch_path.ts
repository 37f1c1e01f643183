/**
 * Rounds of a loop of stack switches as a path.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";
import type { Path, PathRun } from "../paths/path.ts";
import { SwitchMachine } from "./switch_machine.ts";

/** A loop of a program: `guest/switches`, or the peers' with the same `main`. */
export interface SwitchLoop {
  /** Name of the path. */
  readonly name: string;
  /** What one round is, in a line. */
  readonly round: string;
  /** Name of the loop in its program. */
  readonly loop: string;
}

/** Rounds of a sample. */
const ROUNDS = 1000;

class SwitchRun implements PathRun {
  readonly instructions: number;
  readonly extra = 0;
  readonly rounds: number;
  readonly left = Infinity;
  readonly #run: SwitchMachine;

  constructor(run: SwitchMachine, rounds: number) {
    this.#run = run;
    this.instructions = run.instructions;
    this.rounds = rounds;
  }

  get executed(): number {
    return this.#run.machine.cpu.instructions;
  }

  prepare(): void {}

  run(): void {
    const { machine, begin } = this.#run;
    machine.run(this.rounds * this.instructions);
    if (machine.cpu.pc !== begin) this.#run.fail("a sample ended in the middle of a round");
  }

  [Symbol.dispose](): void {
    this.#run[Symbol.dispose]();
  }
}

/**
 * Makes a path of a loop.
 *
 * @param program the ELF file for an architecture
 */
export function switchPath(
  { name, round, loop }: SwitchLoop,
  program: (arch: Arch) => Uint8Array,
): Path {
  return {
    name,
    round: `${round}; the loop around it included`,
    open: (arch, { rounds = ROUNDS } = {}) =>
      new SwitchRun(new SwitchMachine(arch, { name, loop, program: program(arch) }), rounds),
  };
}
