// Every misbehavior of the program `bad`: it gets an error code or its task ends with one line that
// says why, an innocent program beside it runs to its end, and when the task is gone so is
// everything it held.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { badCases, endsAs } from "../../guest/programs/cases.ts";
import { everySecond } from "../../util/testing/sweep.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA, ScriptProgram, SYS } from "../testing/script_program.ts";
import { type Program, Session, type SessionOptions } from "../testing/session.ts";

/** Waits for the first task to end, and then long enough for everything of it to be freed. */
function keeper(arch: ArchName): Program {
  const program = new ScriptProgram(arch).call(SYS.TASK_WAIT, 1, DATA).expect(0, 1)
    .call(SYS.SLEEP, 50_000).exit(0);
  return { commandLine: "keeper", bytes: program.build() };
}

/** What the innocent program prints when nobody else is there. */
function innocentText(arch: ArchName): string {
  using alone = new Session({ arch, programs: ["sleeper"] });
  alone.finish();
  return alone.console();
}

function ended(session: Session, name: string): { code?: number; reason?: string } {
  const { status } = session.task(name);
  assert(status !== null, `${name} is alive`);
  return status.kind === "exit" ? { code: status.code } : { reason: status.reason };
}

/** Runs one case beside an innocent program, and checks all that is promised. */
function runCase(
  arch: ArchName,
  options: { name: string; text: string } & Partial<SessionOptions>,
): { code?: number; reason?: string } {
  const { name, text, ...rest } = options;
  using session = new Session({
    arch,
    programs: [`bad ${name}`, keeper(arch), "sleeper"],
    ...rest,
  });
  const audit = new Audit(session.machine);
  assertEquals(session.finish().reason, "all tasks have ended");
  assertEquals([session.ending("sleeper"), session.console("sleeper")], ["exit 0", text]);
  assertEquals(session.ending("keeper"), "exit 0");
  const bad = session.task("bad");
  assertEquals([bad.reaped, bad.threads.size, bad.space?.residentCount], [true, 0, 0]);
  audit.check();
  const end = ended(session, "bad");
  assert(end.reason === undefined || !/[\n\r]/.test(end.reason), end.reason);
  const exits = session.of("task-exit").filter(({ task }) => task === "bad");
  assertEquals(exits.map(({ code, reason }) => ({ code, reason })), [{
    code: end.code,
    reason: end.reason,
  }]);
  return end;
}

/**
 * Other ways through the kernel: pages come in by interrupt and continuation, stacks are scarce,
 * the timer never rests.
 */
const WAYS: readonly (readonly [string, Partial<SessionOptions>])[] = [
  ["paged in on demand under a fast timer", {
    load: "demand",
    quantum: 257,
    ioLatency: 3000,
    policy: "priority",
  }],
  ["with one kernel stack and little memory", {
    stackLimit: 1,
    memory: 8 * 1024 * 1024,
    load: "demand",
  }],
];

for (const arch of ARCH_NAMES) {
  const text = innocentText(arch);

  // The quick sweep has each case on one architecture.
  for (const { name, ending } of everySecond(badCases(arch), ARCH_NAMES.indexOf(arch))) {
    Deno.test(`Bad program ${arch}, ${name} ends as it should and takes nothing with it`, () => {
      const end = runCase(arch, { name, text });
      assert(endsAs(ending, end), `${JSON.stringify(end)}, expected ${Deno.inspect(ending)}`);
    });
  }

  // The quick sweep has each way on one architecture.
  for (const [what, options] of everySecond(WAYS, ARCH_NAMES.indexOf(arch))) {
    Deno.test(`Bad program ${arch}, every eighth case ends the same ${what}`, () => {
      for (const { name, ending } of badCases(arch).filter((_case, i) => i % 8 === 0)) {
        const end = runCase(arch, { name, text, ...options });
        assert(endsAs(ending, end), `${name}: ${JSON.stringify(end)}`);
      }
    });
  }

  Deno.test(`Bad program ${arch}, a dozen at once end one by one while the innocent go on`, () => {
    const names = badCases(arch).map(({ name }) => name);
    for (let first = 0; first < names.length; first += 12) {
      const some = names.slice(first, first + 12);
      using session = new Session({
        arch,
        programs: ["sleeper", ...some.map((name) => `bad ${name}`), "threads"],
      });
      const audit = new Audit(session.machine);
      assertEquals(session.finish().reason, "all tasks have ended");
      assertEquals([session.ending("sleeper"), session.console("sleeper")], ["exit 0", text]);
      assertEquals(session.ending("threads"), "exit 0");
      audit.check();
    }
  });
}
