/**
 * Random programs in bytecode, as text. They end, and what they do is defined: fields are those of
 * objects that have them, and only `main` is sure to take every exception.
 *
 * @module
 */
import { Random } from "../../util/random.ts";
import { assemble, type VmProgram, WANTED_KINDS, type WantedKind } from "../bytecode/mod.ts";
import { Reference } from "../reference/mod.ts";
import { MethodWriter } from "./random_method.ts";
import { CLASSES, type Signature } from "./random_values.ts";

/** What a random program is made of. */
export interface RandomProgramOptions {
  /** Number of methods beside `main`; default 5. */
  readonly methods?: number;
  /** Kinds that methods are of, at random; default all. */
  readonly kinds?: readonly WantedKind[];
  /** Native functions that are called, beside upcalls; default none. */
  readonly natives?: readonly string[];
  /** How often `main` does the same; default 1. */
  readonly rounds?: number;
  /** Least and most steps of the reference interpreter; default 200 and 1500. */
  readonly steps?: readonly [number, number];
}

/** A program and its text. */
export interface RandomProgram {
  /** The text. */
  readonly text: string;
  /** The program. */
  readonly program: VmProgram;
}

/** The program of a seed: of those that it leads to, the first of the length asked for. */
export function randomProgram(seed: number, options: RandomProgramOptions = {}): RandomProgram {
  const random = new Random(seed);
  const { steps = [200, 1500] } = options;
  return firstOfLength(steps, () => new ProgramWriter(random, options).write());
}

/** Of programs that are written, the first that takes so many steps. */
export function firstOfLength(
  [least, most]: readonly [number, number],
  write: () => string,
): RandomProgram {
  for (;;) {
    const text = write();
    const program = assemble(text);
    const steps = stepsOf(program, most);
    if (steps >= least && steps < most) return { text, program };
  }
}

/** Steps that the reference interpreter takes, at most so many. */
function stepsOf(program: VmProgram, most: number): number {
  const reference = new Reference(program);
  const [thread] = reference.threads;
  let steps = 0;
  while (steps < most && thread!.advance().length > 0) steps++;
  return steps;
}

class ProgramWriter {
  readonly #random: Random;
  readonly #options: RandomProgramOptions;

  constructor(random: Random, options: RandomProgramOptions) {
    this.#random = random;
    this.#options = options;
  }

  write(): string {
    const random = this.#random;
    const { methods = 5, kinds = WANTED_KINDS, natives = [] } = this.#options;
    const signatures = Array.from({ length: methods }, (_, i): Signature => {
      // Native code can call those of one parameter and a result of its type.
      const isUpcall = i > 0 && random.chance(0.4);
      const type = random.pick(["int", "ref"] as const);
      return {
        name: `m${i}`,
        params: isUpcall
          ? [type]
          : Array.from({ length: random.below(7) }, () => random.pick(["int", "ref"] as const)),
        result: isUpcall ? type : random.pick(["void", "int", "ref"] as const),
        kind: random.pick(kinds),
      };
    });
    const main: Signature = { name: "main", params: [], result: "void", kind: random.pick(kinds) };
    const all = [main, ...signatures];
    return [
      ...CLASSES.map((name) => `class ${name} refs 2 ints 2`),
      ...all.map((signature, i) => {
        const callees = all.slice(i + 1);
        const { rounds = 1 } = this.#options;
        return new MethodWriter(random, signature, { callees, natives, all, rounds }).write();
      }),
    ].join("\n");
  }
}
