import { assert, assertEquals } from "@std/assert";
import { policyNames } from "../sched/mod.ts";
import {
  decisionRate,
  lockCost,
  LOCKING,
  passRate,
  policyCost,
  queueCost,
  QUEUES,
} from "./scheduling.ts";

Deno.test("decisionRate, makes the decisions it is asked for", () => {
  for (const [cpus, statistics] of [[1, false], [4, false], [4, true]] as const) {
    const options = { threads: 50, cpus, decisions: 5_000, statistics };
    const { decisions, perSecond } = decisionRate("rr", options);
    assert(decisions >= 4_900 && decisions <= 5_100, `${decisions}`);
    assert(perSecond > 0);
  }
});

Deno.test("queueCost, knows every queue", () => {
  for (const name of Object.keys(QUEUES)) assert(queueCost(name, 10, 100) > 0);
  assertEquals(Object.keys(QUEUES), ["run queues", "ordered queue", "timelines"]);
});

Deno.test("lockCost, knows every use of locks", () => {
  for (const name of Object.keys(LOCKING)) assert(lockCost(name, 10, 100) > 0);
});

Deno.test("policyCost, knows every policy", () => {
  for (const name of policyNames()) assert(policyCost(name, 10, 20) > 0);
});

Deno.test("passRate, a thread that waits for a mutex is not looked ahead for anew", () => {
  // With 10,000 steps looked at each time it was 7,000 a second; it is above 300,000.
  assert(passRate("inherit", 20_000) > 30_000);
});
