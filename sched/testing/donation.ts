/**
 * The situations in which Pintos's tests try priority scheduling and donation (tests/threads of
 * Pintos, by Ben Pfaff and others at Stanford), as workloads, and what must happen in which order.
 * Simulator and machine are held to the same list. Names of threads and marks are ours; what is
 * Pintos's are the priorities, who locks what, and the order.
 *
 * @module
 */
import type { MutexSpec, Step, ThreadSpec, Workload } from "../simulator/workload.ts";

/** A situation. */
export interface DonationScenario {
  /** Name of Pintos's test, without `priority-`. */
  readonly name: string;
  /** Its threads: the first is there at once, the others are started. */
  readonly workload: Workload;
  /**
   * What threads reach, in order, as `THREAD MARK PRIORITY`: the mark of the step, and the priority
   * that holds for the thread then.
   */
  readonly expected: readonly string[];
}

/** Priority of the first thread if nothing is said, and the least one, in Pintos. */
const DEFAULT = 31;
const LEAST = 0;

const lock = (mutex: string): Step => ({ type: "lock", mutex });
const unlock = (mutex: string): Step => ({ type: "unlock", mutex });
const mark = (label: string): Step => ({ type: "mark", label });
const start = (thread: string): Step => ({ type: "start", thread });
const set = (priority: number): Step => ({ type: "set", parameters: { priority } });
const down: Step = { type: "acquire", semaphore: "semaphore" };
const up: Step = { type: "release", semaphore: "semaphore" };
const turn: Step = { type: "yield" };

function mutexes(...names: string[]): MutexSpec[] {
  return names.map((name) => ({ name, protocol: "inherit" }));
}

function main(steps: readonly Step[], priority = DEFAULT): ThreadSpec {
  return { name: "main", priority, steps };
}

function started(name: string, priority: number, steps: readonly Step[]): ThreadSpec {
  return { name, priority, arrival: "started", steps };
}

/** Numbers from 0. */
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** The owner of a mutex gets the priority of two that wait for it, and loses it again. */
const one: DonationScenario = {
  name: "donate-one",
  workload: {
    mutexes: mutexes("lock"),
    threads: [
      main([
        ...[lock("lock"), start("acquire1"), mark("first"), start("acquire2"), mark("second")],
        ...[unlock("lock"), mark("last")],
      ]),
      ...[1, 2].map((n) =>
        started(`acquire${n}`, DEFAULT + n, [
          ...[lock("lock"), mark("got"), unlock("lock"), mark("done")],
        ])
      ),
    ],
  },
  expected: [
    ...["main first 32", "main second 33", "acquire2 got 33", "acquire2 done 33"],
    ...["acquire1 got 32", "acquire1 done 32", "main last 31"],
  ],
};

/** Each of two mutexes gives its owner something of its own. */
const multiple: DonationScenario = {
  name: "donate-multiple",
  workload: {
    mutexes: mutexes("a", "b"),
    threads: [
      main([
        ...[lock("a"), lock("b"), start("A"), mark("first"), start("B"), mark("second")],
        ...[unlock("b"), mark("third"), unlock("a"), mark("last")],
      ]),
      started("A", 32, [lock("a"), mark("got"), unlock("a"), mark("done")]),
      started("B", 33, [lock("b"), mark("got"), unlock("b"), mark("done")]),
    ],
  },
  expected: [
    ...["main first 32", "main second 33", "B got 33", "B done 33", "main third 32"],
    ...["A got 32", "A done 32", "main last 31"],
  ],
};

/** A mutex that claims less is given back first, which changes nothing yet. */
const multiple2: DonationScenario = {
  name: "donate-multiple2",
  workload: {
    mutexes: mutexes("a", "b"),
    threads: [
      main([
        ...[lock("a"), lock("b"), start("A"), mark("first"), start("C"), start("B")],
        ...[mark("second"), unlock("a"), mark("third"), unlock("b"), mark("last")],
      ]),
      started("A", 34, [lock("a"), mark("got"), unlock("a"), mark("done")]),
      started("B", 36, [lock("b"), mark("got"), unlock("b"), mark("done")]),
      started("C", 32, [mark("done")]),
    ],
  },
  expected: [
    ...["main first 34", "main second 36", "main third 36", "B got 36", "B done 36"],
    ...["A got 34", "A done 34", "C done 32", "main last 31"],
  ],
};

