// The programs of guest/programs under every way the kernel can run them: loading, timer, policy,
// stacks, memory.
import { assert, assertEquals } from "@std/assert";
import { everyNth } from "../util/testing/sweep.ts";
import { Audit } from "./testing/audit.ts";
import { ARCH_NAMES } from "./testing/programs.ts";
import { Session, type SessionOptions } from "./testing/session.ts";

const ALL_ENDED = "all tasks have ended";

/**
 * What each program prints, wherever it runs; `threads` prints its lines in the order of the
 * scheduler.
 */
const OUTPUT: Readonly<Record<string, string>> = {
  "fpmix": "fpmix: all sums agree\n",
  "sleeper": "sleeper: woke in order\n",
  "mapfile": "mapfile: file and memory agree\n",
  "spinner 2000": "spinner: 2000 turns\n",
  "tls": "tls: each thread has its own\n",
  "jit": "jit: every function is new\n",
  "coro": ["values", "nesting", "drops", "switches", "on-stack"]
    .map((name) => `coro: ${name}\n`).join(""),
};

function assertRuns(session: Session, programs: readonly string[]): void {
  assertEquals(session.finish().reason, ALL_ENDED);
  for (const program of programs) {
    const name = program.split(" ")[0] ?? "";
    assertEquals(session.ending(name), "exit 0", program);
    if (name === "threads") assertThreads(session.console(name));
    else assertEquals(session.console(name), OUTPUT[program], program);
  }
}

/** Four threads print three lines each; each thread's in order. */
function assertThreads(text: string): void {
  const lines = text.trimEnd().split("\n");
  assertEquals(lines.pop(), "threads: all done");
  assertEquals(lines.length, 12);
  for (const thread of [0, 1, 2, 3]) {
    const own = lines.filter((line) => line.startsWith(`thread ${thread} `));
    assertEquals(own, [0, 1, 2].map((turn) => `thread ${thread} turn ${turn}`));
  }
}

const WAYS: readonly (readonly [string, Partial<SessionOptions>])[] = [
  ["as it comes", {}],
  ["paged in on demand", { load: "demand" }],
  ["paged in slowly", { load: "demand", ioLatency: 200_000 }],
  ["paged in at once", { load: "demand", ioLatency: 1 }],
  ["by priority", { policy: "priority" }],
  ["under the fastest timer", { quantum: 250 }],
  ["by priority under a fast timer", { quantum: 311, policy: "priority", load: "demand" }],
  ["with a one-shot timer", { quantum: 300, timer: "one-shot", load: "demand" }],
  ["by deadlines", { policy: "edf", load: "demand" }],
  ["with one kernel stack", { stackLimit: 1, load: "demand" }],
  ["with two kernel stacks under a fast timer", { stackLimit: 2, load: "demand", quantum: 300 }],
  ["in the least memory", { memory: 8 * 1024 * 1024 }],
];

const ALL = [...Object.keys(OUTPUT), "threads"];

