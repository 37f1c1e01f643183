// Exceptions and kills pass C++ objects that hold mutexes of the kernel: their destructors unlock.
import { assertEquals } from "@std/assert";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";

for (const arch of ARCH_NAMES) {
  Deno.test(`guards ${arch}, mutexes of whom an exception passes are free again`, () => {
    using session = new Session({ arch, programs: ["guards pass"] });
    const audit = new Audit(session.machine);
    session.finish();
    audit.check();
    assertEquals(session.ending("guards"), "exit 0");
    assertEquals(session.console(), "thrower 0\nouter 0\n");
  });

  Deno.test(`guards ${arch}, who is killed with a mutex unlocks it, but in a condition has none`, () => {
    using session = new Session({ arch, programs: ["guards kill"] });
    const audit = new Audit(session.machine);
    session.finish();
    audit.check();
    assertEquals(session.ending("guards"), "killed: terminated by guards");
    // KERN_INVALID_RIGHT: a thread that waits for a condition has given its mutex up.
    assertEquals(session.console().trimEnd().split("\n").sort(), [
      "condition -17",
      "holder 0",
      "waiter 0",
    ]);
  });
}
