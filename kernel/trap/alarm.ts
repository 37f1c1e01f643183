/**
 * The one-shot timer's interrupt: what is due happens at its instant, however late the interrupt is
 * taken. An instant's threads become ready in the order of their numbers, then the policy's timer
 * is called, then it is asked about the running thread; deadlines that have passed come last.
 *
 * @module
 */

import { beginJob, missDeadline } from "../jobs.ts";
import type { Kernel } from "../kernel.ts";
import type { PerCpu } from "../per_cpu.ts";
import type { Thread } from "../thread/thread.ts";

/** So many instants in one interrupt are taken for ever. */
const MOST_INSTANTS = 10_000;

/** Handles the interrupt, which `thread` was interrupted by. */
export function handleAlarm(k: Kernel, thread: Thread): void {
  const on = k.cpuOf(thread);
  k.clock.acknowledgeAlarm();
  const taken = k.decisions.instant;
  if (!k.timers.oneShot) {
    while (k.timers.next <= taken) happen(k, k.timers.next);
    k.decisions.decideAt(null);
    return;
  }
  if (on.isIdle) {
    const due = k.decisions.nextWake();
    if (due > taken) return;
    happen(k, due);
    // The next instant waits until the idle thread has looked for work.
    on.decision = due;
  } else {
    // Until its first instruction the thread cannot give way; a thread of the kernel's never does.
    const stays = on.fresh || thread.task === k.kernelTask;
    const next = (): number => stays ? k.decisions.nextWake() : k.decisions.nextDue(on);
    let instants = 0;
    for (let due = next(); due <= taken; due = next()) {
      happen(k, due);
      if (++instants > MOST_INSTANTS) k.policy.stalled(instants);
      if (stays || !ask(k, on, due)) continue;
      on.decision = due;
      return;
    }
    if (stays) {
      k.decisions.decideAt(taken);
      if (thread.task !== k.kernelTask && ask(k, on, taken)) on.decision = taken;
    }
  }
  if (on.decision === null) k.decisions.decideAt(taken);
}

/**
 * What is due at the very instant at which a thread leaves user mode by itself happens before that,
 * though the processor enters the exception and not the interrupt; but a job that is done then is
 * in time.
 */
export function happenBefore(k: Kernel): void {
  const { instant } = k.decisions;
  if (k.decisions.nextWake() === instant) become(k, instant);
}

/** Everything happens that is due at an instant, but for what becomes of the running thread. */
function happen(k: Kernel, due: number): void {
  become(k, due);
  const { timers } = k;
  for (let id = timers.passedDeadline(due); id !== null; id = timers.passedDeadline(due)) {
    missDeadline(k, k.thread(id));
  }
}

/** Threads become ready at an instant, and the policy's timer is called. */
function become(k: Kernel, due: number): void {
  k.decisions.decideAt(due);
  const { timers, policy } = k;
  const ready: number[] = timers.oneShot ? k.sleepers.takeDue(due) : [];
  for (let id = timers.takeRelease(due); id !== null; id = timers.takeRelease(due)) ready.push(id);
  for (const id of ready.sort((a, b) => a - b)) {
    const thread = k.thread(id);
    if (thread.wait?.kind !== "release") {
      k.expire(thread);
      continue;
    }
    beginJob(k, thread, false);
    k.makeReady(thread, "awakened", "release");
  }
  if (timers.oneShot) {
    if (policy.timerAt <= due) policy.runTimer();
    if (policy.starvesAt <= due) policy.watch();
  }
}

/** Asks the policy at an instant whether the running thread gives way, if that is a question. */
function ask(k: Kernel, on: PerCpu, at: number): boolean {
  const thread = on.current;
  if (!thread.asts.has("quantum") && k.decisions.sliceEnd(on) > at) return false;
  k.decisions.decideAt(at);
  if (k.decisions.tick(on)) thread.postAst("quantum");
  return thread.asts.has("quantum");
}
