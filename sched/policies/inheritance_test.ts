// The inversion of three threads under every policy by priority or deadline: without inheritance the
// most urgent waits for one that has nothing to do with it, with it for the owner alone.
import { assertEquals } from "@std/assert";
import { simulate, type ThreadSpec } from "../mod.ts";
import { createSpecifiedPolicy, parsePolicySpec } from "./policy_spec.ts";

/** When a thread of each urgency is done. */
function ends(
  policy: string,
  options: { protocol: "none" | "inherit"; budgets?: boolean },
): Record<string, number> {
  const { protocol, budgets = true } = options;
  const given: ThreadSpec[] = [
    {
      ...{ name: "low", priority: 50, period: 1_000, budget: 60 },
      steps: [
        ...[{ type: "lock", mutex: "m" } as const, { type: "run", time: 10 } as const],
        ...[{ type: "unlock", mutex: "m" } as const, { type: "run", time: 5 } as const],
      ],
    },
    {
      ...{ name: "high", arrival: 2, priority: 200, period: 100, budget: 30 },
      steps: [
        ...[{ type: "lock", mutex: "m" } as const, { type: "run", time: 5 } as const],
        { type: "unlock", mutex: "m" },
      ],
    },
    {
      ...{ name: "middle", arrival: 3, priority: 100, period: 400, budget: 150 },
      steps: [{ type: "run", time: 100 }],
    },
  ];
  const threads = given.map((thread) => budgets ? thread : { ...thread, budget: 0 });
  const list: Record<string, number> = {};
  const workload = { mutexes: [{ name: "m", protocol }], threads };
  for (const event of simulate(workload, createSpecifiedPolicy(parsePolicySpec(policy), {}))) {
    assertEquals(event.type === "policy-fault", false);
    if (event.type === "exit") list[threads[event.thread]!.name] = event.time;
  }
  return list;
}

const inherited = { high: 15, middle: 115, low: 120 };
const inverted = { middle: 103, high: 115, low: 120 };

for (
  const policy of ["priority", "rm", "dm", "edf", "llf", "cbs", "deadline", "sporadic", "pedf"]
) {
  Deno.test(`${policy}, who holds what a more urgent thread waits for is as urgent`, () => {
    assertEquals(ends(policy, { protocol: "inherit" }), inherited);
    assertEquals(ends(policy, { protocol: "none" }), inverted);
  });
}

Deno.test("linux, a thread of fair shares that a real-time one waits for is real-time", () => {
  const run = (protocol: "none" | "inherit"): Record<string, number> =>
    ends("linux:realtime=60", { protocol, budgets: false });
  assertEquals([run("inherit"), run("none")], [inherited, inverted]);
});
