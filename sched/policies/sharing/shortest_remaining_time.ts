/**
 * Shortest remaining time first, the preemptive shortest job first: of all threads the one runs
 * that needs the CPU for the shortest time from now on. Silberschatz, Galvin and Gagne, *Operating
 * System Concepts*, 10th ed., section 5.3.2. See also Arpaci-Dusseau, *Operating Systems: Three
 * Easy Pieces*, section 7.5, which calls it shortest time to completion first.
 *
 * @module
 */
import type { Charge, Placement, ThreadId } from "../../policy.ts";
import { ShortestJobFirst } from "./shortest_job_first.ts";

/** Runs the shortest rest of a burst; a thread that becomes ready with a shorter one preempts. */
export class ShortestRemainingTime extends ShortestJobFirst {
  /** Always `srtf`. */
  override readonly name = "srtf";

  /** The CPU whose thread has most left to run, idle ones before; the previous among equals. */
  selectCpu(thread: ThreadId, { previous }: Placement): number {
    const view = this.view!;
    if (view.running(previous) === null) return previous;
    let chosen = previous;
    let most = this.leftNow(view.running(previous)!);
    for (let cpu = 0; cpu < view.cpus; cpu++) {
      if (!view.allows(thread, cpu)) continue;
      const running = view.running(cpu);
      if (running === null) return cpu;
      const left = this.leftNow(running);
      if (left <= most) continue;
      chosen = cpu;
      most = left;
    }
    return chosen;
  }

  /** Gives way to a shorter burst, which is news only if its own lasts unexpectedly. */
  override tick(thread: ThreadId, charge: Charge): boolean {
    super.tick(thread, charge);
    return this.least < this.left(thread);
  }

  /** Until the burst should be over. */
  override slice(thread: ThreadId): number {
    return this.left(thread);
  }

  /** A strictly shorter burst takes the CPU at once. */
  preempts(candidate: ThreadId, running: ThreadId): boolean {
    return this.left(candidate) < this.leftNow(running);
  }
}
