// Waiting for a change of a word in memory: what wakes, what is refused, and what ends a wait.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { ARCH_NAMES } from "../testing/programs.ts";
import { runScripts } from "../testing/script_run.ts";
import { DATA, DATA_END, RESULT, ScriptProgram, SYS } from "../testing/script_program.ts";
import { FOREVER } from "./waiting.ts";

const PAGE = 4096;
/** Where tests map what they wait on. */
const AT = 0x1000_0000n;
const INVALID_ADDRESS = -1;
const PROTECTION_FAILURE = -2;
const INVALID_ARGUMENT = -4;
const INVALID_VALUE = -18;
const TIMED_OUT = -49;

/** A word of a page that was touched already, and one nobody has touched. */
const [WORD, OTHER] = [DATA + 8n, DATA + 0x1008n];

for (const arch of ARCH_NAMES) {
  const script = () => new ScriptProgram(arch);
  const thread = (program: ScriptProgram, entry: string) =>
    program.call(SYS.THREAD_CREATE, entry, DATA_END, 0, 0);

  Deno.test(`futex_wait ${arch}, goes on when it is woken, and not for another word or task`, () => {
    const program = thread(script(), "waiter").call(SYS.YIELD).call(SYS.PUTC, 65)
      .call(SYS.FUTEX_WAKE, OTHER, 9).expect(0, 1)
      .call(SYS.FUTEX_WAKE, WORD, 0).expect(0, 2)
      .call(SYS.YIELD).call(SYS.PUTC, 66)
      .call(SYS.FUTEX_WAKE, WORD, 1).expect(1, 3)
      .call(SYS.THREAD_EXIT)
      .label("waiter").call(SYS.FUTEX_WAIT, WORD, 0, FOREVER).expect(0, 4)
      .call(SYS.PUTC, 67).exit(0);
    // Another task wakes in vain what it has at the same address.
    const stranger = script().call(SYS.YIELD).call(SYS.FUTEX_WAKE, WORD, 9).expect(0, 1).exit(0);
    const { endings, console } = runScripts(arch, [program, stranger]);
    assertEquals(endings, ["exit 0", "exit 0"]);
    assertEquals(console, "ABC");
  });

  Deno.test(`futex_wait ${arch}, does not wait for a word that is not what was expected`, () => {
    const program = script().write(WORD, 7)
      .call(SYS.FUTEX_WAIT, WORD, 0, FOREVER).expect(INVALID_VALUE, 1)
      // 32 bits count, of the word and of what is expected.
      .write(WORD + 4n, 1)
      .call(SYS.FUTEX_WAIT, WORD, 7n + (1n << 32n), 0).expect(TIMED_OUT, 2)
      .call(SYS.FUTEX_WAIT, WORD, 6, 0).expect(INVALID_VALUE, 3)
      .exit(0);
    assertEquals(runScripts(arch, [program]).endings, ["exit 0"]);
  });

  Deno.test(`futex calls ${arch}, refuse addresses by what is there`, () => {
    const program = script();
    const refused = (address: bigint, kr: number) => {
      program.call(SYS.FUTEX_WAIT, address, 0, FOREVER).expect(kr, 1)
        .call(SYS.FUTEX_REQUEUE, address, 0, 1, WORD, 1).expect(kr, 2);
    };
    for (const odd of [1n, 2n, 3n]) refused(WORD + odd, INVALID_ARGUMENT);
    program.call(SYS.VM_ALLOCATE, AT, PAGE).call(SYS.VM_PROTECT, AT, PAGE, 0);
    refused(AT, PROTECTION_FAILURE);
    refused(AT + 0x1000n, INVALID_ADDRESS);
    refused(0n, INVALID_ADDRESS);
    const end = arch === "x86_64" ? 1n << 47n : 1n << 48n;
    for (const outside of [end, (1n << 64n) - 4n]) {
      refused(outside, INVALID_ADDRESS);
      program.call(SYS.FUTEX_WAKE, outside, 1).expect(INVALID_ADDRESS, 3)
        .call(SYS.FUTEX_REQUEUE, WORD, 0, 1, outside, 1).expect(INVALID_ADDRESS, 4);
    }
    program.call(SYS.FUTEX_WAKE, WORD + 1n, 1).expect(INVALID_ARGUMENT, 5)
      .call(SYS.FUTEX_REQUEUE, WORD, 0, 1, WORD, 1).expect(INVALID_ARGUMENT, 6)
      // Nobody can wait where nothing is; nobody is woken, and that is no error.
      .call(SYS.FUTEX_WAKE, AT + 0x1000n, 1).expect(0, 7).exit(0);
    assertEquals(runScripts(arch, [program]).endings, ["exit 0"]);
  });

  Deno.test(`futex_wait ${arch}, brings in the page of its word`, () => {
    // Of a file: the word is the first of the ELF header. The other is a page of zeros.
    const magic = 0x464c457f;
    const program = script()
      .call(SYS.MAP_FILE, AT, PAGE, 0, 1).expect(AT, 1)
      .call(SYS.FUTEX_WAIT, AT, magic, 0).expect(TIMED_OUT, 2)
      .call(SYS.FUTEX_WAIT, AT + 4n, 0, FOREVER).expect(INVALID_VALUE, 3)
      .call(SYS.FUTEX_WAIT, OTHER, 0, 0).expect(TIMED_OUT, 4).exit(0);
    const { endings, session } = runScripts(arch, [program]);
    assertEquals(endings, ["exit 0"]);
    assert(session.of("irq").some(({ line }) => line === 1), "no page was read");
  });

  Deno.test(`futex_wait ${arch}, fails if its page is unmapped while it is read`, () => {
    const program = thread(script().call(SYS.MAP_FILE, AT, PAGE, 0, 1), "waiter")
      .call(SYS.YIELD).call(SYS.VM_DEALLOCATE, AT, PAGE).expect(0, 1).call(SYS.THREAD_EXIT)
      .label("waiter").call(SYS.FUTEX_WAIT, AT, 0, FOREVER).expect(INVALID_ADDRESS, 2).exit(0);
    assertEquals(runScripts(arch, [program], { ioLatency: 20_000 }).endings, ["exit 0"]);
  });

  Deno.test(`futex_wait ${arch}, ends when its time is up, and takes no time that cannot be`, () => {
    const limit = 1n << 52n;
    const program = script()
      .call(SYS.FUTEX_WAIT, WORD, 0, limit).expect(INVALID_ARGUMENT, 1)
      .call(SYS.FUTEX_WAIT, WORD, 0, FOREVER - 1n).expect(INVALID_ARGUMENT, 2)
      .call(SYS.FUTEX_WAIT, WORD, 0, 0).expect(TIMED_OUT, 3)
      .call(SYS.FUTEX_WAIT, WORD, 0, 50_000).expect(TIMED_OUT, 4)
      .call(SYS.CLOCK).exit(RESULT);
    const { session } = runScripts(arch, [program]);
    const [{ time = 0 } = {}] = session.of("syscall").filter(({ args }) => args[2] === 50_000n);
    const { status } = session.task("a");
    assert(status?.kind === "exit" && status.code >= time + 50_000 && status.code < time + 100_000);
  });

  Deno.test(`futex_wait ${arch}, a wake-up in time leaves no timeout behind`, () => {
    const program = thread(script(), "waiter").call(SYS.YIELD)
      .call(SYS.FUTEX_WAKE, WORD, 1).expect(1, 1).call(SYS.SLEEP, 60_000).exit(0)
      .label("waiter").call(SYS.FUTEX_WAIT, WORD, 0, 30_000).expect(0, 2)
      // Woken again by what is left of the first wait, it would return too early.
      .call(SYS.FUTEX_WAIT, WORD, 0, FOREVER).exit(3);
    assertEquals(runScripts(arch, [program]).endings, ["exit 0"]);
  });

  Deno.test(`futex_wake and requeue ${arch}, take the first to have come and say how many`, () => {
    const program = script();
    const waiters = [..."PQRS"].map((name) => ({ name, label: `waiter ${name}` }));
    for (const { label } of waiters) thread(program, label).call(SYS.YIELD);
    program.call(SYS.FUTEX_REQUEUE, WORD, 1, 1, OTHER, 1).expect(INVALID_VALUE, 1)
      .call(SYS.FUTEX_REQUEUE, WORD, 0, 1, OTHER, 2).expect(3, 2).call(SYS.YIELD)
      .call(SYS.FUTEX_WAKE, WORD, 9).expect(1, 3).call(SYS.YIELD)
      .call(SYS.FUTEX_WAKE, OTHER, 1).expect(1, 4).call(SYS.YIELD)
      .call(SYS.FUTEX_WAKE, OTHER, FOREVER).expect(1, 5).call(SYS.THREAD_EXIT);
    for (const { name, label } of waiters) {
      program.label(label).call(SYS.FUTEX_WAIT, WORD, 0, FOREVER).expect(0, 6)
        .call(SYS.PUTC, name.charCodeAt(0)).call(SYS.THREAD_EXIT);
    }
    const { endings, console } = runScripts(arch, [program]);
    assertEquals([endings, console], [["exit 0"], "PSQR"]);
  });

  for (
    const { policy, word, values } of [
      { policy: "priority", word: 0n, values: [[20], [31], [25]] },
      // Bytes of 2,000, 300 and 900.
      { policy: "rm", word: 24n, values: [[208, 7], [44, 1], [132, 3]] },
    ]
  ) {
    Deno.test(`futex_wake ${arch}, takes the most urgent by ${policy}`, () => {
      const program = script();
      const waiters = [..."PQR"].map((name, i) => ({ name, value: values[i]! }));
      for (const { name } of waiters) thread(program, name);
      program.call(SYS.SLEEP, 20_000)
        .call(SYS.FUTEX_REQUEUE, WORD, 0, 0, OTHER, 1).expect(1, 1)
        .call(SYS.FUTEX_WAKE, WORD, 1).expect(1, 2).call(SYS.SLEEP, 20_000)
        .call(SYS.FUTEX_WAKE, WORD, 1).expect(1, 3).call(SYS.SLEEP, 20_000)
        .call(SYS.FUTEX_WAKE, OTHER, 1).expect(1, 4).call(SYS.THREAD_EXIT);
      for (const [i, { name, value }] of waiters.entries()) {
        const parameters = DATA + BigInt(64 * (i + 1));
        program.label(name);
        value.forEach((byte, at) => program.write(parameters + word + BigInt(at), byte));
        program.call(SYS.THREAD_SELF)
          .call(SYS.SET_PARAMETERS, RESULT, parameters, 56).expect(0, 5)
          .call(SYS.FUTEX_WAIT, WORD, 0, FOREVER).expect(0, 6)
          .call(SYS.PUTC, name.charCodeAt(0)).call(SYS.THREAD_EXIT);
      }
      const { endings, console } = runScripts(arch, [program], { policy });
      // The most urgent went over to the other word.
      assertEquals([endings, console], [["exit 0"], "RPQ"]);
    });
  }

  Deno.test(`futex_wait ${arch}, its time is exact with a one-shot timer`, () => {
    const program = script().call(SYS.FUTEX_WAIT, WORD, 0, 50_000).expect(TIMED_OUT, 1)
      .call(SYS.CLOCK).exit(RESULT);
    const { session } = runScripts(arch, [program], { timer: "one-shot" });
    const [{ time = 0 } = {}] = session.of("syscall").filter(({ args }) => args[2] === 50_000n);
    const { status } = session.task("a");
    assert(status?.kind === "exit");
    const late = status.code - time - 50_000;
    // What the kernel needs to wake and switch to it, and not a tick.
    assert(late >= 0 && late < 1_000, `${late}`);
  });

  for (const sections of [[], [".gcc_except_table"]]) {
    const how = sections.length === 0 ? "at once" : "by unwinding";
    Deno.test(`futex_wait ${arch}, a thread that is killed ${how} waits no longer`, () => {
      const waiting = thread(script(), "waiter").call(SYS.FUTEX_WAIT, WORD, 0, FOREVER).exit(1)
        .label("waiter").call(SYS.FUTEX_WAIT, WORD, 0, 1_000_000).exit(2);
      const killer = script().call(SYS.YIELD).call(SYS.YIELD)
        .call(SYS.TASK_TERMINATE, 1).expect(0, 1).exit(0);
      const { endings, reason } = runScripts(arch, [waiting, killer], { sections });
      assertEquals([endings, reason], [
        ["killed: terminated by b", "exit 0"],
        "all tasks have ended",
      ]);
    });
  }

  Deno.test(`futex_wait ${arch}, a deadlock names the word`, () => {
    const program = script().call(SYS.FUTEX_WAIT, WORD, 0, FOREVER).exit(0);
    const { reason, session } = runScripts(arch, [program]);
    assertMatch(reason, /^Deadlock: /);
    assertEquals(session.of("blocked").map(({ wait, continuation }) => [wait, continuation]), [
      [`a change at 0x${WORD.toString(16)}`, "wait_over"],
    ]);
  });
}
