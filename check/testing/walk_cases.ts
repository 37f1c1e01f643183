/**
 * The programs whose walks are checked, for a test file of each architecture: files run beside each
 * other.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { unwindProgram } from "../../guest/boot_modules.ts";
import { KernelError } from "../../kernel/errors.ts";
import type { ProgramMode } from "../../kernel/program/loader.ts";
import { type Program, Session, type SessionOptions } from "../../kernel/testing/session.ts";
import { everyNth, leftToFull, sweep } from "../../util/testing/sweep.ts";
import { describeMismatch, verifyWalks, type WalkOptions, type WalkReport } from "../mod.ts";

/**
 * The full sweep checks every execution of every instruction. The quick one passes over further
 * turns of loops, which are most of what the kernel executes: they zero and copy pages. A row of
 * the tables belongs to an address, so no row is left out.
 */
const ONCE = sweep({ quick: true, full: false });

/** Runs programs to their end; every instruction of user and kernel must have the right frames. */
function check(
  options: SessionOptions,
  walk: WalkOptions = {},
): { report: WalkReport; session: Session } {
  const session = new Session(options);
  const report = verifyWalks(session.machine, { once: ONCE, ...walk });
  const { mismatch } = report;
  if (mismatch !== null) throw new Error(describeMismatch(mismatch));
  assertEquals(report.unknownCode, 0);
  if (walk.scope !== "user") {
    const { userChecked, kernelChecked, passedOver, instructions } = report;
    assertEquals(userChecked + kernelChecked + passedOver, instructions);
  }
  return { report, session };
}

async function unwinding(arch: ArchName, args: string, mode: ProgramMode): Promise<Program> {
  return await unwindProgram(arch, { args, mode });
}

/** Size of the region of kernel-mode programs. */
const GIB = 1n << 30n;

const CAUSES = [
  "none 0",
  "panic 0",
  "panic 3",
  "throw 2",
  "fault 0",
  "leaf 1",
  "inline 2",
  "null 2",
  "kill 0",
  "syscall 0",
  "spin 0",
  "double 0",
  "nested 2",
];

/** Registers the tests of an architecture. */
export function walkCases(arch: ArchName): void {
  for (const mode of ["user", "kernel"] as const) {
    // The quick sweep has each cause in one mode of one architecture.
    const part = (arch === "x86_64") === (mode === "user") ? 0 : 1;
    const causes = everyNth(CAUSES, 4, part + (mode === "user" ? 0 : 2));
    for (const args of causes) {
      Deno.test(`verifyWalks ${arch}, every instruction of unwind ${args} in ${mode} mode`, async () => {
        const { report, session } = check({ arch, programs: [await unwinding(arch, args, mode)] });
        using _ = session;
        assertEquals(report.result, { kind: "halted", reason: "all tasks have ended" });
        assertEquals(report.counts.landings, session.of("landing").length, "landings");
        assertEquals(report.userChecked > 300, mode === "user");
        assert(report.deepest >= 7, "the chain of calls is seven frames deep");
      });
    }

    // The quick sweep has these in one mode of each architecture.
    if (leftToFull(part !== 0)) continue;
    Deno.test(`verifyWalks ${arch}, every instruction of a stack overflow in ${mode} mode`, async () => {
      const programs = [await unwinding(arch, "overflow 2", mode)];
      // The recursion is four hundred calls that are all alike; behind a few of them, the quick
      // sweep does not look again at each of their instructions.
      const { report, session } = check({ arch, programs }, {
        depth: sweep({ quick: 4, full: 24 }),
      });
      using _ = session;
      assert(report.deepest > 400, `${report.deepest} frames`);
      assertEquals(report.counts.landings, session.of("landing").length, "landings");
    });

    Deno.test(`verifyWalks ${arch}, every instruction with interrupts between them in ${mode} mode`, async () => {
      using session = new Session({ arch, programs: [await unwinding(arch, "throw 4", mode)] });
      const { machine } = session;
      const { programRegion } = machine.kernel.arch;
      let last = 0n;
      const report = verifyWalks(machine, {
        instructions: sweep({ quick: 25_000, full: 60_000 }),
        depth: 6,
        beforeEach: () => {
          const { pc, userMode } = machine.cpu;
          if (!userMode && (pc < programRegion || pc >= programRegion + GIB)) return;
          // Each instruction gets one and is then let run.
          if (last !== pc) machine.injectInterrupt(7);
          last = last === pc ? 0n : pc;
        },
      });
      assertEquals(report.mismatch && describeMismatch(report.mismatch), null);
      assert(
        report.counts.traps > sweep({ quick: 100, full: 700 }),
        `${report.counts.traps} traps`,
      );
    });
  }

  const programs = everyNth(["module-hello", "threads", "fpmix"], 2, Number(arch === "x86_64"));
  for (const program of programs) {
    Deno.test(`verifyWalks ${arch}, every instruction of ${program}`, () => {
      // The kernel's part of fpmix is two thousand yields that are all alike.
      const scope = program === "fpmix" ? "user" : "all";
      const { report, session } = check({ arch, programs: [program] }, { scope });
      using _ = session;
      assertEquals(report.result.kind, "halted");
    });
  }

  Deno.test(`verifyWalks ${arch}, two tasks that preempt each other`, {
    ignore: leftToFull(arch === "aarch64"),
  }, async () => {
    const programs = [await unwinding(arch, "throw 1", "user"), "jobs wild 1"];
    const { report, session } = check({ arch, programs, quantum: 300, seed: 3 });
    using _ = session;
    assertEquals(session.ending("jobs"), "exit 0");
    assert(report.counts.traps > 100, `${report.counts.traps} traps`);
  });

  Deno.test(`verifyWalks ${arch}, refuses a machine that has run`, async () => {
    using session = new Session({ arch, programs: [await unwinding(arch, "none 0", "user")] });
    session.machine.run(1);
    const error = assertThrows(() => verifyWalks(session.machine), KernelError);
    assertEquals(error.kind, "misuse");
    assertEquals(
      error.message,
      "Cannot check a machine that has run: 1 instructions are executed",
    );
  });

  Deno.test(`verifyWalks ${arch}, stops after the instructions asked for`, async () => {
    using session = new Session({ arch, programs: [await unwinding(arch, "none 0", "user")] });
    const report = verifyWalks(session.machine, { instructions: 1234 });
    assertEquals([report.result.kind, report.instructions], ["paused", 1234]);
  });
}
