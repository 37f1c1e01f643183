/**
 * A kernel's policy, held to its contract: what it may ask of the kernel, and what is told of it.
 *
 * @module
 */

import { plainText, type PolicyFault, SoundPolicy } from "../../sched/host/mod.ts";
import { RoundRobin } from "../../sched/policies/sharing/round_robin.ts";
import type { Policy } from "../../sched/policy.ts";
import type { PolicyFaultEvent } from "../../trace/events.ts";
import type { PerCpu } from "../per_cpu.ts";
import { CPUS } from "../thread/parameters.ts";
import type { TimerKind } from "./timers.ts";

/** Quanta a ready thread may wait under a policy of the user's that does not say how long. */
const STARVATION_QUANTA = 10_000;

/** A policy, and what a kernel was told of it. */
export interface PolicyOptions {
  /** Scheduling policy, a new one. */
  readonly policy: Policy;
  /** Whether that is one the user gave. */
  readonly ownPolicy: boolean;
  /** Instructions between timer interrupts. */
  readonly quantum: number;
  /** Seed of its random numbers. */
  readonly seed: number;
  /** How the timer works. */
  readonly timer: TimerKind;
}

/** What a policy reaches of the kernel. */
export interface PolicyReach {
  /** Instant of the decision. */
  readonly now: () => number;
  /** A CPU; a policy that is being attached hears of none yet. */
  readonly cpu: (id: number) => PerCpu | undefined;
  /** It was put out. */
  readonly onFault: (fault: PolicyFault) => void;
}

/** Has a policy looked after, whatever it does. */
export function hostPolicy(
  { policy, ownPolicy, quantum, seed, timer }: PolicyOptions,
  { now, cpu, onFault }: PolicyReach,
): SoundPolicy {
  return new SoundPolicy(policy, {
    cpus: CPUS,
    now,
    seed,
    timeout: ownPolicy ? STARVATION_QUANTA * quantum : Infinity,
    fallback: () =>
      new RoundRobin(timer === "one-shot" ? { quantum } : { quantum, tickInterval: quantum }),
    kick: (id) => {
      const on = cpu(id);
      // One whose thread has just given way picks anyway.
      if (on === undefined || on.isIdle || on.current.state !== "running") return;
      on.current.postAst("quantum", { preempted: true });
    },
    onFault,
  });
}

/** What the event stream tells of a policy that was put out. */
export function faultEvent(
  { policy, call, arguments: given, why, state }: PolicyFault,
): PolicyFaultEvent {
  return {
    type: "policy-fault",
    policy,
    call,
    arguments: plainText(given),
    reason: why,
    state: plainText(state),
  };
}
