// Locks in the hands of programs, whose threads are preempted at every place: mutexes of the kernel
// and those in user mode (`guest/include/futex_lock.h`).
import { assert, assertEquals } from "@std/assert";
import type { ParameterOptions } from "../../sched/parameters.ts";
import { policyNames } from "../../sched/policies/registry.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";

/** What policies may go by. */
const PARAMETERS: ParameterOptions = { period: 60_000, deadline: 50_000, budget: 40_000 };

for (const arch of ARCH_NAMES) {
  for (const name of ["user", "kernel", "late", "conditions"]) {
    Deno.test(`locking ${arch}, ${name} holds whenever a thread is preempted`, () => {
      const calls = new Set<string>();
      const policies = ["rr", "priority", ...policyNames()];
      for (let seed = 1; seed <= sweep({ quick: 2, full: 60 }); seed++) {
        // Short turns, so that threads are preempted in the midst of locking and unlocking.
        const [policy, quantum] = [policies[(seed - 1) % policies.length]!, 240 + 10 * seed];
        const commandLine = `locking ${name}`;
        const bytes = programFile("locking", arch);
        using session = new Session({
          ...{ arch, programs: [{ commandLine, bytes, parameters: PARAMETERS }] },
          ...{ policy, quantum, seed },
        });
        const audit = new Audit(session.machine);
        session.finish();
        audit.check();
        assertEquals(session.ending("locking"), "exit 0", `${policy}, ${quantum}, ${seed}`);
        assertEquals(session.of("policy-fault"), []);
        for (const event of session.of("syscall")) calls.add(event.name);
      }
      assert(name === "kernel" || calls.has("futex_wait"), "nobody has waited");
    });
  }

  Deno.test(`locking ${arch}, a mutex in user mode that nobody waits for needs no system call`, () => {
    using session = new Session({ arch, programs: ["locking alone"] });
    session.finish();
    assertEquals(session.ending("locking"), "exit 0");
    const calls = session.of("syscall").map(({ name }) => name);
    const [first, last] = [calls.indexOf("null"), calls.lastIndexOf("null")];
    assertEquals([last - first, calls.includes("thread_self")], [1, true]);
  });
}
