// Every policy of the registry, driven at random, with a copy from a snapshot that is to go on alike.
import { assertEquals } from "@std/assert";
import type { ParameterOptions } from "../parameters.ts";
import type { ReadyReason } from "../policy.ts";
import { Hosted } from "../testing/hosted.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { Random } from "../../util/random.ts";
import { createPolicy, policyNames } from "./registry.ts";

/** Parameters for every kind of policy; some threads have few. */
function parameters(random: Random, cpus: number): ParameterOptions {
  const period = random.between(10, 60);
  const affinity = random.below(4) === 0 && cpus > 1 ? [random.below(cpus)] : null;
  const common = { priority: random.below(5), weight: random.between(1, 900), affinity };
  if (random.below(3) === 0) return common;
  const budget = random.below(4) === 0 ? 0 : random.between(1, 8);
  return { ...common, period, deadline: period - random.below(3), budget };
}

/** A machine in a test's hands: does at random what hosts do. */
class Driver {
  readonly states = new Map<number, "ready" | "asleep" | number>();
  /** Numbers of threads that live, or may come next: none is used again. */
  readonly #numbers = Array.from({ length: 10 }, (_, thread) => thread);
  #next = 10;

  constructor(readonly cpus: number, readonly on: Hosted[]) {}

  /** Does the same with all hosts, which are to answer alike. */
  #all<T>(action: (on: Hosted) => T): T {
    const [first, ...others] = this.on.map(action);
    for (const other of others) assertEquals(other, first);
    return first!;
  }

  step(random: Random): void {
    const { states, cpus } = this;
    const elapsed = random.below(6);
    for (const on of this.on) on.now += elapsed;
    for (const [thread, cpu] of states) {
      if (typeof cpu !== "number") continue;
      if (this.#all(({ host }) => host.tick(thread, { cpu, elapsed }))) {
        this.#stop(thread, cpu, "preempted");
      }
    }
    const slot = random.below(10);
    const thread = this.#numbers[slot]!;
    const state = states.get(thread);
    const given = parameters(random, cpus);
    const choice = random.below(8);
    if (state === undefined) {
      this.#all(({ host }) => host.admit(thread, given));
      this.#enqueue(thread, "start");
    } else if (state === "asleep" && choice === 0) {
      this.#all(({ host }) => host.forget(thread));
      states.delete(thread);
      this.#numbers[slot] = this.#next++;
    } else if (state === "asleep") {
      this.#enqueue(thread, choice < 4 ? "wakeup" : "release");
    } else if (choice === 1) {
      this.#all(({ host }) => host.update(thread, given));
    } else if (state === "ready" && choice === 2) {
      assertEquals(this.#all(({ host }) => host.dequeue(thread)), true);
      states.set(thread, "asleep");
    } else if (typeof state === "number" && choice < 7) {
      this.#stop(thread, state, (["yielded", "preempted", "blocked"] as const)[choice % 3]!);
    }
    for (let cpu = 0; cpu < cpus; cpu++) {
      if ([...states.values()].includes(cpu)) continue;
      const picked = this.#all((on) => on.run(cpu));
      if (picked === null) continue;
      assertEquals(states.get(picked), "ready");
      states.set(picked, cpu);
      this.#all(({ host }) => host.slice(picked, cpu));
    }
    this.#all(({ host }) => [host.timerAt, host.fault, host.size]);
  }

  #enqueue(thread: number, reason: ReadyReason): void {
    const cpu = this.#all(({ host }) => host.enqueue(thread, { reason }));
    this.states.set(thread, "ready");
    const running = [...this.states].find(([, state]) => state === cpu);
    if (running === undefined || reason === "preempt" || reason === "yield") return;
    if (this.#all(({ host }) => host.preempts(thread, cpu))) {
      this.#stop(running[0], cpu, "preempted");
    }
  }

  #stop(thread: number, cpu: number, reason: "yielded" | "preempted" | "blocked"): void {
    this.#all(({ host }) => host.stopping(thread, { cpu, elapsed: 0, reason }));
    this.states.set(thread, "asleep");
    if (reason !== "blocked") this.#enqueue(thread, reason === "yielded" ? "yield" : "preempt");
  }
}

for (const name of policyNames()) {
  Deno.test(`${name}, a policy with what another has saved goes on as that one`, () => {
    for (let seed = 0; seed < sweep({ quick: 12, full: 1000 }); seed++) {
      const random = new Random(seed);
      const cpus = random.between(1, 3);
      const make = (): Hosted => new Hosted(createPolicy(name), { cpus });
      const driver = new Driver(cpus, [make()]);
      for (let count = random.between(5, 60); count > 0; count--) driver.step(random);
      const [on] = driver.on;
      const copy = make();
      // What it remembers is no matter: it is of other threads, and of a later time.
      copy.now = 5_000;
      for (let thread = 0; thread < 14; thread++) copy.ready(thread, parameters(random, cpus));
      for (let cpu = 0; cpu < cpus; cpu++) {
        const thread = copy.run(cpu);
        if (thread !== null) copy.stop(thread, { cpu, elapsed: 7, reason: "blocked" });
        copy.run(cpu);
      }
      copy.now = on!.now;
      copy.host.restore(on!.host.save());
      assertEquals(copy.host.save(), on!.host.save(), `seed ${seed}`);
      driver.on.push(copy);
      for (let count = 0; count < 60; count++) driver.step(random);
      assertEquals(copy.host.save(), on!.host.save(), `seed ${seed}`);
      assertEquals(on!.host.fault, null);
    }
  });
}
