// Hints of threads to the policy, on the machine: who has the CPU next, who wakes whom, and whether
// the waker blocks. The simulator, given the same threads, tells the same.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import type { Policy } from "../../sched/policy.ts";
import { createPolicy } from "../../sched/policies/registry.ts";
import { simulate } from "../../sched/simulator/simulator.ts";
import type { Step, ThreadSpec, Workload } from "../../sched/simulator/workload.ts";
import { tellingHints } from "../../sched/testing/hints.ts";
import { Machine } from "../machine.ts";
import { FOREVER } from "../syscall/waiting.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA, DATA_END, RESULT, ScriptProgram, SYS } from "../testing/script_program.ts";
import { BUDGET, Session } from "../testing/session.ts";
import { stepsProgram } from "../testing/steps_program.ts";

/** Nobody's turn ends by the clock. */
const QUANTUM = 10_000_000;

const started = (name: string, steps: Step[]): ThreadSpec => ({
  ...{ name, priority: 20, arrival: "started", steps },
});
const mark = (label: string): Step => ({ type: "mark", label });
const to = (name: string): Step => ({ type: "yield", to: name });
const release = (semaphore: string, acquire?: string): Step => ({
  ...{ type: "release", semaphore, acquire },
});
const acquire = (semaphore: string): Step => ({ type: "acquire", semaphore });

/** Yields to threads that are ready and that are not, a server, and a wait that frees a mutex. */
const WORKLOAD: Workload = {
  mutexes: [{ name: "m" }],
  conditions: [{ name: "c" }],
  semaphores: [{ name: "request" }, { name: "reply" }],
  threads: [
    {
      name: "main",
      priority: 20,
      steps: [
        ...["server", "b", "c"].map((thread): Step => ({ type: "start", thread })),
        ...[to("c"), mark("a"), to("server"), mark("b")],
        ...[release("request", "reply"), mark("c"), release("request", "reply"), mark("d")],
        ...[{ type: "start", thread: "d" }, { type: "start", thread: "e" }, to("e")] as Step[],
      ],
    },
    started("server", [
      ...[acquire("request"), mark("1"), release("reply", "request"), mark("2")],
      release("reply"),
    ]),
    started("b", [
      ...[{ type: "lock", mutex: "m" }, mark("x"), { type: "yield" }, { type: "yield" }] as Step[],
      ...[{ type: "wait", condition: "c", mutex: "m" }, mark("y")] as Step[],
      { type: "unlock", mutex: "m" },
    ]),
    started("c", [
      ...[mark("x"), { type: "yield" }, { type: "lock", mutex: "m" }] as Step[],
      ...[{ type: "signal", condition: "c" }, mark("y"), { type: "unlock", mutex: "m" }] as Step[],
    ]),
    started("d", [mark("x")]),
    started("e", [mark("x")]),
  ],
};

/** Marks and handoffs, in order. */
function simulated(policy: Policy): string[] {
  const name = (id: number): string => WORKLOAD.threads[id]!.name;
  return [...simulate(WORKLOAD, policy)].flatMap((event) => {
    if (event.type === "mark") return [`${name(event.thread)} ${event.label} ${event.priority}`];
    return event.type === "handoff" ? [`${name(event.thread)} > ${name(event.to)}`] : [];
  });
}

/** A machine with these threads, which are told of by their names. */
function boot(arch: ArchName, policy: string | Policy): Session {
  return new Session({
    ...{ arch, policy, quantum: QUANTUM, programs: [stepsProgram(arch, WORKLOAD)] },
  });
}

/** The same of a machine. */
function told(session: Session): string[] {
  // An address may be that of another thread later.
  const made: bigint[] = [];
  const name = (address: bigint): string => WORKLOAD.threads[made.lastIndexOf(address)]!.name;
  return session.events.flatMap((event) => {
    if (event.type === "thread-create" && event.task === "steps") made.push(event.thread);
    if (event.type === "console") return [event.text.trimEnd()];
    if (event.type !== "handoff") return [];
    return [`${name(event.thread.address)} > ${name(event.to.address)}`];
  });
}

