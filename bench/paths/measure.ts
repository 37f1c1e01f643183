/**
 * Timing paths.
 *
 * @module
 */
import type { Arch, ArchName } from "../../arch/arch.ts";
import { type Path, PathError, type PathRun } from "./path.ts";

/** What was measured of a path on an architecture. */
export interface Measurement {
  /** Architecture of the guest. */
  readonly arch: ArchName;
  /** Name of the path. */
  readonly path: string;
  /** What one round is. */
  readonly round: string;
  /** What else there is to say of the path on this architecture. */
  readonly note?: string;
  /** Guest instructions of one round; exact. */
  readonly instructions: number;
  /** Host nanoseconds of one round: the median over samples. */
  readonly medianNs: number;
  /** The same, 99th percentile. */
  readonly p99Ns: number;
  /** Number of samples. */
  readonly n: number;
  /** Rounds of each sample, over which its time is averaged. */
  readonly rounds: number;
}

/** How long to measure a path. */
export interface Effort {
  /** Milliseconds of host time to run before the first sample. */
  readonly warmUp: number;
  /** Milliseconds of host time that samples are taken for. */
  readonly time: number;
  /** Samples at least. */
  readonly least: number;
  /** Samples at most. */
  readonly most: number;
}

/** For a table to be kept. */
export const FULL: Effort = { warmUp: 300, time: 1500, least: 100, most: 5000 };

/** For a look. */
export const QUICK: Effort = { warmUp: 50, time: 150, least: 20, most: 500 };

/** Keeps a path open, and opens it again when it has used up what it needs. */
export class OpenPath implements Disposable {
  readonly #path: Path;
  readonly #arch: Arch;
  readonly #options: { readonly rounds?: number };
  #run: PathRun;

  /**
   * Opens a path on an architecture.
   * @param options as for {@linkcode Path.open}
   * @throws {PathError} if it does not do what its name says
   */
  constructor(path: Path, arch: Arch, options: { readonly rounds?: number } = {}) {
    this.#path = path;
    this.#arch = arch;
    this.#options = options;
    this.#run = path.open(arch, options);
  }

  /** The path as it is open now. */
  get current(): PathRun {
    return this.#run;
  }

  /** Gets ready for a sample, and returns what to run for it. */
  prepare(): PathRun {
    const { instructions } = this.#run;
    if (this.#run.left <= 0) {
      this.#run[Symbol.dispose]();
      this.#run = this.#path.open(this.#arch, this.#options);
      if (this.#run.instructions !== instructions) {
        throw new PathError(
          this.#path.name,
          `it took ${instructions} instructions and then ${this.#run.instructions}`,
        );
      }
    }
    this.#run.prepare();
    return this.#run;
  }

  /**
   * Takes a sample.
   * @returns host nanoseconds of one round
   * @throws {PathError} if the guest has not executed exactly the instructions it should have
   */
  sample(): number {
    const run = this.prepare();
    const before = run.executed;
    const start = performance.now();
    run.run();
    const end = performance.now();
    const executed = run.executed - before;
    const expected = run.rounds * run.instructions + run.extra;
    if (executed !== expected) {
      throw new PathError(
        this.#path.name,
        `a sample took ${executed} guest instructions, not ${expected}`,
      );
    }
    return (end - start) * 1e6 / run.rounds;
  }

  /** Frees the engine. */
  [Symbol.dispose](): void {
    this.#run[Symbol.dispose]();
  }
}

/**
 * Measures a path on an architecture.
 *
 * @throws {PathError} if the path does not do what its name says, each time.
 */
export function measure(path: Path, arch: Arch, options: { effort: Effort }): Measurement {
  const { effort } = options;
  using open = new OpenPath(path, arch);
  const { instructions, rounds, note } = open.current;
  for (const end = performance.now() + effort.warmUp; performance.now() < end;) open.sample();
  const samples: number[] = [];
  const end = performance.now() + effort.time;
  while (
    samples.length < effort.least || (samples.length < effort.most && performance.now() < end)
  ) samples.push(open.sample());
  samples.sort((a, b) => a - b);
  return {
    arch: arch.name,
    path: path.name,
    round: path.round,
    ...(note === undefined ? {} : { note }),
    instructions,
    medianNs: quantile(samples, 0.5),
    p99Ns: quantile(samples, 0.99),
    n: samples.length,
    rounds,
  };
}

/**
 * Quantile of sorted values by the nearest rank: always one of the values.
 * @param sorted ascending, not empty
 * @param share from 0 (the least) to 1 (the greatest)
 */
export function quantile(sorted: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? NaN;
}
