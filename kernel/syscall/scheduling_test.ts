// Scheduling parameters: set by system calls and on boot modules, inherited, and never an error of
// the host's.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { SchedError } from "../../sched/errors.ts";
import { Machine } from "../machine.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA, DATA_END, RESULT, ScriptProgram, SYS } from "../testing/script_program.ts";
import { type Program, Session } from "../testing/session.ts";

const SELF = 9; // the first thread of the first task: eight of the kernel's are before it

/** Writes words of `struct thread_parameters` to DATA, one byte at a time. */
function record(
  program: ScriptProgram,
  words: readonly (number | bigint)[],
): ScriptProgram {
  words.forEach((word, i) => {
    const value = BigInt.asUintN(64, BigInt(word));
    for (let byte = 0n; byte < 8n; byte++) {
      program.write(DATA + BigInt(8 * i) + byte, Number(value >> 8n * byte & 0xffn));
    }
  });
  return program;
}

function named(commandLine: string, program: ScriptProgram): Program {
  return { commandLine, bytes: program.build() };
}

const GOOD = [40, -3, 0, 5_000, 4_000, 1_000, 0] as const;
const GOOD_CHECKED = {
  priority: 40,
  nice: -3,
  weight: 1991,
  period: 5_000,
  deadline: 4_000,
  budget: 1_000,
  affinity: null,
};