/** Who gives also gets: high waits for middle, which waits for low. */
const nest: DonationScenario = {
  name: "donate-nest",
  workload: {
    mutexes: mutexes("a", "b"),
    threads: [
      main([
        ...[lock("a"), start("middle"), turn, mark("first"), start("high"), turn, mark("second")],
        ...[unlock("a"), turn, mark("last")],
      ]),
      started("middle", 32, [
        ...[lock("b"), lock("a"), mark("got"), unlock("a"), turn, unlock("b"), turn],
        mark("done"),
      ]),
      started("high", 33, [lock("b"), mark("got"), unlock("b"), mark("done")]),
    ],
  },
  expected: [
    ...["main first 32", "main second 33", "middle got 33", "high got 33", "high done 33"],
    ...["middle done 32", "main last 31"],
  ],
};

/** A thread that waits for a semaphore moves ahead in its queue by what it is given there. */
const sema: DonationScenario = {
  name: "donate-sema",
  workload: {
    mutexes: mutexes("lock"),
    semaphores: [{ name: "semaphore" }],
    threads: [
      main([start("low"), start("middle"), start("high"), up, mark("last")]),
      started("low", 32, [
        ...[lock("lock"), mark("locked"), down, mark("downed"), unlock("lock"), mark("done")],
      ]),
      started("middle", 34, [down, mark("done")]),
      started("high", 36, [lock("lock"), mark("locked"), up, unlock("lock"), mark("done")]),
    ],
  },
  expected: [
    ...["low locked 32", "low downed 36", "high locked 36", "high done 36", "middle done 34"],
    ...["low done 32", "main last 31"],
  ],
};

/** What a thread asks for itself counts when it is given nothing more. */
const lower: DonationScenario = {
  name: "donate-lower",
  workload: {
    mutexes: mutexes("lock"),
    threads: [
      main([
        ...[lock("lock"), start("acquire"), mark("first"), set(21), mark("second")],
        ...[unlock("lock"), mark("last")],
      ]),
      started("acquire", 41, [lock("lock"), mark("got"), unlock("lock"), mark("done")]),
    ],
  },
  expected: [
    ...["main first 41", "main second 41", "acquire got 41", "acquire done 41", "main last 21"],
  ],
};

/** Seven threads, each of which waits for a mutex of the one before; others watch in between. */
const LINKS = [1, 2, 3, 4, 5, 6, 7];

const chain: DonationScenario = {
  name: "donate-chain",
  workload: {
    mutexes: mutexes(...upTo(LINKS.length).map((n) => `lock${n}`)),
    threads: [
      main([
        ...[set(LEAST), lock("lock0"), mark("got")],
        ...LINKS.flatMap((n) => [start(`link${n}`), mark(`link${n}`), start(`watch${n}`)]),
        ...[unlock("lock0"), mark("done")],
      ]),
      ...LINKS.map((n) => {
        const own = n < LINKS.length ? [`lock${n}`] : [];
        return started(`link${n}`, 3 * n, [
          ...[...own.map(lock), lock(`lock${n - 1}`), mark("got"), unlock(`lock${n - 1}`)],
          ...[mark("gave"), ...own.map(unlock), mark("done")],
        ]);
      }),
      ...LINKS.map((n) => started(`watch${n}`, 3 * n - 1, [mark("done")])),
    ],
  },
  expected: [
    "main got 0",
    ...LINKS.map((n) => `main link${n} ${3 * n}`),
    ...LINKS.flatMap((n) => [`link${n} got 21`, `link${n} gave 21`]),
    ...LINKS.toReversed().flatMap((n) => [
      ...[`link${n} done ${3 * n}`, `watch${n} done ${3 * n - 1}`],
    ]),
    "main done 0",
  ],
};

