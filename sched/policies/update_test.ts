// Parameters that change while a thread is ready or runs, as priority inheritance changes them.
import { assertEquals } from "@std/assert";
import type { ParameterOptions } from "../parameters.ts";
import { Hosted } from "../testing/hosted.ts";
import { createPolicy } from "./registry.ts";

const URGENT: ParameterOptions = { priority: 200, period: 100, deadline: 100, budget: 10 };
const MILD: ParameterOptions = { priority: 100, period: 900, deadline: 900, budget: 10 };
const IDLE: ParameterOptions = { priority: 50, period: 1_000, deadline: 1_000, budget: 10 };

/** Policies by priority or deadline; the last is not global. */
const NAMES = [
  ...["priority", "rm", "dm", "edf", "llf", "cbs", "deadline", "sporadic", "linux", "mach", "pedf"],
];

for (const name of NAMES) {
  const make = (cpus = 1): { on: Hosted; kicked: number[]; settle: () => void } => {
    const kicked: number[] = [];
    const on = new Hosted(createPolicy(name), { cpus, kick: (cpu) => kicked.push(cpu) });
    /** All that is due for threads that have just become ready is done. */
    const settle = (): void => {
      on.host.runTimer();
      kicked.length = 0;
    };
    return { on, kicked, settle };
  };

  Deno.test(`${name}, a ready thread that is raised takes the CPU at once`, () => {
    const { on, kicked, settle } = make();
    on.ready(1, MILD);
    assertEquals(on.run(), 1);
    on.ready(2, IDLE);
    assertEquals(on.host.preempts(2, 0), false);
    settle();
    on.host.update(2, URGENT);
    assertEquals([kicked, on.tick(1, 0)], [[0], true]);
    on.stop(1, { reason: "preempted" });
    on.ready(1, { reason: "preempt" });
    assertEquals([on.run(), on.host.fault], [2, null]);
  });

  Deno.test(`${name}, a ready thread that is raised to less than runs has nobody disturbed`, () => {
    const { on, kicked, settle } = make();
    on.ready(1, URGENT);
    on.run();
    on.ready(2, IDLE);
    on.ready(3, MILD);
    settle();
    on.host.update(2, { ...MILD, priority: 150, period: 800, deadline: 800 });
    assertEquals([kicked, on.tick(1, 0)], [[], false]);
    assertEquals(on.picks(), [2, 3]);
  });

  Deno.test(`${name}, a running thread that is lowered gives way to a more urgent one`, () => {
    const { on, kicked, settle } = make();
    on.ready(1, URGENT);
    on.run();
    on.ready(2, MILD);
    settle();
    on.host.update(1, IDLE);
    assertEquals([kicked, on.tick(1, 0)], [[0], true]);
    on.stop(1, { reason: "preempted" });
    on.ready(1, { reason: "preempt" });
    assertEquals(on.picks(), [2, 1]);
  });

  Deno.test(`${name}, a running thread that is lowered stays if it is still the most urgent`, () => {
    const { on, kicked, settle } = make();
    on.ready(1, URGENT);
    on.run();
    on.ready(2, IDLE);
    settle();
    on.host.update(1, MILD);
    assertEquals([kicked, on.tick(1, 0)], [[], false]);
  });

  Deno.test(`${name}, a thread that is raised while it waits is as urgent when it is ready`, () => {
    const { on, settle } = make();
    on.ready(1, MILD);
    on.run();
    on.host.admit(2, IDLE);
    settle();
    on.host.update(2, URGENT);
    on.host.enqueue(2, { reason: "start" });
    assertEquals(on.host.preempts(2, 0), true);
  });

  if (name === "pedf") continue;

  Deno.test(`${name}, with several CPUs a raised thread takes the least urgent one's`, () => {
    const { on, kicked, settle } = make(3);
    for (const [cpu, parameters] of [URGENT, IDLE, MILD].entries()) {
      on.ready(cpu, { ...parameters, affinity: [cpu] });
      on.run(cpu);
    }
    on.ready(3, { ...IDLE, priority: 20, period: 2_000, deadline: 2_000 });
    on.ready(4, { ...IDLE, priority: 10, period: 3_000, deadline: 3_000, affinity: [0, 2] });
    settle();
    on.host.update(3, { ...URGENT, priority: 150, period: 800, deadline: 800 });
    assertEquals(kicked, [1]);
    on.host.update(4, { ...URGENT, priority: 150, period: 800, deadline: 800, affinity: [0, 2] });
    assertEquals(kicked, [1, 2]);
  });
}
