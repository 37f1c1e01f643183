// Kernel stacks when there are few: threads that block in the kernel keep theirs, the others wait
// for the swap-in thread.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { Audit } from "../testing/audit.ts";
import { StreamModel } from "../testing/invariants.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA, DATA_END, ScriptProgram, SYS } from "../testing/script_program.ts";
import { Session, type SessionOptions } from "../testing/session.ts";

const AT = 0x1000_0000n;
const PAGE = 4096n;
const THREADS = 12n;
/** The first page of the file that is not the program's. */
const FIRST = 2n;

/**
 * A dozen threads that each print the first byte of a file page nobody has read yet: the copy
 * faults in the kernel, so the thread keeps its stack until the page is there. Page `i` begins with
 * a letter of its own.
 */
function printers(arch: ArchName, end: (program: ScriptProgram) => ScriptProgram): Uint8Array {
  const program = new ScriptProgram(arch)
    .call(SYS.MAP_FILE, AT, (THREADS + FIRST) * PAGE, 0, 1).expect(AT, 1);
  for (let i = 0n; i < THREADS; i++) {
    program.call(SYS.THREAD_CREATE, `printer ${i}`, DATA_END, 0, 0);
  }
  end(program);
  for (let i = 0n; i < THREADS; i++) {
    program.label(`printer ${i}`).call(SYS.PRINT, AT + (i + FIRST) * PAGE, 1).call(SYS.THREAD_EXIT);
  }
  const code = program.build();
  assert(code.length <= Number(FIRST * PAGE), "the code reaches into the letters");
  const bytes = new Uint8Array(Number((THREADS + FIRST) * PAGE));
  bytes.set(code);
  for (let i = 0; i < THREADS; i++) {
    bytes[(i + Number(FIRST)) * Number(PAGE)] = "a".charCodeAt(0) + i;
  }
  return bytes;
}

function session(
  arch: ArchName,
  options:
    & { bytes: Uint8Array; before?: readonly string[]; after?: readonly string[] }
    & Partial<SessionOptions>,
): Session {
  const { bytes, before = [], after = [], ...rest } = options;
  return new Session({
    arch,
    ioLatency: 5000,
    ...rest,
    programs: [...before, { commandLine: "printers", bytes }, ...after],
  });
}

for (const arch of ARCH_NAMES) {
  for (const stackLimit of [1, 2, 3, 12, 64]) {
    Deno.test(`Kernel stacks ${arch}, ${stackLimit} are enough for a dozen threads that keep theirs`, () => {
      const bytes = printers(arch, (program) => program.call(SYS.THREAD_EXIT));
      for (const policy of ["rr", "priority"]) {
        using s = session(arch, { bytes, stackLimit, policy, before: ["sleeper"] });
        const audit = new Audit(s.machine);
        let most = 0;
        while (s.machine.run(50).kind === "paused") {
          most = Math.max(most, s.machine.kernel.stacks.userStacks);
          if (s.machine.now > 3_000_000) break;
        }
        assertEquals([s.ending("printers"), s.ending("sleeper")], ["exit 0", "exit 0"]);
        assertEquals([...s.console("printers")].sort().join(""), "abcdefghijkl");
        assert(most <= stackLimit, `${most} user threads with a stack`);
        if (stackLimit === 3) assertEquals(most, 3);
        audit.check();
        StreamModel.check(s.events);
      }
    });
  }

  Deno.test(`Kernel stacks ${arch}, threads that wait for one wait in the kernel and are let go in order`, () => {
    const bytes = printers(arch, (program) => program.call(SYS.THREAD_EXIT));
    using s = session(arch, { bytes, stackLimit: 1 });
    s.finish();
    // One at a time: each prints only when the one before has its page.
    assertEquals(s.console(), "abcdefghijkl");
    const label = s.machine.kernel.label("swapin_thread_continue");
    const swapins = s.of("context-switch").filter(({ toContinuation }) => toContinuation === label);
    const handed = s.of("stack-handoff").filter(({ from }) => from.task === "gnumach");
    assert(swapins.length + handed.length >= Number(THREADS) - 2, "the swap-in thread works");
  });

  Deno.test(`Kernel stacks ${arch}, threads that wait for one can be ended`, () => {
    const bytes = printers(arch, (program) => program.call(SYS.SLEEP, 12_000).exit(3));
    for (const stackLimit of [1, 2, 5]) {
      using s = session(arch, { bytes, stackLimit, before: ["sleeper"] });
      const audit = new Audit(s.machine);
      s.finish();
      assertEquals([s.ending("printers"), s.ending("sleeper")], ["exit 3", "exit 0"]);
      assert(s.console("printers").length < Number(THREADS));
      assertEquals(s.machine.kernel.stacks.waiting, []);
      audit.check();
    }
  });

  Deno.test(`Kernel stacks ${arch}, memory that is short makes no new ones and all go on`, () => {
    const bytes = printers(arch, (program) => program.call(SYS.TASK_WAIT, 2, DATA).exit(0));
    const memory = 8 * 1024 * 1024;
    using s = session(arch, { bytes, memory, ioLatency: 50_000, after: ["threads"] });
    const { kernel } = s.machine;
    s.machine.run(20_000);
    // What the host takes is lost to the guest.
    const created = kernel.stackPool.inUse + kernel.stackPool.spare;
    while (kernel.pageFrames.available > kernel.pageFrames.minimum + 3) {
      kernel.pageFrames.allocate();
    }
    s.finish();
    assertEquals([s.ending("printers"), s.ending("threads")], ["exit 0", "exit 0"]);
    assertEquals(kernel.stackPool.inUse + kernel.stackPool.spare, created);
  });
}