/** Ten threads, whose priorities are not in the order they are started in. */
function ten(shift: number): [name: string, priority: number][] {
  return upTo(10).map((n) => {
    const priority = DEFAULT - (n + shift) % 10 - 1;
    return [`wait${priority}`, priority];
  });
}

const DOWNWARD = upTo(10).map((n) => DEFAULT - 1 - n);

/** A semaphore wakes the most urgent. */
const semaphore: DonationScenario = {
  name: "sema",
  workload: {
    semaphores: [{ name: "semaphore" }],
    threads: [
      main([
        ...[set(LEAST), ...ten(3).map(([name]) => start(name))],
        ...DOWNWARD.flatMap(() => [up, mark("back")]),
      ]),
      ...ten(3).map(([name, priority]) => started(name, priority, [down, mark("woken")])),
    ],
  },
  expected: DOWNWARD.flatMap((n) => [`wait${n} woken ${n}`, "main back 0"]),
};

/** A condition wakes the most urgent. */
const condvar: DonationScenario = {
  name: "condvar",
  workload: {
    mutexes: mutexes("lock"),
    conditions: [{ name: "condition" }],
    threads: [
      main([
        ...[set(LEAST), ...ten(7).map(([name]) => start(name))],
        ...DOWNWARD.flatMap((): Step[] => [
          ...[lock("lock"), mark("signals")],
          ...[{ type: "signal", condition: "condition" } as const, unlock("lock")],
        ]),
      ]),
      ...ten(7).map(([name, priority]) =>
        started(name, priority, [
          ...[mark("starts"), lock("lock")],
          ...[{ type: "wait", condition: "condition", mutex: "lock" } as const, mark("woken")],
          unlock("lock"),
        ])
      ),
    ],
  },
  expected: [
    ...ten(7).map(([name, priority]) => `${name} starts ${priority}`),
    ...DOWNWARD.flatMap((n) => ["main signals 0", `wait${n} woken ${n}`]),
  ],
};

/** A more urgent thread runs to its end, even if it offers the CPU. */
const preempt: DonationScenario = {
  name: "preempt",
  workload: {
    threads: [
      main([start("high"), mark("last")]),
      started("high", 32, [...upTo(5).flatMap((n) => [mark(`turn${n}`), turn]), mark("done")]),
    ],
  },
  expected: [...upTo(5).map((n) => `high turn${n} 32`), "high done 32", "main last 31"],
};

/** A thread that lowers its priority gives way at once. */
const change: DonationScenario = {
  name: "change",
  workload: {
    threads: [
      main([mark("first"), start("other"), mark("second"), set(29), mark("last")]),
      started("other", 32, [mark("lowers"), set(30), mark("done")]),
    ],
  },
  expected: [
    ...["main first 31", "other lowers 32", "main second 31", "other done 30", "main last 29"],
  ],
};

const TURNS = upTo(16);

/** Equals take turns in one order, round after round. */
const fifo: DonationScenario = {
  name: "fifo",
  workload: {
    mutexes: mutexes("lock"),
    threads: [
      main([
        ...[set(33), ...TURNS.map((n) => start(`equal${n}`)), set(DEFAULT), mark("last")],
      ]),
      ...TURNS.map((n) =>
        started(`equal${n}`, 32, [
          ...TURNS.flatMap((round) => [lock("lock"), mark(`turn${round}`), unlock("lock"), turn]),
        ])
      ),
    ],
  },
  expected: [
    ...TURNS.flatMap((round) => TURNS.map((n) => `equal${n} turn${round} 32`)),
    "main last 31",
  ],
};

/** All of them. */
export const DONATION_SCENARIOS: readonly DonationScenario[] = [
  ...[one, multiple, multiple2, nest, sema, lower, chain, semaphore, condvar],
  ...[preempt, change, fifo],
];
