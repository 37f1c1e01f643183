// Instants of a run, in machines; `core_test.ts` has the command.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../arch/arch.ts";
import { archByName } from "../arch/mod.ts";
import { parseElf } from "../elf/mod.ts";
import { Machine } from "../kernel/mod.ts";
import { ARCH_NAMES, programFile } from "../kernel/testing/programs.ts";
import { SIGNAL } from "../trace/signals.ts";
import { type CoreProcess, readCore } from "../debug/core/mod.ts";
import { walkInput } from "../debug/target/mod.ts";
import { backtrace } from "../unwind/walk/mod.ts";
import { at, InstantSink, readInstant } from "./instant.ts";
import { UsageError } from "./usage_error.ts";

/** The core of a program at an instant; the machine is where the run has ended. */
function coreAt(
  arch: ArchName,
  line: string,
  how: { readonly until: string; readonly times?: number; readonly limit?: number },
): { core: CoreProcess | undefined; now: number; halted: string | null } {
  const bytes = programFile(line.split(" ")[0] ?? "", arch);
  const sink = new InstantSink();
  const found = archByName(arch);
  using machine = new Machine({
    arch: found,
    modules: [{ commandLine: line, bytes }],
    sinks: [sink],
  });
  const instant = readInstant(how.until, { program: parseElf(bytes), arch: found });
  const { times = 1, limit } = how;
  const core = at(machine, { instant, sink, times, limit }, () => machine.core({ task: 1 }));
  return {
    core: core === undefined ? undefined : readCore(core, { open: () => bytes }).process,
    now: machine.now,
    halted: machine.halted,
  };
}

function names(core: CoreProcess | undefined): (string | undefined)[] {
  return core === undefined
    ? []
    : backtrace(walkInput(core)).frames.map((frame) => frame.function?.name);
}

for (const arch of ARCH_NAMES) {
  Deno.test(`at ${arch}, a function, an address, a label of the kernel`, () => {
    const { core, now } = coreAt(arch, "threads", { until: "main" });
    assertEquals(names(core), ["main", "_start"]);
    const until = `0x${core?.threads[0]?.registers.pc?.toString(16)}`;
    assertStrictEquals(coreAt(arch, "threads", { until }).now, now);
    const third = coreAt(arch, "threads", { until: "work", times: 3 });
    assertEquals(names(third.core), ["work"]);
    assertStrictEquals(third.core?.threads.length, 5);
    assertStrictEquals(coreAt(arch, "threads", { until: "work", times: 50 }).core, undefined);
    const handoff = coreAt(arch, "threads", { until: "stack_handoff", times: 12 });
    assert(handoff.core !== undefined);
  });

  Deno.test(`at ${arch}, an event, by its name too, and the end`, () => {
    const print = coreAt(arch, "threads", { until: "syscall:print", times: 2 });
    assertEquals(names(print.core)[0], "work");
    const exit = coreAt(arch, "threads", { until: "exit" });
    assertStrictEquals(exit.core?.threads[0]?.signal, 0);
    assertEquals(names(exit.core).at(-1), "_start");
    assertStrictEquals(coreAt(arch, "threads", { until: "syscall:nobody" }).core, undefined);
  });

  Deno.test(`at ${arch}, a crash is where it began, unless something catches it`, () => {
    const signals = {
      "unwind throw 0": SIGNAL.ABRT,
      "unwind panic 0": SIGNAL.ABRT,
      "unwind fault 0": SIGNAL.SEGV,
      "bad read-null": SIGNAL.SEGV,
      "bad undefined": SIGNAL.ILL,
    };
    for (const [line, signal] of Object.entries(signals)) {
      const { core } = coreAt(arch, line, { until: "crash" });
      assertStrictEquals(core?.threads[0]?.signal, signal, line);
      assert(names(core).includes("main"), `${line}: ${names(core)}`);
    }
    const caught = coreAt(arch, "unwind throw 2", { until: "crash" });
    assertEquals([caught.core, caught.halted], [undefined, "all tasks have ended"]);
  });

  Deno.test(`at ${arch}, not after a limit`, () => {
    for (const until of ["main", "syscall:print", "crash"]) {
      const { core, now, halted } = coreAt(arch, "threads", { until, limit: 1000 });
      assertEquals([core, now, halted], [undefined, 1000, null]);
    }
  });

  Deno.test(`readInstant ${arch}, refuses what is none`, () => {
    const where = { program: parseElf(programFile("threads", arch)), arch: archByName(arch) };
    for (const until of ["nowhere", "0x", "0xg", "syscalls:print", "constructor", "-1"]) {
      assertThrows(() => readInstant(until, where), UsageError, `Cannot use --until ${until}:`);
    }
  });
}
