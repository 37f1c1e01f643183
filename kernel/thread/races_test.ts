// What threads do to one another while they wait in the kernel: change the map under a page-in,
// die, end each other's task.
import { assertEquals, assertMatch } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA, DATA_END, ScriptProgram, SYS } from "../testing/script_program.ts";
import { type Program, Session, type SessionOptions } from "../testing/session.ts";

const INVALID_ADDRESS = -1;
const PAGE = 4096;

/** Where tests put what they map. */
const AT = 0x1000_0000n;

/** Time the page-ins of these tests take: enough for another thread to act. */
const LATENCY = 20_000;

function script(arch: ArchName): ScriptProgram {
  return new ScriptProgram(arch);
}

function named(name: string, program: ScriptProgram): Program {
  return { commandLine: name, bytes: program.build() };
}

/**
 * Runs scripts to their end and checks that nothing is left over; returns how each ended, and the
 * session's console.
 */
function run(
  options: { arch: ArchName; programs: readonly Program[] } & Partial<SessionOptions>,
): { endings: string[]; console: string } {
  using session = new Session({ ioLatency: LATENCY, ...options });
  const audit = new Audit(session.machine);
  assertEquals(session.finish().reason, "all tasks have ended");
  audit.check();
  const endings = session.machine.kernel.tasks.slice(1).map(({ name }) => session.ending(name));
  return { endings, console: session.console() };
}

/**
 * A program whose main thread maps its file, has another thread touch it, and does something while
 * that waits for the page.
 */
function duringPageIn(
  arch: ArchName,
  parts: {
    other: (program: ScriptProgram) => ScriptProgram;
    meanwhile: (program: ScriptProgram) => ScriptProgram;
    sections?: readonly string[];
  },
): Program {
  const start = script(arch)
    .call(SYS.MAP_FILE, AT, PAGE, 0, 1).expect(AT, 90)
    .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0)
    .call(SYS.YIELD);
  const program = parts.other(parts.meanwhile(start).label("other"));
  const { sections } = parts;
  const bytes = program.build(sections === undefined ? {} : { sections });
  return { commandLine: "racer", bytes };
}

const sleepLong = (program: ScriptProgram) => program.call(SYS.SLEEP, 10 * LATENCY).exit(91);

