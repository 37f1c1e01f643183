// Each instruction a thread runs is charged once, and the policy is told why the thread stopped.
import { assert, assertEquals } from "@std/assert";
import type { StopReason } from "../../sched/policy.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA_END, ScriptProgram, SYS } from "../testing/script_program.ts";
import { type Program, Session, type SessionOptions } from "../testing/session.ts";

/** What a policy has been told of one thread. */
interface Told {
  instructions: number;
  readonly reasons: Set<StopReason>;
}

/** Runs a session, and returns what its policy was told of each thread. */
function listen(session: Session): Map<number, Told> {
  const { policy } = session.machine.kernel;
  const told = new Map<number, Told>();
  const account = (thread: number, elapsed: number): Told => {
    const entry = told.get(thread) ?? { instructions: 0, reasons: new Set() };
    told.set(thread, entry);
    entry.instructions += elapsed;
    return entry;
  };
  const tick = policy.tick.bind(policy);
  policy.tick = (thread, charge) => {
    account(thread, charge.elapsed);
    return tick(thread, charge);
  };
  const stopping = policy.stopping.bind(policy);
  policy.stopping = (thread, stop) => {
    account(thread, stop.elapsed).reasons.add(stop.reason);
    stopping(thread, stop);
  };
  session.finish();
  return told;
}

for (const arch of ARCH_NAMES) {
  const yielder: Program = {
    commandLine: "yielder",
    bytes: new ScriptProgram(arch).call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0)
      .call(SYS.YIELD).call(SYS.SLEEP, 3_000).call(SYS.YIELD).exit(0)
      .label("other").call(SYS.YIELD).call(SYS.THREAD_EXIT).build(),
  };
  const runs: readonly Omit<SessionOptions, "arch">[] = [
    { programs: ["spinner", "spinner", "mapfile", yielder], quantum: 1_500 },
    { programs: ["spinner", "mapfile", "sleeper"], quantum: 900, policy: "priority" },
    { programs: ["threads", "jobs"], quantum: 500, seed: 4 },
    { programs: ["unwind throw 3", "unwind kill 0"], quantum: 700, load: "demand" },
  ];

  Deno.test(`Policy.stopping ${arch}, is told of every instruction once`, () => {
    for (const options of runs) {
      using session = new Session({ arch, ...options });
      const told = listen(session);
      const { kernel: k, cpu } = session.machine;
      for (const on of k.cpus) on.charge();
      assertEquals(k.threads.reduce((sum, { runTime }) => sum + runTime, 0), cpu.instructions);
      const idle = k.cpus.map((on) => on.idle.id);
      const running = k.cpus.map((on) => on.current.id);
      for (const { id, runTime } of k.threads) {
        // What runs when the machine halts has not stopped.
        if (idle.includes(id) || running.includes(id)) continue;
        assertEquals(told.get(id)?.instructions ?? 0, runTime, `thread ${id}`);
      }
    }
  });

  Deno.test(`Policy.stopping ${arch}, is told why`, () => {
    const seen = new Set<StopReason>();
    for (const options of runs) {
      using session = new Session({ arch, ...options });
      for (const { reasons } of listen(session).values()) {
        for (const reason of reasons) seen.add(reason);
      }
    }
    assertEquals([...seen].sort(), ["blocked", "ended", "preempted", "quantum", "yielded"]);
  });

  Deno.test(`Machine.threads ${arch}, every blocked thread says what it waits for and how it goes on`, () => {
    const waiter: Program = {
      commandLine: "waiter",
      bytes: new ScriptProgram(arch).call(SYS.TASK_WAIT, 1, 0).exit(0).build(),
    };
    using session = new Session({
      arch,
      programs: ["sleeper", "mapfile", "jobs", waiter],
      load: "demand",
      stackLimit: 2,
    });
    const waits = new Set<string>();
    while (session.machine.run(97).kind === "paused" && session.machine.now < 2_000_000) {
      for (const thread of session.machine.threads) {
        const blocked = thread.state === "blocked";
        assertEquals(thread.wait !== null, blocked, JSON.stringify(thread.state));
        if (!blocked) continue;
        assert(thread.continuation !== null);
        waits.add(thread.wait?.kind ?? "");
      }
    }
    for (const kind of ["queue", "time", "task", "page"]) {
      assert(waits.has(kind), `${kind}: ${[...waits]}`);
    }
  });

  Deno.test(`Deadlock ${arch}, names each thread of a task, its wait and its continuation`, () => {
    const other: Program = {
      commandLine: "other",
      bytes: new ScriptProgram(arch).call(SYS.TASK_WAIT, 1, 0).exit(0).build(),
    };
    const waits: Program = {
      commandLine: "waits",
      bytes: new ScriptProgram(arch).call(SYS.TASK_WAIT, 2, 0).exit(0).build(),
    };
    using session = new Session({ arch, programs: [waits, other, "sleeper $(task-create)"] });
    assertEquals(session.finish().reason, "Deadlock: every thread is blocked and nothing is due");
    const found = session.of("blocked").map(({ thread, wait, continuation, label }) =>
      `${thread.task} ${wait} ${continuation} ${session.machine.kernel.arch.image.labelAt(label)}`
    );
    assertEquals(found, [
      "waits the end of task 2 task_status syscall_continuation",
      "other the end of task 1 task_status syscall_continuation",
      "sleeper its task to be resumed return thread_exception_return",
    ]);
    assert(session.log.includes("(waits) waits for the end of task 2, cont task_status at "));
  });
}
