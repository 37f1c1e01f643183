/**
 * System calls on how threads are scheduled. Times are instructions of the machine's clock.
 *
 * @module
 */

import { SchedError } from "../../sched/errors.ts";
import type { ParameterOptions, ThreadParameters } from "../../sched/parameters.ts";
import { KernReturn } from "../errors.ts";
import { beginJob, beginJobs, changeParameters, completeJob } from "../jobs.ts";
import type { Kernel } from "../kernel.ts";
import { copyin, copyout } from "../memory/user_memory.ts";
import type { CopyResult } from "../thread/continuation.ts";
import { blockAt, type Outcome, releaseAt, yieldAt } from "../thread/outcome.ts";
import { threadParameters, TIME_LIMIT } from "../thread/parameters.ts";
import type { Thread } from "../thread/thread.ts";
import { fail, finish, type SyscallContext, type SyscallTable } from "./syscall.ts";
import { timeAfter } from "./waiting.ts";

/** Bytes of `struct thread_parameters`: seven words. */
const PARAMETERS_SIZE = 56;

/** A thread of the caller's task by its number, or the kernel return code that says why not. */
function ownThread({ k, thread }: SyscallContext, number: bigint): Thread | number {
  const found = number < BigInt(k.threads.length) ? k.threads[Number(number)] : undefined;
  if (found === undefined || found.state === "dead") return KernReturn.INVALID_ARGUMENT;
  return found.task === thread.task ? found : KernReturn.NO_ACCESS;
}

function setParameters(context: SyscallContext): Outcome {
  const { k, thread, args: [number = 0n, address = 0n, size = 0n] } = context;
  const target = ownThread(context, number);
  if (typeof target === "number") return fail(context, target);
  if (size < BigInt(PARAMETERS_SIZE)) return fail(context, KernReturn.INVALID_ARGUMENT);
  const then = { name: "thread_parameters", target: target.id } as const;
  return copyin(k, thread, { address, size: PARAMETERS_SIZE, then });
}

/** Changes a thread's parameters to what has been read. */
export function setCopiedParameters(
  k: Kernel,
  thread: Thread,
  how: { target: Thread; copied: CopyResult },
): Outcome {
  const { target, copied: { bytes, kr } } = how;
  if (bytes === null) return fail({ k, thread }, kr);
  if (target.state === "dead") return fail({ k, thread }, KernReturn.TERMINATED);
  const parameters = decode(bytes);
  if (parameters === null) return fail({ k, thread }, KernReturn.INVALID_ARGUMENT);
  changeParameters(k, target, parameters);
  k.events.emit({ type: "parameters", by: thread.ref, of: target.ref, ...parameters });
  return finish({ k, thread }, 0n);
}

/** Parameters from their record in a program's memory, or `null` if they make no sense. */
function decode(bytes: Uint8Array): ThreadParameters | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (index: number): number => Number(view.getBigUint64(8 * index, true));
  const affinity: number[] = [];
  const mask = view.getBigUint64(48, true);
  for (let cpu = 0; cpu < 64; cpu++) if ((mask >> BigInt(cpu) & 1n) !== 0n) affinity.push(cpu);
  const options: ParameterOptions = {
    priority: word(0),
    nice: Number(view.getBigInt64(8, true)),
    weight: word(2) || undefined,
    period: word(3),
    deadline: word(4) || undefined,
    budget: word(5),
    affinity: affinity.length === 0 ? null : affinity,
  };
  try {
    return threadParameters(options, "a thread");
  } catch (error) {
    if (error instanceof SchedError) return null;
    throw error;
  }
}

function encode(parameters: ThreadParameters): Uint8Array<ArrayBuffer> {
  const { priority, nice, weight, period, deadline, budget, affinity } = parameters;
  const mask = (affinity ?? []).reduce((all, cpu) => all | 1n << BigInt(cpu), 0n);
  const words = [priority, nice, weight, period, deadline, budget, mask].map(BigInt);
  return new Uint8Array(new BigInt64Array(words).buffer);
}

/** A call that writes the parameters of a thread: its own, or with what it has inherited. */
function getParameters(
  parametersOf: (k: Kernel, target: Thread) => ThreadParameters,
): (context: SyscallContext) => Outcome {
  return (context) => {
    const { k, thread, args: [number = 0n, address = 0n, size = 0n] } = context;
    const target = ownThread(context, number);
    if (typeof target === "number") return fail(context, target);
    if (size < BigInt(PARAMETERS_SIZE)) return fail(context, KernReturn.INVALID_ARGUMENT);
    const bytes = encode(parametersOf(k, target));
    return copyout(k, thread, { address, bytes, then: { name: "syscall_status" } });
  };
}

