// Who runs next: wake-ups by deadline, preemption by something more urgent, and the turn that is
// kept.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import type { ContextSwitchEvent, KernelEvent, StackHandoffEvent } from "../../trace/events.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA_END, RESULT, ScriptProgram, SYS } from "../testing/script_program.ts";
import { type Program, Session } from "../testing/session.ts";

function script(arch: ArchName): ScriptProgram {
  return new ScriptProgram(arch);
}

function named(commandLine: string, program: ScriptProgram): Program {
  return { commandLine, bytes: program.build() };
}

const spinner = (arch: ArchName) => script(arch).label("spin").jump("spin");

type Move = KernelEvent & (ContextSwitchEvent | StackHandoffEvent);

function moves(events: readonly KernelEvent[]): Move[] {
  return events.filter((event): event is Move =>
    event.type === "context-switch" || event.type === "stack-handoff"
  );
}

/** When a task was last given the CPU after another user task. */
function turnBegan(session: Session, name: string): number {
  let last = "";
  let began = 0;
  for (const { time, to: { task } } of moves(session.events)) {
    if (task === "gnumach") continue;
    if (task === name && last !== name) began = time;
    last = task;
  }
  return began;
}

for (const arch of ARCH_NAMES) {
  Deno.test(`Sleep ${arch}, threads wake in the order of their deadlines, whatever the tick`, () => {
    // All deadlines lie between two ticks, and the threads go to sleep in the opposite order.
    const program = script(arch);
    for (const name of ["d", "c", "b", "a"]) {
      program.call(SYS.THREAD_CREATE, name, DATA_END, 0, 0);
    }
    program.call(SYS.SLEEP, 150_000).exit(0);
    const delays = { a: 30_000, b: 33_000, c: 36_000, d: 39_000 };
    for (const [name, delay] of Object.entries(delays)) {
      program.label(name).call(SYS.SLEEP, delay)
        .call(SYS.PUTC, name.charCodeAt(0)).call(SYS.THREAD_EXIT);
    }
    using session = new Session({ arch, quantum: 50_000, programs: [named("a", program)] });
    session.finish();
    assertEquals(session.console(), "abcd");
  });

  Deno.test(`Sleep ${arch}, beyond what the clock can count is refused, again and again`, () => {
    const program = script(arch);
    for (let i = 0; i < 6; i++) program.call(SYS.SLEEP, 1n << 51n);
    program.exit(RESULT);
    using session = new Session({ arch, programs: [named("a", program), "threads"] });
    session.finish();
    assertEquals([session.ending("a"), session.ending("threads")], ["exit -4", "exit 0"]);
    assert(Number.isSafeInteger(session.machine.now));
    assertEquals(session.of("irq").filter(({ time }) => time > 2 ** 51 + 1_000_000), []);
  });

  Deno.test(`Priority ${arch}, who is preempted by the kernel's threads goes on before its equals`, () => {
    const quantum = 100_000;
    const programs = [named("a", spinner(arch)), named("b", spinner(arch))];
    using session = new Session({ arch, policy: "priority", quantum, programs });
    const { machine, events } = session;
    machine.run(3 * quantum);
    let preempted = 0;
    let turns = 0;
    for (let i = 0; i < 60; i++) {
      machine.run(5000);
      const before = machine.kernel.cpus[0]!.current;
      // Half a quantum after the thread's turn began its time may be used up; then its equal is
      // next.
      const fresh = machine.now - turnBegan(session, before.task.name) < quantum / 2 - 5000;
      if (!machine.cpu.userMode || !fresh) continue;
      // The page-in line wakes a kernel thread, which is more urgent.
      const seen = events.length;
      machine.injectInterrupt(1);
      machine.run(2000);
      const moved = moves(events.slice(seen)).map(({ to }) => to.task);
      if (events.slice(seen).some((event) => event.type === "irq" && event.line === 0)) turns++;
      else {
        preempted++;
        assertEquals(moved, ["gnumach", before.task.name]);
      }
    }
    assert(preempted > 20 && turns < 5, `${preempted} times, ${turns} with a tick`);
  });

  Deno.test(`Round robin ${arch}, a thread that wakes up waits for its turn`, () => {
    const quantum = 20_000;
    const programs = [named("a", spinner(arch)), "mapfile"];
    using session = new Session({ arch, quantum, programs });
    session.machine.run(400_000);
    // Once it runs, the spinner gives way to the timer only, not before half a quantum, whoever
    // wakes up meanwhile.
    const start = session.of("message").find(({ text }) => text.includes("start mapfile"));
    assert(start !== undefined);
    let since = Infinity;
    let turns = 0;
    for (const { time, from, to } of moves(session.events)) {
      if (time < start.time) continue;
      if (from.task === "a" && since !== Infinity) {
        turns++;
        assert(time - since > quantum / 2, `${time - since} instructions`);
      }
      if (to.task === "a") since = time;
    }
    assert(turns > 8, `${turns} turns`);
    assert(session.of("irq").some(({ line, thread }) => line === 1 && thread.task === "a"));
  });

  Deno.test(`Round robin ${arch}, who has given way is not asked to again without another tick`, () => {
    // Copies from file pages: the timer finds the kernel copying, then the copy has to wait for the
    // next page.
    const program = script(arch).call(SYS.MAP_FILE, 0x1000_0000n, 16 * 4096, 0, 1);
    for (let i = 0n; i < 15n; i++) program.call(SYS.PRINT, 0x1000_0800n + i * 4096n, 4096);
    const bytes = new Uint8Array(16 * 4096);
    bytes.set(program.exit(0).build());
    const copier = { commandLine: "copier", bytes };
    using session = new Session({
      arch,
      quantum: 1000,
      programs: [copier, named("a", spinner(arch))],
    });
    session.machine.run(300_000);
    assertEquals(session.ending("copier"), "exit 0");
    let ticked = false;
    let asts = 0;
    for (const event of session.events) {
      if (event.type === "context-switch" || event.type === "stack-handoff") ticked = false;
      if (event.type === "irq" && event.line === 0) ticked = true;
      if (event.type === "ast" && event.reasons.includes("quantum")) {
        asts++;
        assert(ticked, `AST ${event.seq} without a tick`);
      }
    }
    assert(asts > 20, `${asts} ASTs`);
  });

  Deno.test(`Idle ${arch}, is idle when memory is short, too`, () => {
    using session = new Session({ arch, memory: 8 * 1024 * 1024, programs: ["sleeper"] });
    const { machine } = session;
    machine.run(14_000);
    const { pageFrames: frames, zeroed } = machine.kernel;
    while (frames.available > frames.low - 5) frames.allocate();
    zeroed.length = 0;
    session.finish();
    assertEquals(session.ending("sleeper"), "exit 0");
    assert(
      machine.now > 1_000_000 && machine.cpu.instructions < 60_000,
      `${machine.cpu.instructions}`,
    );
  });

  Deno.test(`Yield ${arch}, threads take turns in order`, () => {
    const program = script(arch);
    const names = ["a", "b", "c"];
    for (const name of names) program.call(SYS.THREAD_CREATE, name, DATA_END, 0, 0);
    program.call(SYS.THREAD_EXIT);
    for (const name of names) {
      program.label(name);
      for (let turn = 0; turn < 4; turn++) {
        program.call(SYS.PUTC, name.charCodeAt(0)).call(SYS.YIELD);
      }
      program.call(SYS.THREAD_EXIT);
    }
    for (const policy of ["rr", "priority"]) {
      using session = new Session({ arch, policy, programs: [named("x", program)] });
      session.finish();
      assertEquals(session.console(), "abcabcabcabc");
    }
  });
}
