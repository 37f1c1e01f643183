/**
 * A policy under a host to whose threads all kinds of things happen, several before any CPU picks.
 *
 * @module
 */
import type { SoundPolicy } from "../host/mod.ts";
import type { ParameterOptions } from "../parameters.ts";
import { createPolicy } from "../policies/registry.ts";
import type { ReadyReason } from "../policy.ts";
import type { Random } from "../../util/random.ts";
import { Hosted } from "./hosted.ts";

/** What is so when all CPUs have picked; the same object each time. */
export interface Calm {
  readonly host: SoundPolicy;
  readonly cpus: number;
  readonly ready: ReadonlySet<number>;
  /** Threads by CPU. */
  readonly running: ReadonlyMap<number, number>;
}

/** A list of CPUs, or `null` for all. */
export function someCpus(random: Random, cpus: number): readonly number[] | null {
  const list = Array.from({ length: cpus }, (_, cpu) => cpu).filter(() => random.below(3) > 0);
  return list.length === 0 || random.below(2) === 0 ? null : list;
}

/**
 * Drives a policy on 1 to 4 CPUs.
 * @param given makes parameters
 * @throws {Error} if the policy is put out, or has CPUs preempt each other for ever
 */
export function* turmoil(
  name: string,
  random: Random,
  given: (random: Random, cpus: number) => ParameterOptions,
): Generator<Calm, void, void> {
  const cpus = random.between(1, 4);
  const kicked = new Set<number>();
  const on = new Hosted(createPolicy(name), { cpus, kick: (cpu) => kicked.add(cpu) });
  const { host } = on;
  const running = new Map<number, number>();
  const ready = new Set<number>();
  const asleep = new Set<number>();
  const enqueue = (thread: number, reason: ReadyReason): void => {
    const cpu = host.enqueue(thread, { reason });
    asleep.delete(thread);
    ready.add(thread);
    if (host.preempts(thread, cpu)) kicked.add(cpu);
    // As hosts do, idle CPUs look for work.
    for (let idle = 0; idle < cpus; idle++) if (!running.has(idle)) kicked.add(idle);
  };
  const stop = (cpu: number, reason: "preempted" | "yielded" | "blocked"): void => {
    const thread = running.get(cpu)!;
    running.delete(cpu);
    host.stopping(thread, { cpu, elapsed: 0, reason });
    kicked.add(cpu);
    if (reason === "blocked") asleep.add(thread);
    else enqueue(thread, reason === "yielded" ? "yield" : "preempt");
  };
  const happens = (): void => {
    const thread = random.below(10);
    const cpu = [...running].find(([, each]) => each === thread)?.[0];
    const choice = random.below(3);
    if (cpu !== undefined && choice > 0) stop(cpu, choice === 1 ? "yielded" : "blocked");
    else if (asleep.has(thread)) enqueue(thread, "wakeup");
    else if (cpu !== undefined || ready.has(thread)) host.update(thread, given(random, cpus));
    else {
      host.admit(thread, given(random, cpus));
      enqueue(thread, "start");
    }
  };
  for (let step = 0; step < 80; step++) {
    const elapsed = random.below(4);
    on.now += elapsed;
    for (const [cpu, thread] of [...running]) {
      if (host.tick(thread, { cpu, elapsed })) stop(cpu, "preempted");
    }
    host.runTimer();
    for (let count = random.between(1, 3); count > 0; count--) happens();
    for (let rounds = 0; kicked.size > 0; rounds++) {
      if (rounds === 100) throw new Error("CPUs preempt each other for ever");
      const cpu = Math.min(...kicked);
      kicked.delete(cpu);
      if (running.has(cpu)) stop(cpu, "preempted");
      kicked.delete(cpu);
      const thread = on.run(cpu);
      if (thread === null) continue;
      ready.delete(thread);
      running.set(cpu, thread);
    }
    if (host.fault !== null) throw new Error(host.fault.why);
    yield { host, cpus, ready, running };
  }
}
