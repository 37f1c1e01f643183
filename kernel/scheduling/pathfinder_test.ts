// The Mars Pathfinder with real threads: it is reset by its watchdog unless the mutex of its bus
// does something about the inversion of priorities.
import { assert, assertEquals } from "@std/assert";
import { MUTEX_PROTOCOLS } from "../../sched/locks/mod.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";

for (const arch of ARCH_NAMES) {
  for (const protocol of MUTEX_PROTOCOLS) {
    const what = protocol === "none" ? "is reset in the third cycle" : "lands";
    Deno.test(`pathfinder ${arch}, with protocol ${protocol} ${what}`, () => {
      using session = new Session({
        arch,
        programs: [`pathfinder ${protocol}`],
        policy: "priority",
        // The timer that ends sleeps.
        quantum: 1_000,
      });
      const { reason } = session.finish();
      const [first = "", second = ""] = session.console().split("\n");
      if (protocol === "none") {
        assertEquals(first, "watchdog: the bus is not done in cycle 3, reset");
        assertEquals(reason, "reboot");
        return;
      }
      assertEquals([first, reason], ["watchdog: 12 cycles", "all tasks have ended"]);
      // Its own 30, what is left of weather's 20, and what the kernel needs.
      const longest = Number(/^bus: no cycle longer than (\d+) ms$/.exec(second)?.[1]);
      assert(longest >= 40 && longest < 50, second);
    });
  }
}
