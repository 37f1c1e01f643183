// Thread pointers and segment selectors belong to the thread: whoever ran in between, a thread
// finds its own again.
import { assertEquals } from "@std/assert";
import { InterruptLine } from "../clock.ts";
import type { PerCpu } from "../per_cpu.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA_END, ScriptProgram, SYS } from "../testing/script_program.ts";
import { Session } from "../testing/session.ts";
import { leftToFull } from "../../util/testing/sweep.ts";

const INVALID_ADDRESS = -1;
const INVALID_ARGUMENT = -4;
const QUANTUM = 2 ** 30;
const POINTERS = { aarch64: [0], x86_64: [0, 1] } as const;

/**
 * Preempts a machine's program before nearly each of its instructions, for an exclusive store needs
 * a few in a row; returns how often that was.
 */
function preemptEverywhere(session: Session, most: number): number {
  const { machine } = session;
  const { kernel } = machine;
  let count = 0;
  let seen = 0;
  while (kernel.halted === null && count < most) {
    const { userMode } = machine.cpu;
    machine.run(1);
    if (!userMode || !machine.cpu.userMode || seen++ % 31 < 6) continue;
    const { current } = kernel.cpus[0] as PerCpu;
    // Its quantum is used up: it goes to the tail of the queue.
    if (kernel.policy.tick(current.id, { cpu: 0, elapsed: QUANTUM })) current.postAst("quantum");
    machine.injectInterrupt(InterruptLine.EXTERNAL);
    count++;
  }
  return count;
}

for (const arch of ARCH_NAMES) {
  Deno.test(
    `Thread-local storage ${arch}, each thread has its own where each instruction is preempted`,
    { ignore: leftToFull(arch === "aarch64") },
    () => {
      using session = new Session({ arch, programs: ["tls 1"], quantum: QUANTUM });
      const count = preemptEverywhere(session, 100_000);
      assertEquals(session.ending("tls"), "exit 0");
      assertEquals(session.console(), "tls: each thread has its own\n");
      const switches = session.of("stack-handoff").length + session.of("context-switch").length;
      assertEquals([count > 2_000, switches > count / 2], [true, true], `${count}, ${switches}`);
    },
  );

  Deno.test(`thread_set_pointer ${arch}, sets what thread_get_pointer returns, and no more`, () => {
    const script = new ScriptProgram(arch);
    const end = arch === "x86_64" ? 0x7fff_ffff_f000n : 1n << 48n;
    for (const which of POINTERS[arch]) {
      script.call(SYS.GET_POINTER, which).expect(0, 1)
        .call(SYS.SET_POINTER, which, 0x1234).expect(0, 2)
        .call(SYS.SET_POINTER, which, end + 1n).expect(INVALID_ADDRESS, 3)
        .call(SYS.SET_POINTER, which, (1n << 64n) - 8n).expect(INVALID_ADDRESS, 4)
        .call(SYS.GET_POINTER, which).expect(0x1234, 5)
        .call(SYS.SET_POINTER, which, end).expect(0, 6)
        .call(SYS.GET_POINTER, which).expect(end, 7);
    }
    const none = BigInt(POINTERS[arch].length);
    for (const which of [none, 1n << 32n, (1n << 64n) - 1n]) {
      script.call(SYS.GET_POINTER, which).expect(INVALID_ARGUMENT, 8)
        .call(SYS.SET_POINTER, which, 0).expect(INVALID_ARGUMENT, 9);
    }
    using session = new Session({
      arch,
      programs: [{ commandLine: "script", bytes: script.exit(0).build() }],
    });
    session.finish();
    assertEquals(session.ending("script"), "exit 0");
  });

  Deno.test(`thread_create ${arch}, gives the thread the pointer it is told and refuses a bad one`, () => {
    const script = new ScriptProgram(arch)
      .call(SYS.SET_POINTER, 0, 0x1111)
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 1n << 63n).expect(INVALID_ADDRESS, 1)
      .call(SYS.THREAD_CREATE, "other", DATA_END, 0, 0x2222)
      .call(SYS.THREAD_CREATE, "third", DATA_END, 0, 0);
    for (let i = 0; i < 5; i++) {
      script.call(SYS.YIELD).call(SYS.GET_POINTER, 0).expect(0x1111, 2);
    }
    script.call(SYS.SLEEP, 50_000).exit(0)
      .label("other").call(SYS.GET_POINTER, 0).expect(0x2222, 3)
      .call(SYS.SET_POINTER, 0, 0x2223).call(SYS.SLEEP, 2_000)
      .call(SYS.GET_POINTER, 0).expect(0x2223, 4).call(SYS.THREAD_EXIT)
      .label("third").call(SYS.GET_POINTER, 0).expect(0, 5)
      .call(SYS.SLEEP, 1_000).call(SYS.GET_POINTER, 0).expect(0, 6).call(SYS.THREAD_EXIT);
    using session = new Session({
      arch,
      programs: [{ commandLine: "script", bytes: script.build() }],
    });
    session.finish();
    assertEquals(session.ending("script"), "exit 0");
  });
}