for (const arch of ARCH_NAMES) {
  const script = (): ScriptProgram => new ScriptProgram(arch);

  Deno.test(`thread_set_parameters ${arch}, changes a thread's, which its later threads have, and get reads them`, () => {
    const program = record(script(), GOOD)
      .call(SYS.SET_PARAMETERS, SELF, DATA, 56).expect(0, 1)
      .call(SYS.GET_PARAMETERS, SELF, DATA + 0x100n, 56).expect(0, 2)
      .call(SYS.GET_PARAMETERS, SELF, DATA + 0x200n, 4096).expect(0, 3)
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0)
      .recall(DATA + 0x110n).expect(1991, 4)
      .recall(DATA + 0x108n).expect(-3, 5)
      .recall(DATA + 0x218n).expect(5_000, 6)
      .call(SYS.SLEEP, 1_000).exit(0)
      .label("other").call(SYS.THREAD_EXIT);
    using session = new Session({ arch, programs: [named("a", program)] });
    session.finish();
    assertEquals(session.ending("a"), "exit 0");
    const { threads } = session.machine.kernel;
    assertEquals(threads[SELF]?.parameters, GOOD_CHECKED);
    assertEquals(threads[SELF + 1]?.parameters, GOOD_CHECKED);
    const [event] = session.of("parameters");
    assertEquals([event?.by, event?.of], [threads[SELF]?.ref, threads[SELF]?.ref]);
    assertEquals([event?.weight, event?.period, event?.affinity], [1991, 5_000, null]);
  });

  Deno.test(`thread_set_parameters ${arch}, what makes no sense has a kernel return code`, () => {
    const wrong: readonly (readonly (number | bigint)[])[] = [
      [256, 0, 0, 0, 0, 0, 0],
      [-1, 0, 0, 0, 0, 0, 0],
      [0, 20, 0, 0, 0, 0, 0],
      [0, -21, 0, 0, 0, 0, 0],
      [0, 0, 2 ** 20 + 1, 0, 0, 0, 0],
      [0, 0, 0, 1n << 53n, 0, 0, 0],
      [0, 0, 0, (1n << 52n) + 1n, 0, 0, 0],
      [0, 0, 0, 0, 1n << 63n, 0, 0],
      [0, 0, 0, 1_000, 0, 1_001, 0],
      [0, 0, 0, 249, 0, 0, 0],
      [0, 0, 0, 1_000, 0, 249, 0],
      [0, 0, 0, 0, 0, 0, 2],
      [0, 0, 0, 0, 0, 0, (1n << 64n) - 1n],
    ];
    const program = script();
    wrong.forEach((words, i) =>
      record(program, words).call(SYS.SET_PARAMETERS, SELF, DATA, 56).expect(-4, 10 + i)
    );
    record(program, GOOD)
      .call(SYS.SET_PARAMETERS, SELF, DATA, 55).expect(-4, 1)
      .call(SYS.GET_PARAMETERS, SELF, DATA, 55).expect(-4, 2)
      .call(SYS.SET_PARAMETERS, SELF, 0, 56).expect(-1, 3)
      .call(SYS.SET_PARAMETERS, SELF, DATA_END - 8n, 56).expect(-1, 4)
      .call(SYS.GET_PARAMETERS, SELF, archByName(arch).userEnd - 8n, 56).expect(-1, 5)
      .call(SYS.SET_PARAMETERS, 0, DATA, 56).expect(-8, 6) // the kernel's
      .call(SYS.GET_PARAMETERS, 1, DATA, 56).expect(-8, 7)
      .call(SYS.SET_PARAMETERS, 999, DATA, 56).expect(-4, 8)
      .call(SYS.SET_PARAMETERS, (1n << 64n) - 1n, DATA, 56).expect(-4, 9)
      .exit(0);
    using session = new Session({ arch, programs: [named("a", program)] });
    session.finish();
    assertEquals(session.ending("a"), "exit 0");
    assertEquals(session.of("parameters"), []);
  });

  Deno.test(`thread_set_parameters ${arch}, another task's threads and dead ones are out of reach`, () => {
    const victim = script().call(SYS.SLEEP, 50_000).exit(0);
    const program = record(script(), GOOD)
      .call(SYS.SET_PARAMETERS, SELF, DATA, 56).expect(-8, 1)
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0)
      .call(SYS.YIELD).call(SYS.YIELD)
      .call(SYS.SET_PARAMETERS, SELF + 2, DATA, 56).expect(-4, 2)
      .exit(0)
      .label("other").call(SYS.THREAD_EXIT);
    using session = new Session({ arch, programs: [named("v", victim), named("a", program)] });
    session.finish();
    assertEquals([session.ending("v"), session.ending("a")], ["exit 0", "exit 0"]);
  });

  Deno.test(`thread_set_parameters ${arch}, counts for the policy at once`, () => {
    // The second thread keeps the CPU by its priority, and not by turns: the first one ends both.
    const program = record(script(), [50, 0, 0, 0, 0, 0, 0])
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0).keep(DATA + 0x80n)
      .recall(DATA + 0x80n)
      .call(SYS.SET_PARAMETERS, RESULT, DATA, 56).expect(0, 1)
      .call(SYS.YIELD)
      .call(SYS.PUTC, 97).exit(0)
      .label("other").call(SYS.PUTC, 98).call(SYS.YIELD).call(SYS.PUTC, 99).call(SYS.THREAD_EXIT);
    const printed = (policy: string): string => {
      using session = new Session({ arch, policy, programs: [named("a", program)] });
      session.finish();
      return session.console();
    };
    assertEquals([printed("priority"), printed("rr")], ["bca", "ba"]);
  });
}

Deno.test("ModuleOptions.parameters, are those of the program's first thread, and part of a snapshot", () => {
  const arch: ArchName = "x86_64";
  const bytes = new ScriptProgram(arch).call(SYS.SLEEP, 9_000).exit(0).build();
  const program = { commandLine: "a", bytes, parameters: { period: 700, nice: 5 } };
  using session = new Session({ arch, programs: [program] });
  session.machine.run(9_000);
  const own = (machine: Machine): unknown => machine.kernel.threads[SELF]?.parameters;
  assertEquals(own(session.machine), {
    ...{ priority: 32, nice: 5, weight: 335, period: 700, deadline: 700, budget: 0 },
    affinity: null,
  });
  using other = Machine.from(session.machine.snapshot());
  assertEquals(own(other), own(session.machine));
  for (
    const parameters of [{ nice: 20 }, { period: 2 ** 52 + 1 }, { budget: 249 }, { affinity: [1] }]
  ) {
    const error = assertThrows(
      () => new Session({ arch, programs: [{ ...program, parameters }] }),
      SchedError,
    );
    assertMatch(
      error.message,
      /^Cannot give the first thread of a the (nice|period|budget|affinity) /,
    );
  }
});
