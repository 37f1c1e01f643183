// Pintos's tests of priority scheduling and donation with real threads: what the simulator is held
// to, in the same order, on machines of both architectures.
import { assertEquals } from "@std/assert";
import { DONATION_SCENARIOS } from "../../sched/testing/donation.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";
import { stepsProgram } from "../testing/steps_program.ts";

for (const arch of ARCH_NAMES) {
  for (const { name, workload, expected } of DONATION_SCENARIOS) {
    Deno.test(`${name} of Pintos ${arch}, happens in its order`, () => {
      using session = new Session({
        arch,
        programs: [stepsProgram(arch, workload)],
        policy: "priority",
        // Nobody's turn ends by the clock.
        quantum: 1_000_000,
      });
      const audit = new Audit(session.machine);
      session.finish();
      audit.check();
      assertEquals(session.console().trimEnd().split("\n"), expected);
      assertEquals(session.ending("steps"), "exit 0");
    });
  }
}
