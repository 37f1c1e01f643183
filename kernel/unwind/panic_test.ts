// Every way the program `unwind` can end its chain of calls, whoever catches it, in both modes of
// both architectures.
import { assertEquals, assertMatch } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { unwindProgram } from "../../guest/boot_modules.ts";
import { everySecond, sweep } from "../../util/testing/sweep.ts";
import type { ProgramMode } from "../program/loader.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";
import { CAUSES, expectedOf } from "../testing/unwinding.ts";

/** Who catches: nobody, and the innermost that may; the full sweep has them all. */
const CATCHERS = sweep({ quick: [0, 5], full: [0, 1, 2, 3, 4, 5] });

/** Lines of the main thread; a second one says only that it is dropped. */
function linesOf(session: Session): { main: string[]; killer: string[] } {
  const lines = session.console("unwind").trimEnd().split("\n");
  return {
    main: lines.filter((line) => line !== "drop killer"),
    killer: lines.filter((line) => line === "drop killer"),
  };
}

async function check(arch: ArchName, mode: ProgramMode, cause: string, catcher: number) {
  const unwind = await unwindProgram(arch, { args: `${cause} ${catcher}`, mode });
  // One that waits for the task, and one that has nothing to do with it.
  using session = new Session({ arch, programs: [unwind, "jobs wait 1", "sleeper"] });
  const audit = new Audit(session.machine);
  assertEquals(session.finish().reason, "all tasks have ended");
  const expected = expectedOf(cause, catcher);
  const { main, killer } = linesOf(session);
  assertEquals(main, expected.lines);
  assertEquals(killer.length, cause === "spin" || cause === "syscall" ? 1 : 0);
  assertMatch(session.ending("unwind"), expected.ending);
  const wasKilled = session.ending("unwind") !== "exit 0";
  assertEquals(
    session.console("jobs"),
    wasKilled ? "task 1 was killed\n" : "task 1 exited with code 0\n",
  );
  assertEquals(session.console("sleeper"), "sleeper: woke in order\n");
  const landings = session.of("landing").length;
  const others = killer.length + (main.includes("caught inside a destructor") ? 1 : 0);
  assertEquals(landings, expected.landings + others);
  // Nothing of it is left.
  const task = session.task("unwind");
  assertEquals([task.threads.size, task.reaped], [0, true]);
  if (!wasKilled) assertEquals(task.emergencyStack, null);
  audit.check();
}

for (const arch of ARCH_NAMES) {
  for (const mode of ["user", "kernel"] as const) {
    // The quick sweep has each cause in two of the four.
    const part = Number(arch === "x86_64") + Number(mode === "user");
    for (const cause of everySecond(CAUSES, part)) {
      Deno.test(`unwind ${arch} in ${mode} mode, ${cause}: destructors run once, innermost first`, async (t) => {
        for (const catcher of CATCHERS) {
          await t.step(
            catcher === 0 ? "nobody catches" : `level ${catcher} catches`,
            () => check(arch, mode, cause, catcher),
          );
        }
      });
    }
  }
}