for (const arch of ARCH_NAMES) {
  // The quick sweep has half of the ways, each on one architecture.
  for (const [what, options] of everyNth(WAYS, 4, ARCH_NAMES.indexOf(arch))) {
    Deno.test(`Programs ${arch}, each alone is right ${what}`, () => {
      for (const program of ALL) {
        using session = new Session({ arch, programs: [program], ...options });
        const audit = new Audit(session.machine);
        assertRuns(session, [program]);
        audit.check();
      }
    });

    Deno.test(`Programs ${arch}, all at once are right ${what}`, () => {
      using session = new Session({ arch, programs: ALL, ...options });
      const audit = new Audit(session.machine);
      assertRuns(session, ALL);
      audit.check();
    });
  }

  Deno.test(`Preemption ${arch}, spinners share the CPU by quantum and finish together`, () => {
    for (const policy of ["rr", "priority"]) {
      const programs = ["spinner 40000", "spinner 40000", "spinner 40000"];
      using session = new Session({ arch, programs, policy, quantum: 1000 });
      session.finish();
      const ends = session.of("task-exit").map(({ time }) => time);
      assertEquals(ends.length, 3);
      // Without preemption the first would end at a third of the time of the last.
      assert(Math.min(...ends) > 0.8 * Math.max(...ends), ends.join());
      const asts = session.of("ast").filter(({ reasons }) => reasons.includes("quantum"));
      assert(asts.length > 100, `${asts.length} preemptions`);
    }
  });

  Deno.test(`Preemption ${arch}, a spinner cannot keep another program from running`, () => {
    using session = new Session({ arch, programs: ["spinner 300000", "threads"] });
    session.finish();
    assertThreads(session.console("threads"));
    const [first, second] = session.of("task-exit");
    assertEquals([first?.task, second?.task], ["threads", "spinner"]);
  });

  Deno.test(`Preemption ${arch}, no thread runs longer than two quanta while another is ready`, () => {
    const quantum = 1000;
    using session = new Session({ arch, programs: ["spinner 5000", "spinner 5000"], quantum });
    session.finish();
    let since = 0;
    let started = 0;
    for (const event of session.events) {
      if (event.type === "message" && event.text.includes("start")) started++;
      if (event.type === "task-exit") break;
      if (event.type !== "context-switch" && event.type !== "stack-handoff") continue;
      // Loading is kernel code, which is not preempted.
      if (started === 2 && event.from.task === "spinner" && event.to.task === "spinner") {
        assert(event.time - since < 2.5 * quantum, `${event.time - since} instructions in a row`);
      }
      since = event.time;
    }
    assertEquals(started, 2);
  });

  Deno.test(`Idle ${arch}, sleeping takes time and no instructions`, () => {
    using session = new Session({ arch, programs: ["sleeper"] });
    session.finish();
    const { now, cpu } = session.machine;
    assert(now > 1_000_000 && cpu.instructions < 50_000, `${cpu.instructions} of ${now}`);
    const idle = session.of("idle");
    assert(idle.length > 5);
    const skipped = idle.reduce((sum, { time, until }) => sum + (time - until), 0);
    assertEquals(skipped, 0, "the clock has moved on when the event is emitted");
  });

  Deno.test(`Demand paging ${arch}, pages come by interrupt line 1 and continuation`, () => {
    using session = new Session({ arch, programs: ["mapfile"], load: "demand" });
    session.finish();
    const { image } = session.machine.kernel.arch;
    assert(session.of("irq").some(({ line }) => line === 1));
    const label = image.symbol("user_page_fault_continuation");
    const blocked = session.of("context-switch").filter(({ fromContinuation }) =>
      fromContinuation === label
    );
    const handed = session.of("stack-handoff").filter(({ from }) => from.task === "mapfile");
    assert(blocked.length + handed.length > 3, "the faulting thread gives its stack away");
    assert(session.of("page-fault").every(({ kr }) => kr === 0));
    const daemon = session.machine.kernel.threads.filter(({ task }) => task.id === 0)[8];
    assert((daemon?.runTime ?? 0) > 1000, "the page-in thread has worked");
  });

  Deno.test(`Demand paging ${arch}, only pages that are touched are read`, () => {
    const pages = (load: "copyout" | "demand") => {
      using session = new Session({ arch, programs: ["bad exit-7"], load });
      session.finish();
      return session.task("bad").space?.residentCount ?? 0;
    };
    const [copied, demanded] = [pages("copyout"), pages("demand")];
    assert(demanded < copied, `${demanded} of ${copied}`);
  });

  Deno.test(`Lazy floating point ${arch}, the unit changes hands only at its first use`, () => {
    using plain = new Session({ arch, programs: ["threads"] });
    plain.finish();
    assertEquals(plain.of("fp-switch"), []);
    using mixed = new Session({ arch, programs: ["fpmix", "fpmix"], quantum: 500 });
    assertEquals(mixed.finish().reason, ALL_ENDED);
    assertEquals(mixed.of("task-exit").map(({ code }) => code), [0, 0]);
    const switches = mixed.of("fp-switch");
    assert(switches.length > 50, `${switches.length} switches`);
    for (const { from, to } of switches) assert(from?.address !== to.address);
    // Somebody who has died does not own it any more.
    const dead = new Set<bigint>();
    for (const event of mixed.events) {
      if (event.type === "thread-exit") dead.add(event.thread);
      if (event.type === "thread-create") dead.delete(event.thread);
      if (event.type === "fp-switch") assert(event.from === null || !dead.has(event.from.address));
    }
  });
}
