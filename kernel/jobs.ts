/**
 * What happens to the jobs of periodic threads: releases and deadlines, at their instants.
 *
 * @module
 */

import type { ThreadParameters } from "../sched/parameters.ts";
import type { Kernel } from "./kernel.ts";
import { Jobs } from "./thread/jobs.ts";
import { TIME_LIMIT } from "./thread/parameters.ts";
import type { Thread } from "./thread/thread.ts";

/** Begins the jobs of a thread that has a period; the first is released at a time. */
export function beginJobs(k: Kernel, thread: Thread, first: number): Jobs {
  const jobs = new Jobs(first, thread.parameters.period);
  thread.setJobs(jobs);
  watchDeadline(k, thread);
  return jobs;
}

/** A thread has no jobs any more; if it waits for a release, that still comes. */
function endJobs(k: Kernel, thread: Thread): void {
  thread.setJobs(null);
  watchDeadline(k, thread);
}

/**
 * A thread gets other parameters. Another relative deadline holds for the job in progress, too;
 * with another period that is done, and jobs begin anew.
 */
export function changeParameters(k: Kernel, thread: Thread, parameters: ThreadParameters): void {
  const ends = thread.jobs !== null && thread.jobs.record.period !== parameters.period;
  if (ends) completeJob(k, thread);
  k.setParameters(thread, parameters);
  if (ends) endJobs(k, thread);
  else watchDeadline(k, thread);
}

/** Looks out for the deadline that is decided next. */
function watchDeadline(k: Kernel, thread: Thread): void {
  const { jobs, parameters: { deadline } } = thread;
  const at = deadline === 0 || jobs === null
    ? Infinity
    : jobs.releaseOf(jobs.record.undecided) + deadline;
  k.timers.setDeadline(thread.id, at <= TIME_LIMIT ? at : Infinity);
}

/** The next job of a thread begins: its time of release has come, or came a while ago. */
export function beginJob(k: Kernel, thread: Thread, late: boolean): void {
  const { jobs } = thread;
  if (jobs === null) return;
  jobs.begin(late);
  const { job } = jobs.record;
  k.events.emit({ type: "job-release", of: thread.ref, job, release: jobs.releaseOf(job) });
}

/** The job in progress is done, at the instant of the decision. */
export function completeJob(k: Kernel, thread: Thread): void {
  const { jobs, parameters } = thread;
  if (jobs === null || !jobs.working) return;
  const { job, undecided } = jobs.record;
  const release = jobs.releaseOf(job);
  const deadline = parameters.deadline === 0 ? null : release + parameters.deadline;
  const done = k.decisions.instant;
  // Only code that runs long with interrupts off finds the interrupt not taken yet.
  if (deadline !== null && deadline < done && undecided === job) missDeadline(k, thread);
  jobs.complete();
  watchDeadline(k, thread);
  const lateness = deadline === null ? null : done - deadline;
  k.events.emit({ type: "job-complete", of: thread.ref, job, release, deadline, lateness });
}

/** A deadline has passed without its job's being done. */
export function missDeadline(k: Kernel, thread: Thread): void {
  const { jobs, parameters } = thread;
  if (jobs === null) return;
  const job = jobs.record.undecided;
  const release = jobs.releaseOf(job);
  jobs.miss();
  watchDeadline(k, thread);
  const deadline = release + parameters.deadline;
  k.events.emit({ type: "deadline-miss", of: thread.ref, job, release, deadline });
}

/** Finds the deadlines again of threads that were restored. */
export function rewatchDeadlines(k: Kernel): void {
  k.timers.clear();
  for (const thread of k.threads) {
    if (thread.state === "dead") continue;
    watchDeadline(k, thread);
    if (thread.wait?.kind === "release") k.timers.addRelease(thread.id, thread.wait.until);
  }
}
