// The program coro-cxx: exceptions, panics, faults, forced unwinding and kills across the stacks of
// coroutines.
import { assertEquals, assertMatch } from "@std/assert";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";

const NOTHING_ALIVE = "alive 0 0";

/** What each case prints, worked out from its source. */
const CASES: Readonly<Record<string, readonly string[]>> = {
  "throws": ["drop body", "caught 42", "after -1"],
  "nested": ["drop body", "drop outer", "caught 7"],
  "forced": [
    ...["drop in try", "handler", "handler in it", "drop keeper", "drop 0", "again -1"],
    ...["drop pauses", "drop 0", "again -1"],
  ],
  "while-unwinding": ["drop in try", "handler", "handler in it", "drop keeper", "caught 3"],
  "handlers": [
    ...["second 0", "drop holder", "first threw 10", "mine 99", "drop holder", "second ends 1 5"],
    // The third is dropped while it holds its exception.
    "drop holder",
  ],
  "cleanups": [
    ...["other", "cleanup goes on with 11", "caught 1", "cleanup goes on with 22", "caught 2"],
  ],
  "across": [
    ...["suspended 0 3", "drop through", "drop around"],
    ...["drop through", "drop around", "ends 1 1"],
  ],
  "everything": ["drop panics", "caught something", "drop panics", "caught something"],
  "on-stack": ["drop on the other stack", "drop caller", "caught 8"],
  // A hundred times what the coroutine has sent, and the number that the thread's own exception has.
  "threads": ["turn 0", "turn 701", "turn 1002", "turn 1103", "turn 404", "drop wanderer"],
  "beside": ["drop panics", "caught something", "cleanup goes on with 11", "caught 1"],
};

/** How a task ends by an exception that comes out of a drop function. */
const REFUSED = /^killed: exception of type .*Error; terminate called$/;

/** Cases that end the task: what they print, and the reason. */
const ENDINGS: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
  "uncaught": [
    ["drop panics", "drop parent"],
    /^killed: uncaught panic at guest\/programs\/coro_cxx\/main\.cc:\d+: out of luck$/,
  ],
  "kill": [["drop killed", "drop killed", "drop parent"], /^killed: terminated by coro-cxx$/],
  "kill-beside": [["drop parent"], /^killed: terminated by coro-cxx$/],
  "drop-in-cleanup": [
    [],
    /^killed: double panic: "forced unwinding" while unwinding "exception of type .*Error"$/,
  ],
  "yields-in-drop": [["coro_yield: the coroutine is being dropped"], /^exit 125$/],
  "throws-ending": [[], REFUSED],
  "throws-suspended": [[], REFUSED],
  "throws-fresh": [[], REFUSED],
};

function run(arch: (typeof ARCH_NAMES)[number], name: string): Session {
  const session = new Session({ arch, programs: [`coro-cxx ${name}`] });
  const audit = new Audit(session.machine);
  assertEquals(session.finish().reason, "all tasks have ended");
  audit.check();
  return session;
}

for (const arch of ARCH_NAMES) {
  for (const [name, lines] of Object.entries(CASES)) {
    Deno.test(`Coroutines ${arch} ${name}, every object is dropped once and nothing stays behind`, () => {
      using session = run(arch, name);
      const printed = session.console("coro-cxx").split("\n").slice(0, -1);
      assertEquals(printed, [`${name}:`, ...lines, NOTHING_ALIVE]);
      assertEquals(session.ending("coro-cxx"), "exit 0");
      assertEquals(session.task("coro-cxx").status?.kind, "exit");
    });
  }

  for (const [name, [lines, ending]] of Object.entries(ENDINGS)) {
    Deno.test(`Coroutines ${arch} ${name}, the task ends, and the stacks that run are unwound`, () => {
      using session = run(arch, name);
      const printed = session.console("coro-cxx").split("\n").slice(0, -1);
      assertEquals(printed, [`${name}:`, ...lines]);
      assertMatch(session.ending("coro-cxx"), ending);
    });
  }
}
