/**
 * What the guest kernel asks of the kernel's part in TypeScript, and the idle thread's asking for
 * work.
 *
 * @module
 */

import { hex } from "../arch/physical_memory.ts";
import { apply, goOn, leaveIdle } from "./dispatch.ts";
import type { Kernel } from "./kernel.ts";
import type { PerCpu } from "./per_cpu.ts";
import type { Wait } from "./thread/continuation.ts";
import { describeWait } from "./thread/describe.ts";
import { type Outcome, panicKernel, resume } from "./thread/outcome.ts";
import type { Thread } from "./thread/thread.ts";
import { handleTrap } from "./trap/traps.ts";

/**
 * Fewer zeroed frames than this and the page-zero thread uses the time when there is nothing else
 * to do.
 */
const ZEROED_LOW = 4;

/** Numbers of the hypercalls, read from the image. */
interface Numbers {
  readonly trap: number;
  readonly continuation: number;
  readonly result: number;
  readonly idle: number;
}

/** Serves the hypercalls of one machine. */
export class Hypercalls {
  readonly #kernel: Kernel;
  readonly #numbers: Numbers;

  /** For a kernel. */
  constructor(kernel: Kernel) {
    const { image } = kernel.arch;
    this.#kernel = kernel;
    this.#numbers = {
      trap: image.constant("HC_TRAP"),
      continuation: image.constant("HC_CONTINUATION"),
      result: image.constant("HC_RESULT"),
      idle: image.constant("HC_IDLE"),
    };
  }

  /** Does what the guest asks for: it waits in a hypercall, and has its answer after that. */
  serve(on: PerCpu): void {
    const k = this.#kernel;
    const number = on.cpu.hypercall();
    if (k.timers.oneShot) this.#setInstant(on, number);
    if (number === this.#numbers.idle) this.#idle(on);
    else apply(k, on, this.#decide(on, number));
    k.decisions.decideAt(null);
  }

  /**
   * With a one-shot timer: a trap is decided about as of its entry, the idle thread's work as of
   * when it became due.
   */
  #setInstant(on: PerCpu, number: number): void {
    const k = this.#kernel;
    if (number === this.#numbers.trap) {
      k.decisions.decideAt(Math.max(on.cpu.enteredAt, on.charged) + k.clock.skipped);
    } else if (number === this.#numbers.idle) {
      k.decisions.decideAt(on.decision);
      on.decision = null;
    }
  }

  /** What the kernel wants to happen after a hypercall of the thread that runs on a CPU. */
  #decide(on: PerCpu, number: number): Outcome {
    const k = this.#kernel;
    const { trap, continuation, result } = this.#numbers;
    const thread = on.current;
    switch (number) {
      case trap:
        return handleTrap(k, thread, on.cpu.hypercallWord(0));
      case continuation:
        return goOn(thread);
      case result: {
        const then = thread.popCall();
        if (then !== undefined) return resume(then, on.cpu.hypercallWord(0));
      }
    }
    return panicKernel(`unexpected hypercall ${number} from ${hex(on.cpu.pc)}`);
  }

  /**
   * The idle thread asks for work; if there is none, time moves on to the next device interrupt or
   * deadline.
   */
  #idle(on: PerCpu): void {
    const k = this.#kernel;
    const spare = k.pageFrames.available > k.pageFrames.low;
    if (spare && k.zeroed.length < ZEROED_LOW) k.wake("pageZero");
    if (leaveIdle(k, on)) return;
    k.decisions.decideAt(null);
    if (k.timers.active) k.decisions.arm(on);
    const device = k.clock.nextDevice;
    const sleeper = k.sleepers.next;
    const { timerAt } = k.policy;
    const due = Math.min(device ?? Infinity, sleeper ?? Infinity, timerAt, k.clock.alarm);
    if (due === Infinity && !on.cpu.interruptPending && !k.policy.stuck()) {
      this.#tellBlocked();
      k.halt("Deadlock: every thread is blocked and nothing is due");
      return;
    }
    on.cpu.answer(k.label("idle_again"));
    if (on.cpu.interruptPending || due === Infinity) return;
    k.clock.skipTo(due);
    k.events.emit({ type: "idle", until: k.clock.now });
  }

  /**
   * Tells of each blocked thread of a task what it waits for; the kernel's own always wait for
   * something to do.
   */
  #tellBlocked(): void {
    const k = this.#kernel;
    for (const thread of k.threads) {
      const { ref, task, wait, resume, label } = thread;
      if (task === k.kernelTask || wait === null || resume === null) continue;
      k.events.emit({
        type: "blocked",
        thread: ref,
        wait: describeBlocked(k, thread, wait),
        continuation: resume.name,
        label: label === null ? 0n : k.label(label),
      });
    }
  }
}

/** What a thread waits for, and who keeps it from that. */
function describeBlocked(k: Kernel, thread: Thread, wait: Wait): string {
  const text = describeWait(wait);
  const mutex = k.locks.obstacle(thread);
  if (mutex === null) return text;
  const owner = `which thread ${k.locks.owner(mutex)} holds`;
  const same = wait.kind === "mutex" && wait.object === mutex;
  return same ? `${text}, ${owner}` : `${text}, and the ceiling of mutex ${mutex}, ${owner}`;
}
