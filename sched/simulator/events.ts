/**
 * What a simulation tells, in one place: {@linkcode SimulationEvent} for those who read a stream of
 * records, {@linkcode SimulationSink} for those who want nothing allocated.
 *
 * A thread is not ready, ready or running, and *states* say how it goes from one to another:
 *
 * | event      | from      | to        | means                                                  |
 * | ---------- | --------- | --------- | ------------------------------------------------------ |
 * | `arrive`   | —         | ready     | it exists from now on                                  |
 * | `wake`     | not ready | ready     | what it waited for has come: a time, its next job, …   |
 * | `dispatch` | ready     | running   | it has a CPU, and the switch to it is done             |
 * | `preempt`  | running   | ready     | the CPU was taken from it                              |
 * | `yield`    | running   | ready     | it gave the CPU up                                     |
 * | `sleep`    | running   | not ready | it waits for a time, or for its next job               |
 * | `io`       | running   | not ready | it waits for a request; `on` is the device, if any     |
 * | `block`    | running   | not ready | it waits for the mutex, semaphore or condition `on`    |
 * | `exit`     | running   | —         | it is over                                             |
 *
 * *Notes* change none of this: `release`, `complete`, `miss` and `abort` are about a job; `acquire`,
 * `unlock`, `post`, `signal` and `broadcast` about what threads share, as are `deadlock`, which is the
 * end, and `stranded`, which is told at the end; `mark` is a thread's own; `handoff` says, before its
 * `yield`, that a ready thread has its CPU next; `switch` that a CPU is being switched to a thread. A job that is released while its thread has none makes it ready:
 * `release`, then `arrive` (the first) or `wake`. A thread that has done a job tells `complete`,
 * then `sleep`, or `exit` after its last; if its next job has been released already, it wakes at
 * the same instant. A deadline is missed by a job that is not done when everything of the instant
 * of the deadline has happened: `miss` comes last in it, and the job goes on, unless it is to be
 * abandoned: then `abort` follows in place of `complete`, and its thread goes on to the next job at
 * once if it runs, else when it is picked next.
 *
 * @module
 */
import type { PolicyFault } from "../host/fault.ts";
import type { ThreadId } from "../policy.ts";
import type { SharedObject } from "./program.ts";

/** A thread becomes ready, running, or neither. */
export type ThreadEvent =
  | "arrive"
  | "wake"
  | "dispatch"
  | "preempt"
  | "yield"
  | "sleep"
  | "io"
  | "block"
  | "exit";

/** What happens to a job. */
export type JobEvent = "release" | "complete" | "miss" | "abort";

/** What a thread does with something shared: takes it, gives it back, tells others. */
export type ObjectEvent = "acquire" | "unlock" | "post" | "signal" | "broadcast";

/** A thread that waits, and what for. */
export interface ThreadWait {
  /** Id of the thread. */
  readonly thread: ThreadId;
  /** What it waits for. */
  readonly on: SharedObject;
}

/** Hears what happens; nothing is allocated for it. */
export interface SimulationSink {
  /**
   * A thread has changed its state.
   * @param cpu where, or where it is meant to run
   * @param on what it waits for: place in {@linkcode sharedObjects}; -1 if nothing of these
   */
  thread(type: ThreadEvent, time: number, thread: ThreadId, cpu: number, on: number): void;
  /**
   * Something has happened to a job.
   * @param job its number, from 0
   * @param deadline its absolute deadline, `Infinity` if it has none
   */
  job?(type: JobEvent, time: number, thread: ThreadId, job: number, deadline: number): void;
  /** A thread has done something with an object. */
  object?(type: ObjectEvent, time: number, thread: ThreadId, on: number): void;
  /** A thread has come to a mark, and has this priority then. */
  mark?(time: number, thread: ThreadId, label: string, priority: number): void;
  /**
   * A thread would wait for a mutex for ever: the simulation ends with an error.
   * @param cycle a thread, the mutex it waits for, its owner, the mutex that one waits for, …
   */
  deadlock?(time: number, thread: ThreadId, cycle: readonly number[]): void;
  /** Nothing happens any more, and a thread still waits for something. */
  stranded?(time: number, thread: ThreadId, on: number): void;
  /** A thread gives its CPU to a ready one, as the policy agrees. */
  handoff?(time: number, thread: ThreadId, to: ThreadId): void;
  /** A CPU is being switched to a thread. */
  switching?(time: number, thread: ThreadId, cpu: number, cost: number): void;
  /** No CPU has a thread. */
  idle?(time: number, until: number): void;
  /** The policy was put out. */
  fault?(fault: PolicyFault): void;
}

/** A thread has changed its state. */
export interface ThreadStateEvent {
  /** How. */
  readonly type: ThreadEvent;
  /** When. */
  readonly time: number;
  /** Id of the thread. */
  readonly thread: ThreadId;
  /** Where, or where it is meant to run; absent if there is one CPU only. */
  readonly cpu?: number;
  /** What it waits for: a mutex, semaphore, condition or device. */
  readonly on?: SharedObject;
}

