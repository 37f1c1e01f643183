/**
 * Figures of a run, kept up to date event by event.
 *
 * @module
 */
import type { EventType } from "./event_codec.ts";
import type { EventSink, KernelEvent, ThreadRef } from "./events.ts";

/** Figures of one thread. */
export interface ThreadFigures {
  /** The thread. */
  readonly thread: ThreadRef;
  /** Clock it had a CPU: guest instructions, its traps included and idle time excluded. */
  readonly run: number;
  /** How often it got a CPU, by a switch or a handoff. */
  readonly turns: number;
}

/** Figures of a run up to its last event. */
export interface TraceFigures {
  /** Number of events by type; types that did not occur are absent. */
  readonly counts: ReadonlyMap<EventType, number>;
  /** Number of system calls by name. */
  readonly syscalls: ReadonlyMap<string, number>;
  /** Number of exceptions by architectural name. */
  readonly exceptions: ReadonlyMap<string, number>;
  /** Context switches, handoffs excluded. */
  readonly switches: number;
  /** Stack handoffs. */
  readonly handoffs: number;
  /** Per thread, in the order they first ran. */
  readonly threads: readonly ThreadFigures[];
  /** Clock skipped because nothing was ready, summed over CPUs. */
  readonly idle: number;
  /** Clock of the last event. */
  readonly end: number;
}

/** What one CPU does at present. */
interface Cpu {
  current: ThreadRef | null;
  /** Clock up to which its time is accounted for. */
  since: number;
}

interface Tally {
  readonly thread: ThreadRef;
  run: number;
  turns: number;
}

/**
 * Counts events and attributes the clock to threads; every CPU's clock begins at 0.
 *
 * @example System calls of a run
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, Machine, moduleHello, Statistics } from "@trapline/trapline";
 *
 * const statistics = new Statistics();
 * const sinks = [statistics];
 * using machine = new Machine({
 *   arch: archByName("x86_64"),
 *   modules: [await moduleHello("x86_64")],
 *   sinks,
 * });
 * machine.run();
 * console.log(statistics.figures().syscalls);
 * ```
 */
export class Statistics implements EventSink {
  readonly #counts = new Map<EventType, number>();
  readonly #syscalls = new Map<string, number>();
  readonly #exceptions = new Map<string, number>();
  readonly #tallies = new Map<string, Tally>();
  readonly #cpus = new Map<number, Cpu>();
  #idle = 0;
  #end = 0;

  /** Takes one event. */
  write(event: KernelEvent): void {
    increment(this.#counts, event.type);
    this.#end = Math.max(this.#end, event.time);
    const cpu = this.#cpu(event.cpu);
    if (event.type === "context-switch" || event.type === "stack-handoff") {
      this.#charge(event.from, { cpu, time: event.time });
      cpu.current = event.to;
      this.#tally(event.to).turns++;
    } else if (event.type === "idle") {
      if (cpu.current !== null) this.#charge(cpu.current, { cpu, time: event.time });
      this.#idle += event.until - event.time;
      cpu.since = event.until;
      this.#end = Math.max(this.#end, event.until);
    } else if (event.type === "syscall") {
      increment(this.#syscalls, event.name);
    } else if (event.type === "exception") {
      increment(this.#exceptions, event.name);
    }
  }

  /** The figures so far; later events do not change them. */
  figures(): TraceFigures {
    const threads = [...this.#tallies.values()].map(({ thread, run, turns }) => {
      const open = [...this.#cpus.values()].filter(({ current }) =>
        current !== null && keyOf(current) === keyOf(thread)
      );
      const rest = open.reduce((sum, { since }) => sum + Math.max(0, this.#end - since), 0);
      return { thread, run: run + rest, turns };
    });
    return {
      counts: new Map(this.#counts),
      syscalls: new Map(this.#syscalls),
      exceptions: new Map(this.#exceptions),
      switches: this.#counts.get("context-switch") ?? 0,
      handoffs: this.#counts.get("stack-handoff") ?? 0,
      threads,
      idle: this.#idle,
      end: this.#end,
    };
  }

  #cpu(number: number): Cpu {
    let cpu = this.#cpus.get(number);
    if (cpu === undefined) this.#cpus.set(number, cpu = { current: null, since: 0 });
    return cpu;
  }

  #tally(thread: ThreadRef): Tally {
    let tally = this.#tallies.get(keyOf(thread));
    if (tally === undefined) {
      this.#tallies.set(keyOf(thread), tally = { thread, run: 0, turns: 0 });
    }
    return tally;
  }

  #charge(thread: ThreadRef, options: { cpu: Cpu; time: number }): void {
    const { cpu, time } = options;
    this.#tally(thread).run += time - cpu.since;
    cpu.since = time;
  }
}

function keyOf({ address, task }: ThreadRef): string {
  return `${address.toString(16)} ${task}`;
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