/** Ends a job, and waits for the release of the next; the first is released at a time. */
function waitUntilNextPeriod(context: SyscallContext): Outcome {
  const { k, thread, args: [first = 0n] } = context;
  if (thread.parameters.period === 0 || first > TIME_LIMIT) {
    return fail(context, KernReturn.INVALID_ARGUMENT);
  }
  completeJob(k, thread);
  const jobs = thread.jobs ??
    beginJobs(k, thread, first === 0n ? k.decisions.instant : Number(first));
  const next = jobs.record.job + 1;
  const release = jobs.releaseOf(next);
  if (release > TIME_LIMIT) return fail(context, KernReturn.INVALID_ARGUMENT);
  if (release > k.decisions.instant) {
    k.timers.addRelease(thread.id, release);
    thread.waitFor({ kind: "release", until: release });
    return blockAt("syscall_continuation", { name: "syscall_result", result: 0n });
  }
  // Job 1 may be due now; of those after it, one that is has waited for the one before.
  const behind = next === 1 ? 0 : jobs.releasedBy(k.decisions.instant) - next + 1;
  beginJob(k, thread, behind > 0);
  return releaseAt("syscall_continuation", { name: "syscall_result", result: BigInt(behind) });
}

function jobInfo(context: SyscallContext): Outcome {
  const { k, args: [number = 0n, address = 0n, size = 0n], thread } = context;
  const target = ownThread(context, number);
  if (typeof target === "number") return fail(context, target);
  const { jobs, parameters } = target;
  const { job = 0, done = 0, missed = 0, overruns = 0 } = jobs?.record ?? {};
  const release = jobs === null || job === 0 ? 0 : jobs.releaseOf(job);
  const deadline = release === 0 || parameters.deadline === 0 ? 0 : release + parameters.deadline;
  const words = [job, release, deadline, done, missed, overruns].map(BigInt);
  const bytes = new Uint8Array(new BigUint64Array(words).buffer);
  if (size < BigInt(bytes.length)) return fail(context, KernReturn.INVALID_ARGUMENT);
  return copyout(k, thread, { address, bytes, then: { name: "syscall_status" } });
}

function sleepUntil(context: SyscallContext): Outcome {
  const { k, thread, args: [time = 0n] } = context;
  if (time > TIME_LIMIT) return fail(context, KernReturn.INVALID_ARGUMENT);
  const until = Number(time);
  if (until <= k.decisions.instant) return finish(context, 0n);
  k.waitUntil(thread, { kind: "time", until });
  return blockAt("syscall_continuation", { name: "syscall_result", result: 0n });
}

/** What a thread does besides that gives its CPU to another: it stays ready, or it sleeps. */
const [SWITCH_NONE, SWITCH_WAIT] = [0n, 2n];

/** Gives the CPU to a thread, if that is ready and the policy heeds it, else to whoever is next. */
function threadSwitch(context: SyscallContext): Outcome {
  const { k, thread, args: [number = 0n, option = 0n, time = 0n] } = context;
  const waits = option === SWITCH_WAIT;
  if (!waits && option !== SWITCH_NONE) return fail(context, KernReturn.INVALID_ARGUMENT);
  const until = waits ? timeAfter(k, time) : null;
  if (until === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  if (number !== 0n) {
    const target = ownThread(context, number);
    if (typeof target === "number") return fail(context, target);
    if (k.policy.yieldTo(thread.id, target.id)) {
      k.events.emit({ type: "handoff", thread: thread.ref, to: target.ref });
    }
  }
  const then = { name: "syscall_result", result: 0n } as const;
  if (until === null) return yieldAt("syscall_continuation", then);
  k.waitUntil(thread, { kind: "time", until });
  return blockAt("syscall_continuation", then);
}

/** Calls 25 to 30, and 39. */
export const schedulingSyscalls: SyscallTable = [
  [25, { name: "thread_set_parameters", args: 3, run: setParameters }],
  [26, {
    name: "thread_get_parameters",
    args: 3,
    run: getParameters((_, target) => target.parameters),
  }],
  [27, { name: "wait_until_next_period", args: 1, run: waitUntilNextPeriod }],
  [28, { name: "thread_job_info", args: 3, run: jobInfo }],
  [29, { name: "sleep_until", args: 1, run: sleepUntil }],
  [30, { name: "thread_switch", args: 3, run: threadSwitch }],
  [39, {
    name: "thread_effective_parameters",
    args: 3,
    run: getParameters((k, target) => k.locks.parameters(target)),
  }],
];
