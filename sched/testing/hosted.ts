/**
 * A policy under a host whose clock stands still, as tests call it.
 *
 * @module
 */
import { type HostOptions, SoundPolicy } from "../host/mod.ts";
import type { ParameterOptions } from "../parameters.ts";
import { RoundRobin } from "../policies/sharing/round_robin.ts";
import type { Policy, ReadyReason, StopReason, ThreadId } from "../policy.ts";

/** How a thread becomes ready, and its parameters if it is new. */
export interface ReadyOptions extends ParameterOptions {
  /** Why; it starts if absent. */
  readonly reason?: ReadyReason;
  /** CPU time until it blocks; 0 if absent. */
  readonly burst?: number;
  /** When its job was due; unknown if absent. */
  readonly released?: number;
}

/** A host that admits threads when they are first ready. */
export class Hosted {
  /** The host itself. */
  readonly host: SoundPolicy;
  /** The time. */
  now = 0;
  readonly #known = new Set<ThreadId>();

  /** Hosts a policy. */
  constructor(policy: Policy, options: Partial<HostOptions> = {}) {
    this.host = new SoundPolicy(policy, {
      now: () => this.now,
      fallback: () => new RoundRobin({ quantum: 100 }),
      ...options,
    });
  }

  /** Makes a thread ready. */
  ready(thread: ThreadId, options: ReadyOptions = {}): void {
    const { reason = "start", burst = 0, released, priority = 10, ...others } = options;
    if (!this.#known.has(thread)) this.host.admit(thread, { priority, ...others });
    this.#known.add(thread);
    this.host.enqueue(thread, { reason, burst, released: released ?? null });
  }

  /** A CPU gets the thread that is picked. */
  run(cpu = 0): ThreadId | null {
    const thread = this.host.pick(cpu);
    if (thread !== null) this.host.running(thread, cpu);
    return thread;
  }

  /** Time goes on for a running thread; returns whether it must give way. */
  tick(thread: ThreadId, elapsed: number, cpu = 0): boolean {
    this.now += elapsed;
    return this.host.tick(thread, { cpu, elapsed });
  }

  /** A running thread stops. */
  stop(thread: ThreadId, options: { elapsed?: number; reason?: StopReason; cpu?: number } = {}) {
    const { elapsed = 0, reason = "quantum", cpu = 0 } = options;
    this.now += elapsed;
    this.host.stopping(thread, { cpu, elapsed, reason });
  }

  /** Picks until nothing is ready. */
  picks(): ThreadId[] {
    const order: ThreadId[] = [];
    for (let each = this.host.pick(0); each !== null; each = this.host.pick(0)) order.push(each);
    return order;
  }
}
