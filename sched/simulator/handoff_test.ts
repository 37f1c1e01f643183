// What threads say of each other as they give up the CPU or wake each other: hints to the policy.
import { assertEquals } from "@std/assert";
import { createPolicy } from "../policies/registry.ts";
import { tellingHints } from "../testing/hints.ts";
import { simulate } from "./simulator.ts";
import type { Step, ThreadSpec, Workload } from "./workload.ts";

const run = (time: number): Step => ({ type: "run", time });
const to = (name: string): Step => ({ type: "yield", to: name });

function thread(name: string, steps: Step[], more: Partial<ThreadSpec> = {}): ThreadSpec {
  return { name, steps, ...more };
}

/** Who got the CPU, and who was handed it, in order: "b", "a>c". */
function order(workload: Workload, policy = "mach"): string {
  const name = (id: number): string => workload.threads[id]!.name;
  const told: string[] = [];
  for (const event of simulate(workload, createPolicy(policy))) {
    if (event.type === "dispatch") told.push(name(event.thread));
    if (event.type === "handoff") told.push(`${name(event.thread)}>${name(event.to)}`);
  }
  return told.join(" ");
}

Deno.test("yield to a thread, it has the CPU next where the policy heeds that, else whoever is next", () => {
  const threads = [
    thread("a", [run(1), to("c"), run(1)]),
    thread("b", [run(1)]),
    thread("c", [run(1)], { priority: 0 }),
  ];
  assertEquals(order({ threads }), "a a>c c b a");
  assertEquals(order({ threads }, "rr"), "a b c a");
});

Deno.test("yield to a thread, one that is not ready gets nothing", () => {
  const steps = [run(1), to("late"), to("a"), to("sleeper"), to("unborn"), run(1)];
  const threads = [
    thread("a", [...steps, { type: "start", thread: "unborn" }]),
    thread("sleeper", [{ type: "sleep", time: 9 }], { priority: 200 }),
    thread("b", [run(1)]),
    thread("late", [run(1)], { arrival: 50 }),
    thread("unborn", [run(1)], { arrival: "started" }),
  ];
  assertEquals(order({ threads }), "sleeper a b a a a a unborn sleeper late");
});

Deno.test("yield to a thread, a handoff is not to a CPU where it may not run", () => {
  const threads = [
    thread("a", [run(1), to("c"), run(1)], { affinity: [0] }),
    thread("b", [run(9)], { affinity: [1] }),
    thread("c", [run(1)], { affinity: [1] }),
    thread("d", [run(3)], { affinity: [0] }),
  ];
  const events = [...simulate({ threads }, createPolicy("mach"), { cpus: 2 })];
  assertEquals(events.filter(({ type }) => type === "handoff"), []);
});

Deno.test("release and acquire at once, the woken thread has the CPU of one that blocks", () => {
  const call: Step = { type: "release", semaphore: "request", acquire: "reply" };
  const serve: Step = { type: "release", semaphore: "reply", acquire: "request" };
  const workload: Workload = {
    semaphores: [{ name: "request" }, { name: "reply" }],
    threads: [
      thread("server", [{ type: "acquire", semaphore: "request" }, run(1), serve, run(1), serve]),
      thread("client", [run(1), call, call]),
      thread("other", [run(1), { type: "yield" }, run(1)]),
    ],
  };
  assertEquals(order(workload), "server client server client server client other other");
  assertEquals(order(workload, "rr"), "server client other server other client server client");
  const blocks = [...simulate(workload, createPolicy("mach"))].flatMap((event) =>
    event.type === "block" ? [`${event.thread} ${event.on?.name}`] : []
  );
  assertEquals(
    blocks,
    ["0 request", "1 reply", "0 request", "1 reply", "0 request"],
  );
});

Deno.test("simulate, tells a policy who wakes whom, and whether the waker blocks", () => {
  const workload: Workload = {
    mutexes: [{ name: "m" }],
    conditions: [{ name: "c" }],
    semaphores: [{ name: "s" }, { name: "t" }, { name: "full", count: 1 }],
    threads: [
      thread("a", [
        { type: "lock", mutex: "m" },
        run(1),
        { type: "yield" },
        { type: "wait", condition: "c", mutex: "m" },
        { type: "unlock", mutex: "m" },
        { type: "release", semaphore: "s", acquire: "full" },
        { type: "yield" },
        { type: "release", semaphore: "s", acquire: "t" },
      ]),
      thread("b", [
        { type: "lock", mutex: "m" },
        { type: "start", thread: "d" },
        { type: "signal", condition: "c" },
        { type: "unlock", mutex: "m" },
        ...[1, 2].map((): Step => ({ type: "acquire", semaphore: "s" })),
        { type: "release", semaphore: "t" },
        { type: "sleep", time: 3 },
      ]),
      thread("d", [run(1)], { arrival: "started" }),
    ],
  };
  const told: string[] = [];
  const nameOf = (id: number): string => workload.threads[id]!.name;
  const policy = tellingHints(createPolicy("rr"), told, nameOf);
  assertEquals([...simulate(workload, policy)].length > 0, true);
  assertEquals(told, [
    ...["b by a: sync", "d by b: none", "a by b: none"],
    ...["b by a: none", "b by a: handoff", "a by b: none"],
  ]);
});
