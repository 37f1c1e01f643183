// Mutexes, semaphores and condition variables as programs see them: who goes on when, what is
// refused, and what becomes of an object whose owner is gone.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { archByName } from "../../arch/mod.ts";
import { LOCK_LIMIT } from "../thread/thread_locks.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { runScripts } from "../testing/script_run.ts";
import { DATA, DATA_END, RESULT, ScriptProgram, SYS, TEXT } from "../testing/script_program.ts";
import { Session } from "../testing/session.ts";
import { FOREVER } from "./waiting.ts";

const INVALID_ADDRESS = -1;
const INVALID_ARGUMENT = -4;
const RESOURCE_SHORTAGE = -6;
const INVALID_RIGHT = -17;
const POLICY_LIMIT = -27;
const INVALID_VALUE = -18;
const LOCK_UNSTABLE = -39;
const LOCK_OWNED = -40;
const LOCK_OWNED_SELF = -41;
const TIMED_OUT = -49;
const DEADLOCK = -257;

const [NONE, INHERIT, CEILING, ORIGINAL_CEILING] = [0, 1, 2, 3];

/** The first objects that are made. */
const [FIRST, SECOND] = [1, 2];

for (const arch of ARCH_NAMES) {
  const script = () => new ScriptProgram(arch);
  /** A program with a mutex, which starts a thread and lets it run until that waits. */
  const withThread = (program: ScriptProgram) =>
    program.call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0).call(SYS.YIELD);
  const withMutex = (protocol = NONE, number = FIRST) =>
    script().call(SYS.MUTEX_CREATE, protocol, 0).expect(number, 90);

  Deno.test(`Mutex ${arch}, is handed from owner to waiter`, () => {
    const program = withMutex().call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 1);
    withThread(program).call(SYS.PUTC, 65)
      .call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 2)
      // It is the other's already, though that has not run.
      .call(SYS.MUTEX_LOCK, FIRST, 0).expect(TIMED_OUT, 3)
      .call(SYS.MUTEX_UNLOCK, FIRST).expect(INVALID_RIGHT, 4)
      .call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 5)
      .call(SYS.PUTC, 67).call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 6).exit(0)
      .label("other").call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 7)
      .call(SYS.PUTC, 66).call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 8).call(SYS.THREAD_EXIT);
    const { endings, console } = runScripts(arch, [program]);
    assertEquals([endings, console], [["exit 0"], "ABC"]);
  });

  Deno.test(`Mutex ${arch}, a more urgent thread may take it before its new owner has run`, () => {
    const priority = 40;
    const program = withMutex().call(SYS.MUTEX_LOCK, FIRST, FOREVER);
    withThread(program)
      .write(DATA, priority).call(SYS.THREAD_SELF)
      .call(SYS.SET_PARAMETERS, RESULT, DATA, 56).expect(0, 1);
    for (let i = 0; i < 2; i++) {
      program.call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 2)
        .call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 3)
        .call(SYS.PUTC, 65).call(SYS.SLEEP, 10_000);
    }
    program.call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 4).call(SYS.SLEEP, 10_000).exit(0)
      .label("other").call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 5)
      .call(SYS.PUTC, 66).call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 6).call(SYS.THREAD_EXIT);
    const { endings, console } = runScripts(arch, [program], { policy: "priority" });
    assertEquals([endings, console], [["exit 0"], "AAB"]);
  });

  Deno.test(`Mutex ${arch}, who has lost it before it ran still has its time, or is killed`, () => {
    for (const killed of [false, true]) {
      const program = withMutex().call(SYS.MUTEX_LOCK, FIRST, FOREVER);
      withThread(program)
        .write(DATA, 40).call(SYS.THREAD_SELF)
        .call(SYS.SET_PARAMETERS, RESULT, DATA, 56).expect(0, 1)
        .call(SYS.MUTEX_UNLOCK, FIRST).call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 2);
      if (killed) program.call(SYS.TASK_TERMINATE, 1);
      program.call(SYS.SLEEP, 100_000).exit(0)
        .label("other").call(SYS.MUTEX_LOCK, FIRST, 30_000).expect(TIMED_OUT, 3)
        .call(SYS.PUTC, 66).call(SYS.THREAD_EXIT);
      const sections = killed ? [".gcc_except_table"] : [];
      const { endings, console } = runScripts(arch, [program], { policy: "priority", sections });
      assertEquals(
        [endings, console],
        killed ? [["killed: terminated by a"], ""] : [
          ["exit 0"],
          "B",
        ],
      );
    }
  });

  Deno.test(`Mutex ${arch}, who has lost it and is killed before it ran does not wait again`, () => {
    const program = withMutex().call(SYS.MUTEX_LOCK, FIRST, FOREVER);
    const setPriority = (of: ScriptProgram, priority: number) =>
      of.write(DATA, priority).call(SYS.THREAD_SELF)
        .call(SYS.SET_PARAMETERS, RESULT, DATA, 56).expect(0, 1);
    setPriority(withThread(program).call(SYS.SLEEP, 20_000), 40)
      .call(SYS.MUTEX_UNLOCK, FIRST).call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 2)
      .spin(100_000);
    // The killer is next, then the other, and last the owner.
    setPriority(program, 10).exit(0)
      .label("other").call(SYS.MUTEX_LOCK, FIRST, FOREVER).exit(3);
    const killer = setPriority(script(), 36).call(SYS.SLEEP, 60_000)
      .call(SYS.TASK_TERMINATE, 1).expect(0, 4).exit(0);
    const { endings, session } = runScripts(arch, [program, killer], {
      policy: "priority",
      sections: [".gcc_except_table"],
    });
    assertEquals(endings, ["killed: terminated by b", "exit 0"]);
    const [owner, other] = session.of("thread-create").filter(({ task }) => task === "a");
    const ended = session.of("thread-exit").filter(({ task }) => task === "a");
    assertEquals(ended.map(({ thread }) => thread), [other?.thread, owner?.thread]);
  });

  Deno.test(`Mutex ${arch}, wrong use has an error of its own`, () => {
    const program = withMutex()
      .call(SYS.MUTEX_UNLOCK, FIRST).expect(INVALID_RIGHT, 1)
      .call(SYS.MUTEX_LOCK, FIRST, 0).expect(0, 2)
      .call(SYS.MUTEX_LOCK, FIRST, 0).expect(LOCK_OWNED_SELF, 3)
      .call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(LOCK_OWNED_SELF, 4)
      .call(SYS.MUTEX_DESTROY, FIRST).expect(LOCK_OWNED, 5);
    withThread(program)
      .call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 6)
      .call(SYS.MUTEX_DESTROY, FIRST).expect(0, 7)
      .call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(INVALID_ARGUMENT, 8).exit(0)
      .label("other").call(SYS.MUTEX_UNLOCK, FIRST).expect(INVALID_RIGHT, 9)
      .call(SYS.THREAD_EXIT);
    const { endings, session } = runScripts(arch, [program]);
    assertEquals(endings, ["exit 0"]);
    assertEquals(session.of("deadlock"), []);
  });

  Deno.test(`Locks ${arch}, of another kind, task or number are none`, () => {
    const others = [
      [SYS.MUTEX_LOCK, SYS.MUTEX_UNLOCK, SYS.MUTEX_DESTROY],
      [SYS.SEMAPHORE_WAIT, SYS.SEMAPHORE_SIGNAL, SYS.SEMAPHORE_DESTROY],
      [SYS.CONDITION_WAIT, SYS.CONDITION_SIGNAL, SYS.CONDITION_BROADCAST, SYS.CONDITION_DESTROY],
    ];
    const program = withMutex().call(SYS.SEMAPHORE_CREATE, 1, 0).expect(2, 91)
      .call(SYS.CONDITION_CREATE).expect(3, 92).call(SYS.MUTEX_LOCK, FIRST, 0);
    for (const [kind, calls] of others.entries()) {
      for (const object of [0n, 1n, 2n, 3n, 4n, 1n << 32n, (1n << 53n) + 1n, FOREVER]) {
        if (Number(object) === kind + 1) continue;
        for (const call of calls) {
          program.call(call, object, FIRST, FOREVER).expect(INVALID_ARGUMENT, kind);
        }
      }
    }
    // A condition wants a mutex that is the caller's.
    program.call(SYS.CONDITION_WAIT, 3, 2, FOREVER).expect(INVALID_ARGUMENT, 3)
      .call(SYS.CONDITION_WAIT, 3, 0, FOREVER).expect(INVALID_ARGUMENT, 4)
      .call(SYS.MUTEX_UNLOCK, FIRST)
      .call(SYS.CONDITION_WAIT, 3, FIRST, FOREVER).expect(INVALID_RIGHT, 5)
      .call(SYS.CONDITION_WAIT, 3, FIRST, 0).expect(INVALID_RIGHT, 6)
      .call(SYS.YIELD).exit(0);
    const stranger = script().call(SYS.YIELD).call(SYS.MUTEX_LOCK, FIRST, 0)
      .expect(INVALID_ARGUMENT, 1).exit(0);
    assertEquals(runScripts(arch, [program, stranger]).endings, ["exit 0", "exit 0"]);
  });

  Deno.test(`Locks ${arch}, cannot be made otherwise than they may be, nor in any number`, () => {
    const program = script();
    const refused: [number, ...(bigint | number)[]][] = [
      [SYS.MUTEX_CREATE, 4],
      [SYS.MUTEX_CREATE, FOREVER],
      [SYS.MUTEX_CREATE, NONE, 1],
      [SYS.MUTEX_CREATE, INHERIT, 1],
      [SYS.MUTEX_CREATE, CEILING, 256],
      [SYS.MUTEX_CREATE, CEILING, FOREVER],
      [SYS.MUTEX_CREATE, ORIGINAL_CEILING, 256],
      [SYS.SEMAPHORE_CREATE, 1n << 31n],
      [SYS.SEMAPHORE_CREATE, 2, 1],
      [SYS.SEMAPHORE_CREATE, 0, 1n << 31n],
    ];
    for (const [call, a = 0, b = 0] of refused) {
      program.call(call, a, b).expect(INVALID_ARGUMENT, 1);
    }
    program.label("more").call(SYS.CONDITION_CREATE).jumpIf(RESOURCE_SHORTAGE, "full")
      .jump("more").label("full")
      .call(SYS.MUTEX_CREATE, NONE, 0).expect(RESOURCE_SHORTAGE, 2)
      .call(SYS.SEMAPHORE_CREATE, 1, 1).expect(RESOURCE_SHORTAGE, 3)
      .call(SYS.CONDITION_DESTROY, 77).expect(0, 4)
      .call(SYS.MUTEX_CREATE, NONE, 0).expect(77, 5).exit(0);
    const { endings, session } = runScripts(arch, [program]);
    assertEquals(endings, ["exit 0"]);
    const made = session.of("syscall").filter(({ name }) => name === "condition_create");
    assertEquals(made.length, LOCK_LIMIT + 1);
  });

  Deno.test(`Mutex ${arch}, a wait ends when its time is up, and the mutex is not had`, () => {
    const program = withMutex().call(SYS.MUTEX_LOCK, FIRST, 0);
    withThread(program).call(SYS.SLEEP, 100_000)
      .call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 1)
      .call(SYS.MUTEX_DESTROY, FIRST).expect(0, 2).exit(0)
      .label("other").call(SYS.MUTEX_LOCK, FIRST, 30_000).expect(TIMED_OUT, 3)
      .call(SYS.MUTEX_UNLOCK, FIRST).expect(INVALID_RIGHT, 4).call(SYS.THREAD_EXIT);
    assertEquals(runScripts(arch, [program]).endings, ["exit 0"]);
  });

  Deno.test(`Mutex ${arch}, a ceiling refuses who is above it`, () => {
    // Threads of programs have priority 32.
    const program = script().call(SYS.MUTEX_CREATE, CEILING, 31)
      .call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(POLICY_LIMIT, 1)
      .call(SYS.MUTEX_CREATE, CEILING, 32)
      .call(SYS.MUTEX_LOCK, SECOND, FOREVER).expect(0, 2).exit(0);
    assertEquals(runScripts(arch, [program]).endings, ["exit 0"]);
  });

  Deno.test(`Mutex ${arch}, a deadlock is refused, and told with its cycle`, () => {
    const program = withMutex().call(SYS.MUTEX_CREATE, INHERIT, 0).expect(SECOND, 1)
      .call(SYS.MUTEX_LOCK, FIRST, FOREVER);
    withThread(program)
      .call(SYS.MUTEX_LOCK, SECOND, FOREVER).expect(DEADLOCK, 2)
      // It can get out of it: the other goes on.
      .call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 3)
      .call(SYS.MUTEX_LOCK, SECOND, FOREVER).expect(0, 4).exit(0)
      .label("other").call(SYS.MUTEX_LOCK, SECOND, FOREVER).expect(0, 5)
      .call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 6)
      .call(SYS.MUTEX_UNLOCK, SECOND).call(SYS.MUTEX_UNLOCK, FIRST).call(SYS.THREAD_EXIT);
    const { endings, session } = runScripts(arch, [program]);
    assertEquals(endings, ["exit 0"]);
    const [main, other] = session.of("thread-create").filter(({ task }) => task === "a");
    assert(main !== undefined && other !== undefined);
    assertEquals(session.of("deadlock").map(({ cycle }) => cycle), [[
      { thread: { address: main.thread, task: "a" }, mutex: SECOND },
      { thread: { address: other.thread, task: "a" }, mutex: FIRST },
    ]]);
    assertMatch(session.log, /\ndeadlock: \w+ \(a\) wants mutex 2 of \w+ \(a\), \w+ \(a\) wants/);
  });

  Deno.test(`Mutex ${arch}, whose owner ends is the next one's, who is told`, () => {
    const program = withMutex()
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0).call(SYS.YIELD)
      .call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(LOCK_UNSTABLE, 1)
      .call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 2)
      .call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 3)
      .call(SYS.MUTEX_UNLOCK, FIRST)
      // Nobody waits when the next owner ends.
      .call(SYS.THREAD_CREATE, "again", DATA_END, 0, 0).call(SYS.YIELD)
      .call(SYS.MUTEX_LOCK, FIRST, 0).expect(LOCK_UNSTABLE, 4).exit(0)
      .label("other").call(SYS.MUTEX_LOCK, FIRST, FOREVER).call(SYS.YIELD).call(SYS.THREAD_EXIT)
      .label("again").call(SYS.MUTEX_LOCK, FIRST, FOREVER).call(SYS.THREAD_EXIT);
    assertEquals(runScripts(arch, [program]).endings, ["exit 0"]);
  });

  Deno.test(`Semaphore ${arch}, counts, and has who waits go on`, () => {
    const program = script().call(SYS.SEMAPHORE_CREATE, 1, 2).expect(FIRST, 1)
      .call(SYS.SEMAPHORE_WAIT, FIRST, 0).expect(0, 2)
      .call(SYS.SEMAPHORE_WAIT, FIRST, 0).expect(TIMED_OUT, 3)
      .call(SYS.SEMAPHORE_WAIT, FIRST, 20_000).expect(TIMED_OUT, 4)
      .call(SYS.SEMAPHORE_SIGNAL, FIRST).expect(0, 5)
      .call(SYS.SEMAPHORE_SIGNAL, FIRST).expect(0, 6)
      .call(SYS.SEMAPHORE_SIGNAL, FIRST).expect(RESOURCE_SHORTAGE, 7)
      .call(SYS.SEMAPHORE_WAIT, FIRST, 0).call(SYS.SEMAPHORE_WAIT, FIRST, FOREVER).expect(0, 8);
    withThread(program)
      .call(SYS.SEMAPHORE_DESTROY, FIRST).expect(LOCK_OWNED, 9)
      .call(SYS.SEMAPHORE_SIGNAL, FIRST).call(SYS.PUTC, 65).call(SYS.YIELD).call(SYS.PUTC, 67)
      .call(SYS.SEMAPHORE_DESTROY, FIRST).expect(0, 10).exit(0)
      .label("other").call(SYS.SEMAPHORE_WAIT, FIRST, FOREVER).expect(0, 11)
      .call(SYS.PUTC, 66).call(SYS.THREAD_EXIT);
    const { endings, console } = runScripts(arch, [program]);
    assertEquals([endings, console], [["exit 0"], "ABC"]);
  });

  Deno.test(`Condition ${arch}, who is signaled has its mutex again, in turn`, () => {
    const program = withMutex().call(SYS.CONDITION_CREATE).expect(SECOND, 1);
    for (const entry of ["P", "Q", "R"]) {
      program.call(SYS.THREAD_CREATE, entry, DATA_END, 0, 0).call(SYS.YIELD);
    }
    program.call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 2)
      .call(SYS.CONDITION_SIGNAL, SECOND).expect(0, 3).call(SYS.YIELD)
      .call(SYS.PUTC, 65).call(SYS.MUTEX_UNLOCK, FIRST).call(SYS.YIELD)
      .call(SYS.MUTEX_LOCK, FIRST, FOREVER)
      .call(SYS.CONDITION_BROADCAST, SECOND).expect(0, 4).call(SYS.YIELD)
      .call(SYS.CONDITION_DESTROY, SECOND).expect(0, 5)
      .call(SYS.PUTC, 66).call(SYS.MUTEX_UNLOCK, FIRST).call(SYS.THREAD_EXIT);
    for (const entry of ["P", "Q", "R"]) {
      program.label(entry).call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 6)
        .call(SYS.CONDITION_WAIT, SECOND, FIRST, FOREVER).expect(0, 7)
        .call(SYS.PUTC, entry.charCodeAt(0)).call(SYS.YIELD)
        .call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 8).call(SYS.THREAD_EXIT);
    }
    const { endings, console } = runScripts(arch, [program]);
    assertEquals([endings, console], [["exit 0"], "APBQR"]);
  });

  Deno.test(`Condition ${arch}, whose time is up comes back to its mutex before it goes on`, () => {
    const program = withMutex().call(SYS.CONDITION_CREATE).call(SYS.MUTEX_LOCK, FIRST, 0)
      .call(SYS.CONDITION_WAIT, SECOND, FIRST, 0).expect(TIMED_OUT, 1)
      .call(SYS.CONDITION_WAIT, SECOND, FIRST, 20_000).expect(TIMED_OUT, 2)
      .call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 3);
    withThread(program).call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 4)
      .call(SYS.SLEEP, 60_000).call(SYS.PUTC, 65).call(SYS.MUTEX_UNLOCK, FIRST)
      .call(SYS.THREAD_EXIT)
      .label("other").call(SYS.MUTEX_LOCK, FIRST, FOREVER)
      .call(SYS.CONDITION_WAIT, SECOND, FIRST, 10_000).expect(TIMED_OUT, 5)
      .call(SYS.PUTC, 66).call(SYS.MUTEX_UNLOCK, FIRST).expect(0, 6).exit(0);
    const { endings, console } = runScripts(arch, [program]);
    assertEquals([endings, console], [["exit 0"], "AB"]);
  });

  Deno.test(`Locks ${arch}, a blocked machine tells who holds the mutex that is waited for`, () => {
    const program = withMutex().call(SYS.CONDITION_CREATE).call(SYS.MUTEX_LOCK, FIRST, FOREVER);
    withThread(program).call(SYS.SEMAPHORE_CREATE, 0, 0)
      .call(SYS.SEMAPHORE_WAIT, 3, FOREVER).exit(0)
      .label("other").call(SYS.MUTEX_LOCK, FIRST, FOREVER).exit(0);
    const { reason, session } = runScripts(arch, [program]);
    assertMatch(reason, /^Deadlock: /);
    const [main = -1] = session.task("a").threads;
    assertEquals(session.of("blocked").map(({ wait }) => wait), [
      "semaphore 3",
      `mutex 1, which thread ${main} holds`,
    ]);
    const { threads, locks } = session.machine;
    assertEquals(threads.map(({ wait }) => wait?.kind).slice(-2), ["semaphore", "mutex"]);
    const { id: other = -1 } = threads.at(-1) ?? {};
    const none = { task: "a", owner: null, waiters: [], count: 0 };
    assertEquals(locks, [
      { ...none, object: 1, kind: "mutex", owner: main, waiters: [other] },
      { ...none, object: 2, kind: "condition" },
      { ...none, object: 3, kind: "semaphore", waiters: [main] },
    ]);
  });

  for (const sections of [[], [".gcc_except_table"]]) {
    const how = sections.length === 0 ? "at once" : "by unwinding";
    Deno.test(`Locks ${arch}, tasks are killed ${how} in every kind of wait`, () => {
      const program = (
        first: number,
        wait: (program: ScriptProgram) => ScriptProgram,
      ): ScriptProgram => {
        const waiting = withMutex(INHERIT, first).call(SYS.CONDITION_CREATE)
          .call(SYS.SEMAPHORE_CREATE, 0, 0).call(SYS.MUTEX_LOCK, first, FOREVER);
        return wait(
          wait(withThread(waiting)).exit(1).label("other")
            .call(SYS.MUTEX_LOCK, first, 3_000_000),
        ).exit(2);
      };
      const killer = script().call(SYS.YIELD).call(SYS.YIELD).call(SYS.YIELD)
        .call(SYS.TASK_TERMINATE, 1).expect(0, 1).call(SYS.TASK_TERMINATE, 2).expect(0, 2).exit(0);
      const { endings, reason } = runScripts(arch, [
        program(1, (at) => at.call(SYS.CONDITION_WAIT, 2, 1, FOREVER)),
        program(4, (at) => at.call(SYS.SEMAPHORE_WAIT, 6, 2_000_000)),
        killer,
      ], { sections });
      assertEquals(reason, "all tasks have ended");
      assertEquals(endings, ["killed: terminated by c", "killed: terminated by c", "exit 0"]);
    });
  }

  Deno.test(`Mutex ${arch}, a task that dies of an exception leaves none behind`, () => {
    const program = withMutex().call(SYS.MUTEX_LOCK, FIRST, FOREVER);
    withThread(program).read(0n).exit(1)
      .label("other").call(SYS.MUTEX_LOCK, FIRST, FOREVER).exit(RESULT);
    assertMatch(runScripts(arch, [program]).endings[0] ?? "", /^killed: read of 0x0: not mapped/);
  });
}

