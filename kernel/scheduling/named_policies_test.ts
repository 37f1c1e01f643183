// Every policy of the registry, on the machine: with pages that the kernel's threads bring in.
import { assertEquals } from "@std/assert";
import type { ParameterOptions } from "../../sched/parameters.ts";
import { policyNames } from "../../sched/policies/registry.ts";
import { everySecond, sweep } from "../../util/testing/sweep.ts";
import { Machine } from "../machine.ts";
import type { ModuleOptions } from "../machine_options.ts";
import { decodeSnapshot, encodeSnapshot, type Snapshot } from "../snapshot/mod.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { BUDGET, Session } from "../testing/session.ts";

/** A snapshot, in the full sweep one that has been in a file. */
const through = sweep({
  quick: (snapshot: Snapshot) => snapshot,
  full: (snapshot: Snapshot) => decodeSnapshot(encodeSnapshot(snapshot)),
});

for (const arch of ARCH_NAMES) {
  const program = (commandLine: string, parameters: ParameterOptions): ModuleOptions => ({
    commandLine,
    bytes: programFile(commandLine.split(" ")[0] ?? "", arch),
    parameters,
  });
  // One that computes long has the earliest deadline and the highest priority of user threads.
  const programs = [
    program("mapfile", { period: 90_000, budget: 60_000 }),
    program("threads", {}),
    program("spinner 1500", { period: 20_000, deadline: 5_000, budget: 15_000, priority: 254 }),
  ];
  // The quick sweep has each policy on one architecture.
  for (const [i, policy] of everySecond(policyNames(), ARCH_NAMES.indexOf(arch)).entries()) {
    const timers = everySecond(["periodic", "one-shot"] as const, i);
    const make = (timer?: "periodic" | "one-shot"): Session =>
      new Session({
        ...{ arch, programs, quantum: 500, policy, load: "demand" },
        ...(timer === undefined ? {} : { timer }),
      });

    Deno.test(`MachineOptions.policy ${arch}, ${policy} runs every program to its end with whatever timer`, () => {
      for (const timer of timers) {
        using session = make(timer);
        assertEquals(session.finish().reason, "all tasks have ended");
        assertEquals(session.machine.kernel.policy.name, policy);
        assertEquals(session.machine.kernel.policy.fault, null);
        for (const name of ["threads", "mapfile", "spinner"]) {
          assertEquals(session.ending(name), "exit 0", timer);
        }
      }
    });

    Deno.test(`Machine.snapshot ${arch}, ${policy} goes on from it as it would have`, () => {
      using whole = make();
      whole.machine.run(50_000);
      const snapshot = through(whole.machine.snapshot());
      const before = whole.events.length;
      whole.finish();
      const events: unknown[] = [];
      const sinks = [{ write: (event: unknown) => void events.push(event) }];
      using other = Machine.from(snapshot, { sinks });
      assertEquals(other.run(BUDGET).kind, "halted");
      assertEquals(events, whole.events.slice(before));
    });
  }
}
