// The life of tasks and threads as programs see it: creation, waiting, ending, and the machine's
// end when nobody is left.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA, DATA_END, RESULT, ScriptProgram, SYS } from "../testing/script_program.ts";
import { type Program, Session, type SessionOptions } from "../testing/session.ts";
import { sweep } from "../../util/testing/sweep.ts";

const INVALID_ARGUMENT = -4;
const RESOURCE_SHORTAGE = -6;

function script(arch: ArchName): ScriptProgram {
  return new ScriptProgram(arch);
}

function named(commandLine: string, program: ScriptProgram): Program {
  return { commandLine, bytes: program.build() };
}

interface Outcome {
  readonly reason: string;
  readonly endings: string[];
  readonly console: string;
}

function run(
  arch: ArchName,
  programs: readonly Program[],
  options: Partial<SessionOptions> = {},
): Outcome {
  using session = new Session({ arch, programs, ...options });
  const audit = new Audit(session.machine);
  const { reason } = session.finish();
  audit.check();
  const endings = session.machine.kernel.tasks.slice(1).map(({ name }) => session.ending(name));
  return { reason, endings, console: session.console() };
}

const ALL_ENDED = "all tasks have ended";
const DEADLOCK = "Deadlock: every thread is blocked and nothing is due";

/** Turns of a loop between two moments at which a task is ended. */
const STEP = sweep({ quick: 700, full: 173 });

