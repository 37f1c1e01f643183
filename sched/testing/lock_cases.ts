/**
 * Random threads with jobs and nested critical sections.
 *
 * @module
 */
import type { MutexProtocol } from "../locks/mod.ts";
import type { Random } from "../../util/random.ts";
import type { Step, ThreadSpec, Workload } from "../simulator/workload.ts";

/** Their mutexes. */
export const MUTEXES = ["a", "b", "c"];

/** A stretch of a thread's steps from its first lock to its last unlock. */
export interface Section {
  readonly length: number;
  readonly mutexes: readonly string[];
}

/** Threads, and their sections. */
export interface LockCase {
  readonly workload: Workload;
  readonly sections: readonly (readonly Section[])[];
}

/** Threads with jobs that lock in the order of the mutexes, so that there is no deadlock. */
export function makeLockCase(random: Random, protocol: MutexProtocol): LockCase {
  const count = random.between(3, 5);
  const ranks = Array.from({ length: count }, (_, index) => index * 10 + 10);
  const sections: Section[][] = [];
  const threads = ranks.map((rank, index): ThreadSpec => {
    const own: Section[] = [];
    sections.push(own);
    const steps: Step[] = [{ type: "run", time: random.between(1, 9) }];
    for (let left = random.below(4); left > 0; left--) {
      const section = makeSection(random, random.below(MUTEXES.length));
      steps.push(...section.steps, { type: "run", time: random.between(1, 9) });
      own.push(section);
    }
    const period = random.between(30, 300);
    return {
      ...{ name: `t${index}`, priority: rank, period, deadline: random.between(20, period) },
      ...{ arrival: random.below(120), jobs: { pattern: "periodic", count: 4 }, steps },
    };
  });
  return { workload: { mutexes: MUTEXES.map((name) => ({ name, protocol })), threads }, sections };
}

/** Locks a mutex, and perhaps later ones inside. */
function makeSection(random: Random, first: number): Section & { steps: Step[] } {
  const before = random.between(1, 12);
  const after = random.between(1, 6);
  const next = random.between(first + 1, MUTEXES.length);
  const inner = next < MUTEXES.length && random.below(2) === 0 ? makeSection(random, next) : null;
  const mutex = MUTEXES[first]!;
  return {
    length: before + after + (inner?.length ?? 0),
    mutexes: [mutex, ...(inner?.mutexes ?? [])],
    steps: [
      ...[{ type: "lock", mutex } as const, { type: "run", time: before } as const],
      ...(inner?.steps ?? []),
      ...[{ type: "run", time: after } as const, { type: "unlock", mutex } as const],
    ],
  };
}