for (const arch of ARCH_NAMES) {
  Deno.test(`thread_switch ${arch}, hands the CPU over where the policy heeds it, as in the simulator`, () => {
    const orders = ["mach", "rr"].map((policy) => {
      using session = boot(arch, policy);
      session.finish();
      assertEquals(told(session), simulated(createPolicy(policy, { quantum: QUANTUM })), policy);
      return told(session);
    });
    assertEquals(orders[0]?.filter((line) => line.includes(">")), ["main > c", "main > e"]);
    assertEquals(orders[1]?.filter((line) => line.includes(">")), []);
    assert(orders[0]!.indexOf("c x 20") < orders[0]!.indexOf("b x 20"));
    assert(orders[1]!.indexOf("c x 20") > orders[1]!.indexOf("b x 20"));
  });

  Deno.test(`thread_switch ${arch}, a machine goes on from a snapshot between handoffs as it would have`, () => {
    using whole = boot(arch, "mach");
    while (whole.of("handoff").length === 0) whole.machine.run(200);
    const snapshot = whole.machine.snapshot();
    const before = whole.events.length;
    whole.finish();
    assertEquals(whole.of("handoff").length, 2);
    const events: unknown[] = [];
    using other = Machine.from(snapshot, {
      sinks: [{ write: (event) => void events.push(event) }],
    });
    assertEquals(other.run(BUDGET).kind, "halted");
    assertEquals(events, whole.events.slice(before));
  });

  Deno.test(`thread_switch ${arch}, what cannot be has an error, and all else gives way`, () => {
    const script = new ScriptProgram(arch)
      .call(SYS.THREAD_SWITCH, 0, 0, 0).expect(0, 1)
      .call(SYS.THREAD_SWITCH, 0, 1, 0).expect(-4, 2)
      .call(SYS.THREAD_SWITCH, 0, 2, 1n << 52n).expect(-4, 3)
      .call(SYS.THREAD_SWITCH, 1n << 40n, 0, 0).expect(-4, 4)
      .call(SYS.THREAD_SWITCH, 1, 0, 0).expect(-8, 5)
      .call(SYS.THREAD_CREATE, "x", DATA_END, 0, 0)
      .call(SYS.THREAD_CREATE, "y", DATA + 0x1800n, 0, 0).keep(DATA)
      .recall(DATA).call(SYS.THREAD_SWITCH, RESULT, 0, 0).expect(0, 6)
      .recall(DATA).call(SYS.THREAD_SWITCH, RESULT, 0, 0).expect(-4, 7)
      .call(SYS.THREAD_CREATE, "z", DATA + 0x1800n, 0, 0)
      .call(SYS.THREAD_SWITCH, RESULT, 2, 9_000).expect(0, 8)
      .call(SYS.PUTC, 65)
      // Itself, which is not ready.
      .call(SYS.THREAD_SELF).call(SYS.THREAD_SWITCH, RESULT, 0, 0).expect(0, 9).exit(0);
    for (const name of ["x", "y", "z"]) {
      script.label(name).call(SYS.PUTC, name.charCodeAt(0)).call(SYS.THREAD_EXIT);
    }
    const programs = [{ commandLine: "a", bytes: script.build() }];
    using session = new Session({ arch, policy: "mach", quantum: QUANTUM, programs });
    session.finish();
    assertEquals([session.ending("a"), session.console()], ["exit 0", "yxzA"]);
    const [y, z] = session.of("handoff");
    const asleep = session.of("console").map(({ time }) => time);
    assertEquals(session.of("handoff").length, 2);
    assert(y!.to.address !== z!.to.address && asleep[3]! - asleep[2]! >= 8_000, `${asleep}`);
  });

  Deno.test(`Wake-ups ${arch}, the policy is told whose they are and whether the waker blocks, as in the simulator`, () => {
    const [machine, simulator]: [string[], string[]] = [[], []];
    const names = WORKLOAD.threads.map(({ name }) => name);
    simulated(tellingHints(createPolicy("rr"), simulator, (id) => names[id]!));
    let base = 0;
    const policy = tellingHints(createPolicy("rr", { quantum: QUANTUM }), machine, (id) => {
      return names[id - base] ?? "kernel";
    });
    using session = boot(arch, policy);
    base = session.machine.kernel.threads.find(({ task }) => task.name === "steps")?.id ?? 9;
    session.finish();
    const own = machine.filter((line) => !line.includes("kernel"));
    assertEquals(own, simulator);
    for (const hint of ["none", "sync", "handoff"]) {
      assert(own.some((line) => line.endsWith(`: ${hint}`)), hint);
    }
  });

  Deno.test(`Wake-ups ${arch}, by futexes and by the end of a task have their wakers`, () => {
    const waits = new ScriptProgram(arch)
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0)
      .call(SYS.FUTEX_WAIT, DATA, 0, FOREVER).expect(0, 1)
      .call(SYS.SLEEP, 20_000).exit(0)
      .label("other").call(SYS.FUTEX_WAKE, DATA, 1).expect(1, 2).call(SYS.THREAD_EXIT);
    const parent = new ScriptProgram(arch).call(SYS.TASK_WAIT, 1, DATA).expect(0, 3).exit(0);
    const lines: string[] = [];
    using session = new Session({
      arch,
      policy: tellingHints(createPolicy("rr", { quantum: QUANTUM }), lines, (id) => `${id}`),
      programs: [waits, parent].map((program, i) => ({
        commandLine: "ab"[i]!,
        bytes: program.build(),
      })),
    });
    session.finish();
    assertEquals([session.ending("a"), session.ending("b")], ["exit 0", "exit 0"]);
    const [first, second, other] = session.machine.kernel.threads
      .filter(({ task }) => task.id > 0).map(({ id }) => id);
    const seen = lines.filter((line) => /^(9|1\d) by (9|1\d):/.test(line));
    assertEquals(seen, [
      `${other} by ${first}: none`,
      `${first} by ${other}: none`,
      `${second} by ${first}: sync`,
    ]);
  });
}
