/**
 * The machine and the simulator, decision by decision. A machine with a one-shot timer runs
 * CPU-bound, interactive and periodic programs; from its event stream comes what each thread has
 * computed between its waits, and what each decision has cost. The simulator is given these, the
 * same policy in the state the machine's had, and the same releases; it has to decide the same at
 * the same instants.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import { parsePolicySpec } from "../../sched/policies/policy_spec.ts";
import type { Policy, StopReason, ThreadId, Wakeup } from "../../sched/policy.ts";
import { Simulation } from "../../sched/simulator/simulation.ts";
import type { Step, ThreadSpec } from "../../sched/simulator/workload.ts";
import type { KernelEvent, ThreadRef } from "../../trace/events.ts";
import type { Plain } from "../../util/plain.ts";
import { namedPolicy } from "../machine_options.ts";
import type { Thread } from "../thread/thread.ts";
import { Session } from "./session.ts";

/** When the programs of a run begin; the machine idles before. */
export const START = 400_000;

/** A machine's run. */
export interface RunOptions {
  readonly arch: ArchName;
  /** As `MachineOptions.policy`, by name. */
  readonly policy: string;
  /** `busy`, `bursts` and `periodic`, whose threads begin at {@linkcode START}. */
  readonly programs: readonly string[];
  /** How long to look. */
  readonly length: number;
  /** Quantum of policies that have one. */
  readonly quantum?: number;
  /** What the simulator is told each decision costs; what it has cost, if absent. */
  readonly cost?: number;
  /** Number of a decision that the simulator is told has cost an instruction more than it has. */
  readonly off?: number;
}

/**
 * Two accounts of the same, a line for each thing that happens; missed deadlines are by themselves
 * at the end, as the machine tells them before it has decided what else happens at their instants.
 */
export interface Accounts {
  readonly machine: readonly string[];
  readonly simulator: readonly string[];
}

/** When a thread enters user mode, and how many events there were before. */
interface Entry {
  readonly time: number;
  readonly index: number;
}

/** What a machine has done from an instant on at which it was idle. */
interface Recorded {
  readonly events: readonly KernelEvent[];
  readonly entries: readonly Entry[];
  /** What the policy's host remembered at the beginning. */
  readonly host: Plain;
  readonly threads: readonly Thread[];
}

/** Runs a machine, stopping at each entry of user mode. */
function record({ arch, policy, programs, length, quantum = 1_500 }: RunOptions): Recorded {
  using session = new Session({ arch, policy, programs, timer: "one-shot", quantum });
  const { machine } = session;
  const { kernel: k } = machine;
  let events: KernelEvent[] = [];
  let host: Plain | undefined;
  k.events.connect([{
    write: (event) => {
      events.push(event);
      if (event.type !== "idle" || event.until !== START) return;
      host = k.policy.save();
      events = [];
    },
  }]);
  const entries: Entry[] = [];
  const { image } = k.arch;
  for (const name of ["exit_to_user", "exit_to_user_sysret"] as const) {
    if (arch === "x86_64" || name === "exit_to_user") machine.addBreakpoint(image.label(name));
  }
  while (machine.now < START + length + 2_000) {
    const { kind } = machine.run(100_000);
    if (kind === "halted") throw new Error(`The machine has halted: ${machine.halted}`);
    if (kind !== "breakpoint" || host === undefined) continue;
    while (!machine.cpu.userMode) machine.run(1);
    entries.push({ time: machine.now, index: events.length });
  }
  if (host === undefined) throw new Error("The machine was not idle before the programs began");
  return { events, entries, host, threads: [...k.threads] };
}

/** What the machine has done, in lines; and what a simulator has to know to do the same. */
class Reading {
  readonly lines: string[] = [];
  readonly misses: string[] = [];
  /** What each decision for a thread has cost. */
  readonly costs: number[] = [];
  /** By thread: how long it computed each time between two waits. */
  readonly runs: number[][];
  readonly #ids = new Map<bigint, ThreadId>();
  readonly #periodic = new Set<ThreadId>();

