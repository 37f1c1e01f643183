/**
 * Rounds of a loop of stack switches as a path.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";
import { parseElf } from "../../elf/mod.ts";
import type { Path, PathRun } from "../paths/path.ts";
import { oneSwitch } from "./one_switch.ts";
import { SwitchMachine, type SwitchMachineOptions } from "./switch_machine.ts";

/** A loop of a program: `guest/bench/switches`, or the peers' with the same `main`. */
export interface SwitchLoop {
  /** Name of the path. */
  readonly name: string;
  /** What one round is, in a line. */
  readonly round: string;
  /** Name of the loop in its program. */
  readonly loop: string;
  /** The functions that its switches are in, if they are no more than that. */
  readonly functions?: readonly string[];
  /** Who looks on. */
  readonly observe?: SwitchMachineOptions["observe"];
}

/** Rounds of a sample, and of one that somebody looks on. */
const ROUNDS = 1000;
const OBSERVED_ROUNDS = 100;

class SwitchRun implements PathRun {
  readonly instructions: number;
  readonly extra = 0;
  readonly rounds: number;
  readonly left = Infinity;
  readonly note: string | undefined;
  readonly #run: SwitchMachine;

  constructor(run: SwitchMachine, options: { rounds: number; note: string | undefined }) {
    const { rounds, note } = options;
    this.#run = run;
    this.note = note;
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

/** How long one switch is, each way, in a machine that comes back to where it was. */
function describeOne(
  run: SwitchMachine,
  options: { program: Uint8Array; functions: readonly string[] | undefined },
): string | undefined {
  const { program, functions } = options;
  if (functions === undefined) return undefined;
  const [there, back] = oneSwitch(run, { file: parseElf(program), functions });
  return `one switch is ${there.length} instructions there, ${back.length} back`;
}

/**
 * Makes a path of a loop.
 *
 * @param program the ELF file for an architecture
 */
export function switchPath(
  { name, round, loop, functions, observe }: SwitchLoop,
  program: (arch: Arch) => Uint8Array,
): Path {
  return {
    name,
    round: `${round}; the loop around it included`,
    open(arch, { rounds = observe === undefined ? ROUNDS : OBSERVED_ROUNDS } = {}) {
      const bytes = program(arch);
      const run = new SwitchMachine(arch, { name, loop, program: bytes, observe });
      return new SwitchRun(run, { rounds, note: describeOne(run, { program: bytes, functions }) });
    },
  };
}
