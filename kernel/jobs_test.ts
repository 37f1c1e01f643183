// Periodic threads: released at exact times, whatever the policy and the timer.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ArchName } from "../arch/arch.ts";
import type { KernelEvent } from "../trace/events.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot/mod.ts";
import { everySecond, sweep } from "../util/testing/sweep.ts";
import { Machine } from "./machine.ts";
import { StreamModel } from "./testing/invariants.ts";
import { ARCH_NAMES } from "./testing/programs.ts";
import { DATA, RESULT, ScriptProgram, SYS } from "./testing/script_program.ts";
import { BUDGET, type Program, Session, type SessionOptions } from "./testing/session.ts";

const START = 150_000;

function named(commandLine: string, program: ScriptProgram, period?: number): Program {
  const module = { commandLine, bytes: program.build() };
  return period === undefined ? module : { ...module, parameters: { period } };
}

type JobEvent = Extract<KernelEvent, { type: "job-release" | "job-complete" | "deadline-miss" }>;

function jobEvents(session: Session): JobEvent[] {
  return session.events.filter((event): event is JobEvent =>
    ["job-release", "job-complete", "deadline-miss"].includes(event.type)
  );
}

function run(arch: ArchName, options: Omit<SessionOptions, "arch">): Session {
  const session = new Session({ arch, ...options });
  assertEquals(session.finish().reason, "all tasks have ended");
  StreamModel.check(session.events);
  return session;
}