  constructor({ events, entries, threads }: Recorded, until: number) {
    this.runs = threads.map(() => []);
    for (const { id, address, state } of threads) if (state !== "dead") this.#ids.set(address, id);
    let since = 0;
    let entry = 0;
    /** Who runs, and whether its next job has begun at the end of this one. */
    let current: ThreadId | null = null;
    let goesOn = false;
    const open = new Set<ThreadId>();
    for (const [index, event] of events.entries()) {
      if (event.type === "ready") {
        const thread = this.#id(event.of);
        if (thread === current) goesOn = true;
        else this.runs[thread]!.push(0);
        open.add(thread);
        if (event.instant < until) this.lines.push(readyLine(event.instant, thread, event.reason));
        if (event.reason === "release") this.#periodic.add(thread);
      } else if (event.type === "decision") {
        const { instant, why } = event;
        const from = event.from === null ? null : this.#id(event.from);
        const to = event.to === null ? null : this.#id(event.to);
        if (from !== null) {
          const runs = this.runs[from]!;
          runs[runs.length - 1]! += instant - since;
          if (goesOn || why === "yielded") runs.push(0);
          else if (why === "blocked") open.delete(from);
        }
        current = to;
        goesOn = false;
        if (instant < until) this.lines.push(decisionLine(instant, { from, why, to }));
        if (to === null) continue;
        while ((entries[entry]?.index ?? Infinity) <= index) entry++;
        since = entries[entry]?.time ?? instant;
        this.costs.push(since - instant);
      } else if (event.type === "deadline-miss" && event.deadline < until) {
        this.misses.push(missLine(event.deadline, this.#id(event.of), event.job));
      } else if (event.type === "job-complete") {
        const { job, deadline, lateness } = event;
        if (deadline === null || lateness === null || deadline + lateness >= until) continue;
        this.lines.push(completeLine(deadline + lateness, this.#id(event.of), job));
      }
    }
    // What is not over yet takes as long as anybody looks.
    for (const thread of open) this.runs[thread]![this.runs[thread]!.length - 1]! += until;
  }

  isPeriodic(thread: ThreadId): boolean {
    return this.#periodic.has(thread);
  }

  #id({ address }: ThreadRef): ThreadId {
    return this.#ids.get(address) ?? -1;
  }
}

const readyLine = (time: number, thread: ThreadId, reason: string) =>
  `${time} ${thread} ready: ${reason}`;
const decisionLine = (
  time: number,
  { from, why, to }: { from: ThreadId | null; why: string; to: ThreadId | null },
) => `${time} from ${from ?? "idle"}: ${why}, to ${to ?? "idle"}`;
const missLine = (time: number, thread: ThreadId, job: number) =>
  `${time} ${thread} misses job ${job}`;
const completeLine = (time: number, thread: ThreadId, job: number) =>
  `${time} ${thread} is done with job ${job}`;

/** A policy that tells what it is asked; like the machine, nobody tells it of the future. */
function telling(policy: Policy, lines: string[], now: () => number): Policy {
  let stopped: { from: ThreadId; why: StopReason } | null = null;
  const decide = (to: ThreadId | null) => {
    const { from, why } = stopped ?? { from: null, why: "idle" };
    if (stopped !== null || to !== null) lines.push(decisionLine(now(), { from, why, to }));
    stopped = null;
  };
  const told: Partial<Policy> = {
    enqueue(thread, wakeup: Wakeup) {
      const { reason } = wakeup;
      if (reason === "wakeup" || reason === "release") lines.push(readyLine(now(), thread, reason));
      policy.enqueue(thread, { ...wakeup, burst: 0 });
    },
    stopping(thread, stop) {
      stopped = { from: thread, why: stop.reason };
      policy.stopping?.(thread, stop);
    },
    pick(cpu) {
      const thread = policy.pick(cpu);
      decide(thread);
      return thread;
    },
  };
  return new Proxy(policy, {
    get(target, name) {
      const value = Reflect.get(told, name) ?? Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** What a program does, but for how long it computes each time. */
function stepsOf(program: string): readonly Step[] {
  const [name, , , , pause] = program.split(" ");
  const run = { type: "run", time: 1 } as const;
  if (name !== "bursts") return [run];
  const then = pause === "0"
    ? { type: "yield" } as const
    : { type: "sleep", time: Number(pause) } as const;
  return [{ type: "repeat", steps: [run, then] }];
}

/** Runs a machine, and the simulator on what the machine has recorded. */
export function accountsOf(options: RunOptions): Accounts {
  const { policy: text, quantum = 1_500, length } = options;
  const until = START + length;
  const recorded = record(options);
  const reading = new Reading(recorded, until);
  const next = reading.runs.map(() => 0);
  const specs = recorded.threads.map((thread): ThreadSpec => {
    const steps = stepsOf(options.programs[thread.task.id - 1] ?? "");
    const common = { ...thread.parameters, name: `${thread.id}`, steps };
    if (reading.runs[thread.id]!.length === 0) return { ...common, arrival: "started" };
    return reading.isPeriodic(thread.id)
      ? { ...common, arrival: START, jobs: { pattern: "periodic" } }
      : { ...common, arrival: START };
  });
  const lines: string[] = [];
  const misses: string[] = [];
  const simulation: Simulation = new Simulation({ threads: specs }, {
    policy: telling(
      namedPolicy(parsePolicySpec(text), { quantum, timer: "one-shot" }),
      lines,
      () => simulation?.now ?? START,
    ),
    sink: {
      thread: () => {},
      job(type, time, thread, job) {
        if (type === "miss") misses.push(missLine(time, thread, job + 1));
        if (type === "complete") lines.push(completeLine(time, thread, job + 1));
      },
    },
    cost: (decision) =>
      options.cost ?? (reading.costs[decision] ?? 0) + (decision === options.off ? 1 : 0),
    chargesCosts: true,
    until,
    recording: {
      time: START - 1,
      host: recorded.host,
      run: (thread) => reading.runs[thread]![next[thread]!++] ?? until,
    },
  });
  simulation.run();
  return {
    machine: [...reading.lines, ...reading.misses],
    simulator: [...lines, ...misses],
  };
}
