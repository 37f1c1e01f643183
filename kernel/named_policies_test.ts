// Every policy of the registry, on the machine.
import { assertEquals } from "@std/assert";
import { policyNames } from "../sched/policies/registry.ts";
import { everySecond } from "../util/testing/sweep.ts";
import { Machine } from "./machine.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot/mod.ts";
import { ARCH_NAMES } from "./testing/programs.ts";
import { BUDGET, Session } from "./testing/session.ts";

for (const arch of ARCH_NAMES) {
  // The quick sweep has each policy on one architecture.
  for (const policy of everySecond(policyNames(), ARCH_NAMES.indexOf(arch))) {
    const make = (): Session =>
      new Session({ arch, programs: ["threads", "fpmix", "spinner 3000"], quantum: 500, policy });

    Deno.test(`MachineOptions.policy ${arch}, ${policy} runs every program to its end`, () => {
      using session = make();
      assertEquals(session.finish().reason, "all tasks have ended");
      assertEquals(session.machine.kernel.policy.name, policy);
      assertEquals(session.machine.kernel.policy.fault, null);
      for (const name of ["threads", "fpmix", "spinner"]) {
        assertEquals(session.ending(name), "exit 0");
      }
    });

    Deno.test(`Machine.snapshot ${arch}, ${policy} goes on from it as it would have`, () => {
      using whole = make();
      whole.machine.run(60_000);
      const snapshot = encodeSnapshot(whole.machine.snapshot());
      const before = whole.events.length;
      whole.finish();
      const events: unknown[] = [];
      const sinks = [{ write: (event: unknown) => void events.push(event) }];
      using other = Machine.from(decodeSnapshot(snapshot), { sinks });
      assertEquals(other.run(BUDGET).kind, "halted");
      assertEquals(events, whole.events.slice(before));
    });
  }
}