for (const arch of ARCH_NAMES) {
  Deno.test(`Locks and futexes ${arch}, kernel-mode tasks have them, too`, () => {
    const text = archByName(arch).programRegion;
    const word = text - TEXT + DATA;
    const program = new ScriptProgram(arch, { text })
      .call(SYS.MUTEX_CREATE, INHERIT, 0).expect(FIRST, 90)
      .call(SYS.MUTEX_LOCK, FIRST, FOREVER).expect(0, 1)
      .call(SYS.FUTEX_WAIT, word + 2n, 0, 0).expect(INVALID_ARGUMENT, 2)
      .call(SYS.FUTEX_WAIT, text - 4n, 0, 0).expect(INVALID_ADDRESS, 3)
      .call(SYS.FUTEX_WAIT, word, 0, 20_000).expect(TIMED_OUT, 4)
      .call(SYS.FUTEX_WAIT, word, 1, FOREVER).expect(INVALID_VALUE, 5)
      .call(SYS.SEMAPHORE_CREATE, 0, 0).call(SYS.SEMAPHORE_WAIT, SECOND, 20_000)
      .expect(TIMED_OUT, 6)
      .call(SYS.FUTEX_WAIT, word, 0, FOREVER).exit(7);
    const killer = new ScriptProgram(arch).call(SYS.SLEEP, 200_000)
      .call(SYS.TASK_TERMINATE, 1).expect(0, 1).exit(0);
    using session = new Session({
      arch,
      programs: [
        { commandLine: "deep", bytes: program.build(), mode: "kernel" },
        { commandLine: "killer", bytes: killer.build() },
      ],
    });
    const audit = new Audit(session.machine);
    assertEquals(session.finish().reason, "all tasks have ended");
    audit.check();
    assertEquals(["deep", "killer"].map((name) => session.ending(name)), [
      "killed: terminated by killer",
      "exit 0",
    ]);
  });
}