for (const arch of ARCH_NAMES) {
  Deno.test(`Exit ${arch}, codes are 32 bits with a sign`, () => {
    const codes = [0, 1, 255, -1, 2 ** 31 - 1, -(2 ** 31)];
    for (const code of codes) {
      assertEquals(run(arch, [named("a", script(arch).exit(code))]).endings, [`exit ${code}`]);
    }
    assertEquals(run(arch, [named("a", script(arch).exit(1n << 32n))]).endings, ["exit 0"]);
  });

  Deno.test(`Thread exit ${arch}, the last thread takes the task with it, with code 0`, () => {
    const program = script(arch)
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0)
      .call(SYS.PUTC, 65).call(SYS.THREAD_EXIT)
      .label("other").call(SYS.SLEEP, 30_000).call(SYS.PUTC, 66).call(SYS.THREAD_EXIT);
    assertEquals(run(arch, [named("a", program)]), {
      reason: ALL_ENDED,
      endings: ["exit 0"],
      console: "AB",
    });
  });

  Deno.test(`Exit ${arch}, by a further thread ends the first one too`, () => {
    const program = script(arch)
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0)
      .label("spin").jump("spin")
      .label("other").exit(9);
    assertEquals(run(arch, [named("a", program)]).endings, ["exit 9"]);
  });

  Deno.test(`Exit ${arch}, by two threads at once counts once, for the first`, () => {
    const program = script(arch)
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0)
      .call(SYS.YIELD).exit(1)
      .label("other").exit(2);
    using session = new Session({ arch, programs: [named("a", program)] });
    session.finish();
    assertEquals(session.ending("a"), "exit 2");
    assertEquals(session.of("task-exit").length, 1);
    assertEquals(session.of("thread-exit").filter(({ task }) => task === "a").length, 2);
  });

  Deno.test(`Thread create ${arch}, passes its argument and gives numbers that differ`, () => {
    const program = script(arch)
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0xabcdn, 0).keep(DATA)
      .call(SYS.THREAD_CREATE, "third", DATA_END, 0, 0).keep(DATA + 8n)
      .call(SYS.SLEEP, 100_000).exit(0)
      // The argument arrives where a system call has its first one: it is printed as it is.
      .label("other").call(SYS.PUTC).call(SYS.THREAD_EXIT)
      .label("third").call(SYS.THREAD_EXIT);
    using session = new Session({ arch, programs: [named("a", program)] });
    session.finish();
    assertEquals([session.ending("a"), session.console()], ["exit 0", "\xcd"]);
    const ids = session.machine.kernel.threads.map(({ id }) => id);
    assertEquals(ids, ids.map((_id, i) => i));
  });

  Deno.test(`Thread create ${arch}, a task has 64 threads and no more`, () => {
    const program = script(arch);
    for (let i = 0; i < 63; i++) program.call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0);
    program.call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0).expect(RESOURCE_SHORTAGE, 1)
      .call(SYS.SLEEP, 50_000)
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0).keep(DATA).call(SYS.SLEEP, 50_000).exit(0)
      .label("other").call(SYS.PUTC, 46).call(SYS.THREAD_EXIT);
    for (const stackLimit of [1, 3, 64]) {
      assertEquals(run(arch, [named("a", program)], { stackLimit }), {
        reason: ALL_ENDED,
        endings: ["exit 0"],
        console: ".".repeat(64),
      });
    }
  });

  Deno.test(`Task wait ${arch}, tells exits from kills, whether the task is over yet or not`, () => {
    const waiter = (task: number) =>
      // The tasks of later modules do not exist before theirs are loaded.
      script(arch).call(SYS.SLEEP, 80_000).call(SYS.TASK_WAIT, task, DATA).expect(0, 99).recall(
        DATA,
      ).exit(RESULT);
    const early = [
      named("early-a", waiter(3)),
      named("early-b", waiter(4)),
      named("exits", script(arch).call(SYS.SLEEP, 200_000).exit(5)),
      named("dies", script(arch).call(SYS.SLEEP, 200_000).read(0).exit(6)),
    ];
    // The result is the pair of words (kind, code); an exit code keeps the low one, the kind.
    assertEquals(run(arch, early).endings.slice(0, 2), ["exit 0", "exit 1"]);
    const late = [
      named("exits", script(arch).exit(5)),
      named("late", waiter(1)),
      named("again", waiter(1)),
    ];
    assertEquals(run(arch, late).endings, ["exit 5", "exit 0", "exit 0"]);
  });

  Deno.test(`Task wait ${arch}, every one of several waiters is told`, () => {
    const waiter = script(arch).call(SYS.SLEEP, 80_000)
      .call(SYS.TASK_WAIT, 4, DATA).expect(0, 1).exit(0);
    const last = named("last", script(arch).call(SYS.SLEEP, 200_000).exit(3));
    const names = ["a", "b", "c"].map((name) => named(name, waiter));
    assertEquals(run(arch, [...names, last]).endings, ["exit 0", "exit 0", "exit 0", "exit 3"]);
  });

  Deno.test(`Task wait ${arch}, a result that cannot be written is an error code`, () => {
    const waiter = script(arch)
      .call(SYS.TASK_WAIT, 2, 0).expect(-1, 1)
      .call(SYS.TASK_WAIT, 2, DATA_END - 4n).expect(-1, 2)
      .call(SYS.TASK_WAIT, 2, DATA_END - 8n).expect(0, 3).exit(0);
    const other = named("other", script(arch).call(SYS.SLEEP, 50_000).exit(0));
    assertEquals(run(arch, [named("waiter", waiter), other]).endings, ["exit 0", "exit 0"]);
  });

  Deno.test(`Deadlock ${arch}, tasks that wait for each other stop the machine and say so`, () => {
    const waiter = (task: number) => script(arch).call(SYS.TASK_WAIT, task, DATA).exit(0);
    const result = run(arch, [named("a", waiter(2)), named("b", waiter(1))]);
    assertEquals(result, { reason: DEADLOCK, endings: ["alive", "alive"], console: "" });
  });

  Deno.test(`Deadlock ${arch}, is found when memory is short, too`, () => {
    const begin = 0x1000_0000n;
    const hog = script(arch).call(SYS.VM_ALLOCATE, begin, 1900 * 4096)
      .sweep("write", { begin, count: 1835 }).call(SYS.TASK_WAIT, 2, DATA).exit(0);
    const other = script(arch).call(SYS.TASK_WAIT, 1, DATA).exit(0);
    using session = new Session({
      arch,
      memory: 8 * 1024 * 1024,
      programs: [named("hog", hog), named("other", other)],
    });
    assertEquals(session.finish().reason, DEADLOCK);
    const { pageFrames: frames } = session.machine.kernel;
    assert(frames.available <= frames.low, `${frames.available} frames are free`);
  });

  Deno.test(`Bootstrap ${arch}, a task that is only created stays suspended`, () => {
    const program = script(arch).call(SYS.PUTC, 65).exit(0);
    const result = run(arch, [named("a $(task-create)", program), named("b", program)]);
    assertEquals(result, { reason: DEADLOCK, endings: ["alive", "exit 0"], console: "A" });
  });

  Deno.test(`Bootstrap ${arch}, a task can be ended while it is suspended`, () => {
    const suspended = named("a $(task-create)", script(arch).exit(0));
    const killer = script(arch).call(SYS.TASK_TERMINATE, 1).expect(0, 1).exit(0);
    const result = run(arch, [suspended, named("killer", killer)]);
    assertEquals(result.endings, ["killed: terminated by killer", "exit 0"]);
    assertEquals(result.reason, ALL_ENDED);
  });

  for (const load of ["copyout", "demand"] as const) {
    Deno.test(`Bootstrap ${arch}, a task can be ended at any moment of its loading by ${load}`, () => {
      // The killer tries as soon as the number exists, in steps that come out at different places
      // of the loading.
      const moments = new Set<string>();
      for (let delay = 1; delay < 3000; delay += STEP) {
        const killer = script(arch).label("again").call(SYS.NULL).spin(delay)
          .call(SYS.TASK_TERMINATE, 2).jumpIf(INVALID_ARGUMENT, "again").exit(0);
        using session = new Session({
          arch,
          programs: [named("killer", killer), "module-hello", "threads"],
          quantum: 250,
          load,
        });
        const audit = new Audit(session.machine);
        assertEquals(session.finish().reason, ALL_ENDED);
        audit.check();
        assertEquals(session.ending("module-hello"), "killed: terminated by killer");
        assertEquals(session.ending("threads"), "exit 0");
        moments.add(`${session.log.includes("start module-hello")}`);
      }
      assertEquals(moments.size > 0, true);
    });
  }

  Deno.test(`Bootstrap ${arch}, without modules there is nothing to wait for`, () => {
    assertEquals(run(arch, []), { reason: ALL_ENDED, endings: [], console: "" });
  });
}