/** What happened. Times are on the simulation's clock. */
export type SimulationEvent =
  | ThreadStateEvent
  | {
    /** A job is released, done, or late. */
    readonly type: JobEvent;
    /** When. */
    readonly time: number;
    /** Id of its thread. */
    readonly thread: ThreadId;
    /** Its number, from 0. */
    readonly job: number;
    /** Its absolute deadline; absent if it has none. */
    readonly deadline?: number;
  }
  | {
    /** What a thread has done with something shared. */
    readonly type: ObjectEvent;
    /** When. */
    readonly time: number;
    /** Id of the thread. */
    readonly thread: ThreadId;
    /** The thing shared. */
    readonly on: SharedObject;
  }
  | {
    /** A thread has come to a mark. */
    readonly type: "mark";
    /** When. */
    readonly time: number;
    /** Id of the thread. */
    readonly thread: ThreadId;
    /** What the mark says. */
    readonly label: string;
    /** The priority that holds for the thread. */
    readonly priority: number;
  }
  | {
    /** A thread would wait for a mutex for ever; the simulation ends with an error. */
    readonly type: "deadlock";
    /** When. */
    readonly time: number;
    /** Id of the thread. */
    readonly thread: ThreadId;
    /** This thread and what it waits for, the owner of that and what that waits for, and so on. */
    readonly cycle: readonly ThreadWait[];
  }
  | {
    /** Nothing happens any more, and a thread still waits for something. */
    readonly type: "stranded";
    /** When. */
    readonly time: number;
    /** Id of the thread. */
    readonly thread: ThreadId;
    /** What it waits for. */
    readonly on: SharedObject;
  }
  | {
    /** A thread gives its CPU to a ready one, as the policy agrees. */
    readonly type: "handoff";
    /** When. */
    readonly time: number;
    /** Id of the thread. */
    readonly thread: ThreadId;
    /** Id of the other. */
    readonly to: ThreadId;
  }
  | {
    /** A CPU is being switched to a thread, which takes time. */
    readonly type: "switch";
    /** When. */
    readonly time: number;
    /** Id of the thread. */
    readonly thread: ThreadId;
    /** The CPU; absent if there is one only. */
    readonly cpu?: number;
    /** How long it takes. */
    readonly cost: number;
  }
  | {
    /** No CPU has anything to run. */
    readonly type: "idle";
    /** When. */
    readonly time: number;
    /** When something happens next. */
    readonly until: number;
  }
  | {
    /** The policy broke its contract; round robin has taken over. */
    readonly type: "policy-fault";
    /** When. */
    readonly time: number;
    /** What it did. */
    readonly fault: PolicyFault;
  };

const STATES: ReadonlySet<string> = new Set<ThreadEvent>([
  ...["arrive", "wake", "dispatch", "preempt", "yield", "sleep", "io", "block", "exit"] as const,
]);

/** Whether an event is a thread's change of state. */
export function isThreadEvent(event: SimulationEvent): event is ThreadStateEvent {
  return STATES.has(event.type);
}

/** A sink that makes records of what it hears. */
export function recordingSink(
  events: SimulationEvent[],
  of: { cpus: number; objects: readonly SharedObject[] },
): SimulationSink {
  const { objects } = of;
  const many = of.cpus > 1;
  return {
    thread(type, time, thread, cpu, on) {
      if (on >= 0) {
        const what = objects[on]!;
        events.push(
          many ? { type, time, thread, cpu, on: what } : { type, time, thread, on: what },
        );
      } else events.push(many ? { type, time, thread, cpu } : { type, time, thread });
    },
    job(type, time, thread, job, deadline) {
      const known = deadline === Infinity ? {} : { deadline };
      events.push({ type, time, thread, job, ...known });
    },
    object: (type, time, thread, on) => events.push({ type, time, thread, on: objects[on]! }),
    mark: (time, thread, label, priority) =>
      events.push({ type: "mark", time, thread, label, priority }),
    deadlock(time, thread, cycle) {
      const waits: ThreadWait[] = [];
      for (let place = 0; place < cycle.length; place += 2) {
        waits.push({ thread: cycle[place]!, on: objects[cycle[place + 1]!]! });
      }
      events.push({ type: "deadlock", time, thread, cycle: waits });
    },
    stranded: (time, thread, on) =>
      events.push({ type: "stranded", time, thread, on: objects[on]! }),
    handoff: (time, thread, to) => events.push({ type: "handoff", time, thread, to }),
    switching(time, thread, cpu, cost) {
      events.push({ type: "switch", time, thread, ...(many ? { cpu } : {}), cost });
    },
    idle: (time, until) => events.push({ type: "idle", time, until }),
    fault: (fault) => events.push({ type: "policy-fault", time: fault.time, fault }),
  };
}