for (const arch of ARCH_NAMES) {
  Deno.test(`Page-in ${arch}, of a page that is deallocated meanwhile is a fault`, () => {
    const racer = duringPageIn(arch, {
      other: (p) => p.read(AT).exit(92),
      meanwhile: (p) => sleepLong(p.call(SYS.VM_DEALLOCATE, AT, PAGE).expect(0, 93)),
    });
    const { endings } = run({ arch, programs: [racer] });
    assertMatch(endings[0] ?? "", /^killed: read of 0x10000000: not mapped, at 0x4\w+$/);
  });

  Deno.test(`Page-in ${arch}, of a page that is protected meanwhile is a fault`, () => {
    const racer = duringPageIn(arch, {
      other: (p) => p.read(AT).exit(92),
      meanwhile: (p) => sleepLong(p.call(SYS.VM_PROTECT, AT, PAGE, 0).expect(0, 93)),
    });
    const { endings } = run({ arch, programs: [racer] });
    assertMatch(endings[0] ?? "", /^killed: read of 0x10000000: not allowed, at 0x4\w+$/);
  });

  Deno.test(`Page-in ${arch}, of a page that shows something else meanwhile shows that`, () => {
    // First the ELF header, whose first byte is 0x7f; then zeros.
    const racer = duringPageIn(arch, {
      other: (p) => p.call(SYS.PRINT, AT, 1).expect(1, 92).call(SYS.THREAD_EXIT),
      meanwhile: (p) =>
        p.call(SYS.VM_DEALLOCATE, AT, PAGE).expect(0, 93)
          .call(SYS.VM_ALLOCATE, AT, PAGE).expect(AT, 94)
          .write(AT, "z".charCodeAt(0))
          .call(SYS.SLEEP, 10 * LATENCY).exit(0),
    });
    assertEquals(run({ arch, programs: [racer] }), { endings: ["exit 0"], console: "z" });
  });

  Deno.test(`Page-in ${arch}, a copy from a page that is deallocated meanwhile fails with a code`, () => {
    const racer = duringPageIn(arch, {
      other: (p) => p.call(SYS.PRINT, AT, 4).expect(INVALID_ADDRESS, 92).exit(7),
      meanwhile: (p) => sleepLong(p.call(SYS.VM_DEALLOCATE, AT, PAGE).expect(0, 93)),
    });
    assertEquals(run({ arch, programs: [racer] }).endings, ["exit 7"]);
  });

  Deno.test(`Page-in ${arch}, what is taken away meanwhile stays away for every thread`, () => {
    for (
      const [call, args, why] of [
        [SYS.VM_DEALLOCATE, [AT, PAGE], "not mapped"],
        [SYS.VM_PROTECT, [AT, PAGE, 0], "not allowed"],
      ] as const
    ) {
      const racer = duringPageIn(arch, {
        other: (p) => p.call(SYS.PRINT, AT, 4).expect(INVALID_ADDRESS, 92).call(SYS.THREAD_EXIT),
        // Long after the page has been read, and the other thread refused.
        meanwhile: (p) => p.call(call, ...args).expect(0, 93).call(SYS.SLEEP, 5 * LATENCY).read(AT),
      });
      const [ending = ""] = run({ arch, programs: [racer] }).endings;
      assertMatch(ending, new RegExp(`^killed: read of 0x10000000: ${why}, at 0x4\\w+$`));
    }
  });

  Deno.test(`Page-in ${arch}, two threads that wait for the same page both get it`, () => {
    const racer = duringPageIn(arch, {
      other: (p) => p.read(AT).call(SYS.PUTC, 66).call(SYS.THREAD_EXIT),
      meanwhile: (p) => p.read(AT).call(SYS.PUTC, 65).call(SYS.SLEEP, 10 * LATENCY).exit(0),
    });
    const { endings, console } = run({ arch, programs: [racer] });
    assertEquals([endings, [...console].sort().join("")], [["exit 0"], "AB"]);
  });

  for (
    const [what, other] of [
      ["for a page", (p: ScriptProgram) => p.read(AT).exit(92)],
      ["for a page in a copy", (p: ScriptProgram) => p.call(SYS.PRINT, AT, 4).exit(92)],
      ["asleep", (p: ScriptProgram) => p.call(SYS.SLEEP, 1n << 50n).exit(92)],
      ["for another task", (p: ScriptProgram) => p.call(SYS.TASK_WAIT, 2, DATA).exit(92)],
      ["for its turn", (p: ScriptProgram) => p.label("spin").call(SYS.YIELD).jump("spin")],
      ["for a timer to stop it", (p: ScriptProgram) => p.label("spin").jump("spin")],
    ] as const
  ) {
    Deno.test(`Exit ${arch}, ends a thread that waits ${what}`, () => {
      const racer = duringPageIn(arch, { other, meanwhile: (p) => p.spin(300).exit(7) });
      const lasting = script(arch).call(SYS.SLEEP, 20 * LATENCY).exit(0);
      const { endings } = run({ arch, programs: [racer, named("lasting", lasting)] });
      assertEquals(endings, ["exit 7", "exit 0"]);
    });

    Deno.test(`Termination ${arch}, by another task ends threads that wait ${what}`, () => {
      const victim = duringPageIn(arch, { other, meanwhile: (p) => other(p) });
      assertEquals(runWithKiller(arch, victim), ["killed: terminated by killer", "exit 0"]);
    });

    // A section with clean-ups, if only an empty one, has every thread unwound from wherever it is.
    Deno.test(`Termination ${arch}, unwinds threads that wait ${what}`, () => {
      const victim = duringPageIn(arch, {
        other,
        meanwhile: (p) => other(p),
        sections: [".gcc_except_table"],
      });
      assertEquals(runWithKiller(arch, victim), ["killed: terminated by killer", "exit 0"]);
    });
  }
}

/** Runs a victim and a task that ends it while its threads wait. */
function runWithKiller(arch: ArchName, victim: Program): string[] {
  const killer = script(arch).call(SYS.SLEEP, LATENCY / 2)
    .call(SYS.TASK_TERMINATE, 1).expect(0, 1)
    .call(SYS.TASK_WAIT, 1, DATA).expect(0, 3).recall(DATA).expect(1, 4)
    .call(SYS.SLEEP, 5 * LATENCY).exit(0);
  return run({ arch, programs: [victim, named("killer", killer)] }).endings;
}