for (const arch of ARCH_NAMES) {
  Deno.test(`wait_until_next_period ${arch}, jobs are released at exact times that do not drift`, () => {
    for (const timer of ["periodic", "one-shot"] as const) {
      using session = run(arch, {
        programs: [`periodic ${START} 12 300 period=3001`, "busy 0 250000"],
        policy: "priority",
        timer,
        quantum: 2_000,
      });
      const releases = session.of("job-release");
      assertEquals(
        releases.map(({ job, release }) => [job, release]),
        Array.from({ length: 12 }, (_, i) => [i + 1, START + 3001 * i]),
      );
      // The kernel is not always to be interrupted; it hears of it soon, and not at the next tick.
      for (const { time, release } of releases) {
        assert(time >= release && time < release + 400, `${timer}: ${time}, ${release}`);
      }
      assertEquals(session.console("periodic"), "periodic: 12 jobs, 0 missed, 0 late to begin\n");
    }
  });

  Deno.test(`deadline-miss ${arch}, is told at the deadline, with thread and job, and by how much when the job is done`, () => {
    // Under first in, first out nobody takes the CPU from the long computation.
    using session = run(arch, {
      programs: [`periodic ${START} 4 500 period=10000`, `busy ${START + 12_000} 23000`],
      policy: "fifo",
    });
    const [task] = session.machine.kernel.tasks.filter(({ name }) => name === "periodic");
    assert(task !== undefined);
    const events = jobEvents(session).map(({ type, job, of }) => `${type} ${job} ${of.task}`);
    assertEquals(events, [
      "job-release 1 periodic",
      "job-complete 1 periodic",
      "job-release 2 periodic",
      "job-complete 2 periodic",
      "job-release 3 periodic", // the busy thread has the CPU from 12,000 to 35,000
      "deadline-miss 3 periodic",
      "job-complete 3 periodic",
      "job-release 4 periodic",
      "job-complete 4 periodic",
    ]);
    const [miss] = session.of("deadline-miss");
    assertEquals([miss?.release, miss?.deadline], [START + 20_000, START + 30_000]);
    assert(miss !== undefined && miss.time >= miss.deadline && miss.time < miss.deadline + 400);
    const [, , late, next] = session.of("job-complete");
    assert(late?.lateness !== null && late!.lateness > 5_000 && late!.lateness < 7_000);
    assertEquals([late?.deadline, next?.release], [START + 30_000, START + 30_000]);
    assertEquals(session.console("periodic"), "periodic: 4 jobs, 1 missed, 1 late to begin\n");
    assertMatch(session.log, /\(periodic\) misses the deadline 180000 of job 3\n/);
    assertMatch(session.log, /\(periodic\) is done with job 3, 5\d\d\d late\n/);
  });

  Deno.test(`wait_until_next_period ${arch}, returns how many jobs are due, and loses none of them`, () => {
    const program = new ScriptProgram(arch)
      .call(SYS.NEXT_PERIOD, START).expect(0, 1)
      .spin(3_250) // 6,500: jobs 2 to 4 are due
      .call(SYS.NEXT_PERIOD, 0).expect(3, 2)
      .call(SYS.NEXT_PERIOD, 0).expect(2, 3)
      .call(SYS.NEXT_PERIOD, 0).expect(1, 4)
      .call(SYS.NEXT_PERIOD, 0).expect(0, 5)
      .call(SYS.JOB_INFO, 9, DATA, 48).expect(0, 6)
      .recall(DATA).expect(5, 7)
      .recall(DATA + 8n).expect(START + 8_000, 8)
      .recall(DATA + 16n).expect(START + 10_000, 9)
      .recall(DATA + 24n).expect(4, 10)
      .recall(DATA + 40n).expect(3, 11)
      .recall(DATA + 32n).exit(RESULT);
    using session = run(arch, { programs: [named("a", program, 2_000)] });
    assertEquals(session.ending("a"), "exit 3"); // jobs 1, 2 and 3 missed, 4 was done by then
  });

  Deno.test(`wait_until_next_period ${arch}, refuses threads without a period and times beyond the clock`, () => {
    const none = new ScriptProgram(arch)
      .call(SYS.NEXT_PERIOD, 0).expect(-4, 1)
      .call(SYS.JOB_INFO, 9, DATA, 48).expect(0, 2)
      .recall(DATA).expect(0, 3)
      .call(SYS.JOB_INFO, 9, DATA, 47).expect(-4, 4)
      .call(SYS.JOB_INFO, 1, DATA, 48).expect(-8, 5)
      .call(SYS.SLEEP_UNTIL, (1n << 52n) + 1n).expect(-4, 6)
      .call(SYS.SLEEP_UNTIL, 5).expect(0, 7)
      .exit(0);
    const some = new ScriptProgram(arch)
      .call(SYS.NEXT_PERIOD, (1n << 52n) + 1n).expect(-4, 1)
      .call(SYS.NEXT_PERIOD, 0).expect(0, 2)
      .call(SYS.NEXT_PERIOD, 0).expect(-4, 3)
      .exit(0);
    using session = run(arch, {
      programs: [named("none", none), named("some", some, 2 ** 52)],
    });
    assertEquals([session.ending("none"), session.ending("some")], ["exit 0", "exit 0"]);
  });

  Deno.test(`wait_until_next_period ${arch}, a thread that is killed leaves no job behind`, () => {
    const killer = new ScriptProgram(arch).call(SYS.SLEEP_UNTIL, START + 3_000)
      .call(SYS.TASK_TERMINATE, 1).call(SYS.SLEEP, 20_000).exit(0);
    using session = run(arch, {
      policy: "fifo",
      programs: [`periodic ${START} 9 10 period=2000`, named("killer", killer)],
    });
    assertMatch(session.ending("periodic"), /killed/);
    assertEquals(session.of("deadline-miss"), []);
    assertEquals(session.of("job-release").length, 2);
    assertEquals(session.machine.kernel.timers.next, Infinity);
  });

  Deno.test(`Machine.snapshot ${arch}, periodic threads go on from it as they would have`, () => {
    for (const timer of everySecond(["periodic", "one-shot"] as const, ARCH_NAMES.indexOf(arch))) {
      using whole = new Session({
        arch,
        programs: [
          `periodic ${START} 9 900 period=2000`,
          `periodic ${START} 7 700 period=2700 deadline=1500`,
          `busy ${START} 9000`,
        ],
        policy: "rr",
        timer,
        quantum: 700,
      });
      const { machine } = whole;
      machine.run(BUDGET / 1000);
      while (machine.now < START + 1_000) machine.run(1_000);
      // In the kernel and out of it, with the timer's interrupt raised and not.
      for (let i = 0; i < sweep({ quick: 3, full: 12 }); i++) {
        machine.run(331 + 197 * i);
        const snapshot = encodeSnapshot(machine.snapshot());
        const before = whole.events.length;
        machine.run(2_500);
        const events: unknown[] = [];
        const sinks = [{ write: (event: unknown) => void events.push(event) }];
        using other = Machine.from(decodeSnapshot(snapshot), { sinks });
        other.run(2_500);
        assertEquals(events, whole.events.slice(before));
        assertEquals(encodeSnapshot(other.snapshot()), encodeSnapshot(machine.snapshot()));
        machine.restore(decodeSnapshot(snapshot));
        whole.events.length = before;
      }
    }
  });
}
