/**
 * Workloads made at random that use everything the simulator has, and end: threads with jobs of all
 * patterns, waits, devices, mutexes of all protocols, semaphores, changes of parameters, affinities.
 *
 * @module
 */
import type { Jobs, Step, ThreadSpec, Workload } from "../simulator/workload.ts";
import { MUTEX_PROTOCOLS } from "../locks/mod.ts";
import { Random } from "../../util/random.ts";

/**
 * Makes a workload. No deadlock is in it, as mutexes are locked in the order of their names, and are
 * of one protocol: the original ceiling protocol keeps threads from free mutexes, behind which those
 * of others may be held.
 */
export function randomEverything(seed: number, options: { cpus: number }): Workload {
  const random = new Random(seed);
  const count = random.between(1, options.cpus > 5 ? 90 : 10);
  const maker = new Maker(random, { cpus: options.cpus, count });
  const threads = Array.from({ length: count }, (_, id) => maker.thread(id));
  // The first starts one more, which is not in a hurry.
  const late = random.below(2) === 0;
  const protocol = random.pick(MUTEX_PROTOCOLS);
  return {
    threads: late ? startLast(threads, maker.thread(count)) : threads,
    mutexes: MUTEXES.map((name) => ({ name, protocol })),
    semaphores: [{ name: "s", count: 2 }],
    devices: [{ name: "disk" }, { name: "net" }],
  };
}

const MUTEXES = ["m0", "m1", "m2"];

function startLast(threads: readonly ThreadSpec[], last: ThreadSpec): ThreadSpec[] {
  const start: Step[] = [{ type: "run", time: 3 }, { type: "start", thread: last.name }];
  return [
    ...threads,
    { name: "starter", priority: 7, steps: start },
    { ...last, arrival: "started" },
  ];
}

class Maker {
  readonly #random: Random;
  readonly #cpus: number;
  readonly #count: number;

  constructor(random: Random, options: { cpus: number; count: number }) {
    this.#random = random;
    this.#cpus = options.cpus;
    this.#count = options.count;
  }

  thread(id: number): ThreadSpec {
    const random = this.#random;
    const period = random.between(20, 120);
    const affinity = random.below(3) > 0 ? null : this.#affinity();
    const jobs = random.below(2) === 0 ? this.#jobs(period) : undefined;
    return {
      name: `t${id}`,
      arrival: random.between(0, 60),
      priority: random.below(6),
      nice: random.between(-3, 3),
      period,
      deadline: random.between(period >> 1, 2 * period),
      budget: random.below(2) === 0 ? 0 : random.between(5, period),
      ...{ affinity, jobs },
      steps: this.#steps(random.between(1, 5), 0),
    };
  }

  #affinity(): number[] {
    const all = Array.from({ length: this.#cpus }, (_, cpu) => cpu);
    const some = all.filter(() => this.#random.below(2) === 0);
    return some.length === 0 ? [this.#random.pick(all)] : some;
  }

  #jobs(period: number): Jobs {
    const random = this.#random;
    const count = random.between(1, 5);
    switch (random.below(4)) {
      case 0:
        return { pattern: "periodic", count, jitter: random.between(0, period) };
      case 1:
        return { pattern: "sporadic", count, most: period + random.below(50) };
      case 2:
        return { pattern: "bursty", count, burst: random.between(1, 3) };
      default:
        return { pattern: "listed", times: [0, random.below(20), 30 + random.below(99)] };
    }
  }

  #run(): Step {
    const random = this.#random;
    const least = random.between(1, 12);
    if (random.below(2) === 0) return { type: "run", time: least };
    return { type: "run", time: { least, most: least + random.below(9) } };
  }

  #steps(count: number, depth: number): Step[] {
    return Array.from({ length: count }, () => this.#some(depth)).flat();
  }

  /** A few steps that belong together. */
  #some(depth: number): Step[] {
    const random = this.#random;
    switch (random.below(9)) {
      case 0:
        return [this.#run(), { type: "sleep", time: random.between(0, 30) }];
      case 1:
        // To a thread that may be anywhere, or to nobody.
        return [
          {
            type: "yield",
            to: random.below(2) === 0 ? undefined : `t${random.below(this.#count)}`,
          },
          this.#run(),
        ];
      case 2:
        return [this.#run(), {
          ...{ type: "io", time: { least: 0, most: random.between(0, 20) } },
          device: random.pick(["disk", "net", undefined]),
        }];
      case 3: {
        const [outer, inner] = random.pick([[0, 1], [0, 2], [1, 2]] as const);
        const lock = (place: number): Step => ({ type: "lock", mutex: MUTEXES[place]! });
        const unlock = (place: number): Step => ({ type: "unlock", mutex: MUTEXES[place]! });
        return [
          ...[lock(outer), this.#run(), lock(inner), this.#run()],
          ...[unlock(inner), this.#run(), unlock(outer)],
        ];
      }
      case 4:
        return [
          { type: "acquire", semaphore: "s" },
          this.#run(),
          { type: "release", semaphore: "s" },
        ];
      case 5:
        return [{
          type: "set",
          parameters: random.below(2) === 0
            ? { priority: random.below(6) }
            : { nice: random.between(-3, 3) },
        }];
      case 6:
        if (depth === 2) return [this.#run()];
        return [{
          type: "repeat",
          times: random.between(1, 3),
          steps: [this.#run(), ...this.#steps(2, depth + 1)],
        }];
      default:
        return [this.#run()];
    }
  }
}

/** CPU time that one pass through steps takes: the least and the most. */
export function requiredTime(steps: readonly Step[]): [least: number, most: number] {
  let [least, most] = [0, 0];
  for (const step of steps) {
    if (step.type === "run") {
      const { time } = step;
      least += typeof time === "number" ? time : time.least;
      most += typeof time === "number" ? time : time.most;
    } else if (step.type === "repeat") {
      const [low, high] = requiredTime(step.steps);
      least += low * step.times!;
      most += high * step.times!;
    }
  }
  return [least, most];
}
