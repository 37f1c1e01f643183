// Running a machine in pieces: pausing, breakpoints and interrupts from the host change nothing but
// when the host looks.
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../arch/arch.ts";
import { ArchError } from "../arch/errors.ts";
import { parseElf } from "../elf/mod.ts";
import { Random } from "../util/random.ts";
import { ARCH_NAMES, programFile } from "./testing/programs.ts";
import { Session, type SessionOptions } from "./testing/session.ts";

function session(
  arch: ArchName,
  program: string,
  options: Partial<SessionOptions> = {},
): Session {
  return new Session({ arch, programs: [program], ...options });
}

/** Everything a whole run says. */
function wholeRun(
  arch: ArchName,
  program: string,
  options: Partial<SessionOptions> = {},
): { json: string; instructions: number } {
  using whole = session(arch, program, options);
  whole.finish();
  return { json: whole.json, instructions: whole.machine.cpu.instructions };
}

function symbol(arch: ArchName, program: string, name: string): bigint {
  const found = parseElf(programFile(program, arch)).symbolNamed(name);
  assert(found !== undefined, `no symbol ${name}`);
  return found.value;
}

for (const arch of ARCH_NAMES) {
  for (const [program, slice] of [["threads", 1], ["module-hello", 7], ["fpmix", 1000]] as const) {
    Deno.test(`Machine.run ${arch}, slices of ${slice} instructions give the same stream`, () => {
      const whole = wholeRun(arch, program, { quantum: 1000, load: "demand" });
      using sliced = session(arch, program, { quantum: 1000, load: "demand" });
      const { machine } = sliced;
      for (let expected = slice; machine.run(slice).kind === "paused"; expected += slice) {
        assertEquals(machine.cpu.instructions, expected);
      }
      assertEquals(sliced.json, whole.json);
      assertEquals(machine.cpu.instructions, whole.instructions);
    });
  }

  Deno.test(`Machine.step ${arch}, an exception that is entered is a step of its own`, () => {
    const whole = wholeRun(arch, "module-hello", { quantum: 1000, load: "demand" });
    using stepped = session(arch, "module-hello", { quantum: 1000, load: "demand" });
    const { machine } = stepped;
    const { cpu } = machine;
    const entered = { behind: 0, instead: 0, user: 0 };
    let was = { instructions: 0, entries: 0, userMode: false };
    while (machine.step().kind === "paused") {
      const { instructions, entries, userMode } = cpu;
      const executed = instructions - was.instructions;
      assertEquals(
        [executed, entries],
        entries === 0 || executed === 1 ? [1, Math.min(entries, 1)] : [0, was.entries + 1],
      );
      if (entries > 0) {
        // Nothing of the vector's code has been executed.
        assertEquals(userMode, false);
        entered[executed === 1 ? "behind" : "instead"]++;
        if (was.userMode) entered.user++;
      }
      was = { instructions, entries, userMode };
    }
    assert(entered.behind > 5 && entered.instead > 5 && entered.user > 10, JSON.stringify(entered));
    assertEquals(stepped.json, whole.json);
    assertEquals(cpu.instructions, whole.instructions);
  });

  Deno.test(`Machine.run ${arch}, slices of random length give the same stream`, () => {
    const random = new Random(5);
    const options = { quantum: 777, policy: "priority" };
    const whole = wholeRun(arch, "sleeper", options);
    using sliced = session(arch, "sleeper", options);
    while (sliced.machine.run(random.between(1, 200)).kind === "paused");
    assertEquals(sliced.json, whole.json);
  });

  Deno.test(`Machine.run ${arch}, a machine that has halted stays halted`, () => {
    using done = session(arch, "threads");
    const end = done.finish();
    const { instructions } = done.machine.cpu;
    const count = done.events.length;
    assertEquals(done.machine.halted, end.reason);
    done.machine.injectInterrupt(0);
    assertEquals(done.machine.run(), end);
    assertEquals([done.machine.cpu.instructions, done.events.length], [instructions, count]);
  });

  Deno.test(`Machine.addBreakpoint ${arch}, stops at each execution, before it, at its exact time`, () => {
    const whole = wholeRun(arch, "module-hello");
    const address = symbol(arch, "module-hello", "append");
    using stopped = session(arch, "module-hello");
    using point = stopped.machine.addBreakpoint(address);
    const times: number[] = [];
    for (;;) {
      const result = stopped.machine.run();
      if (result.kind === "halted") break;
      assertEquals(result, { kind: "breakpoint", address });
      assertEquals(stopped.machine.cpu.pc, address);
      times.push(stopped.machine.cpu.instructions);
    }
    // "started", then a blank and the program's name.
    assertEquals(times.length, 3);
    assertEquals(stopped.json, whole.json);
    for (const time of times) {
      using paused = session(arch, "module-hello");
      paused.machine.run(time);
      assertEquals(paused.machine.cpu.pc, address);
    }
    point[Symbol.dispose]();
  });

  Deno.test(`Machine.addBreakpoint ${arch}, counts switches and handoffs as the events do`, () => {
    for (const quantum of [250, 10_000]) {
      using stopped = session(arch, "threads", { quantum, load: "demand" });
      const { image } = stopped.machine.kernel.arch;
      const hits = new Map<bigint, number>();
      for (const name of ["switch_context", "load_context", "stack_handoff"]) {
        hits.set(image.symbol(name), 0);
        stopped.machine.addBreakpoint(image.symbol(name));
      }
      for (let result = stopped.machine.run(); result.kind === "breakpoint";) {
        hits.set(result.address, (hits.get(result.address) ?? 0) + 1);
        result = stopped.machine.run();
      }
      const [switches = 0, loads = 0, handoffs = 0] = hits.values();
      assertEquals(switches + loads, stopped.of("context-switch").length);
      assertEquals(handoffs, stopped.of("stack-handoff").length);
    }
  });

  Deno.test(`Machine.addBreakpoint ${arch}, stops once at an instruction that first faults`, () => {
    // The first instruction of the program, whose page is not executable yet, and the first one
    // that uses floating point.
    for (const name of ["_start", "floating_point_works"]) {
      const address = symbol(arch, "module-hello", name);
      using stopped = session(arch, "module-hello");
      stopped.machine.addBreakpoint(address);
      assertEquals(stopped.machine.run(), { kind: "breakpoint", address });
      assertEquals(stopped.machine.run().kind, "halted");
    }
  });

  Deno.test(`Machine.addBreakpoint ${arch}, a removed breakpoint stops nothing`, () => {
    const whole = wholeRun(arch, "module-hello");
    using stopped = session(arch, "module-hello");
    const address = symbol(arch, "module-hello", "append");
    const point = stopped.machine.addBreakpoint(address);
    assertEquals(stopped.machine.run().kind, "breakpoint");
    point[Symbol.dispose]();
    point[Symbol.dispose]();
    assertEquals(stopped.machine.run().kind, "halted");
    assertEquals(stopped.json, whole.json);
  });

  Deno.test(`Machine.addBreakpoint ${arch}, addresses nothing executes at stop nothing`, () => {
    const whole = wholeRun(arch, "threads");
    using stopped = session(arch, "threads");
    const odd = arch === "aarch64" ? [symbol(arch, "threads", "main") + 1n] : [];
    for (const address of [0n, 0x123456789n, (1n << 64n) - 1n, 0x8000_0000_0000_0000n, ...odd]) {
      stopped.machine.addBreakpoint(address);
    }
    stopped.finish();
    assertEquals(stopped.json, whole.json);
  });

  Deno.test(`Machine.injectInterrupt ${arch}, at any time and on any line leaves programs alone`, () => {
    for (const program of ["module-hello", "fpmix", "mapfile", "sleeper"]) {
      using quiet = session(arch, program, { load: "demand" });
      const end = quiet.finish();
      const random = new Random(3);
      using disturbed = session(arch, program, { load: "demand" });
      const { machine } = disturbed;
      let injected = 0;
      while (machine.run(random.between(1, 400)).kind === "paused") {
        machine.injectInterrupt(random.between(0, 31));
        injected++;
      }
      assert(injected > 50);
      assertEquals(machine.halted, end.reason);
      assertEquals(disturbed.console(), quiet.console());
      assert(disturbed.of("irq").length > injected / 2);
    }
  });

  Deno.test(`Machine.injectInterrupt ${arch}, arrives between two instructions of the program`, () => {
    const address = symbol(arch, "spinner", "main");
    using disturbed = session(arch, "spinner 1000", { quantum: 1_000_000 });
    const point = disturbed.machine.addBreakpoint(address);
    disturbed.machine.run();
    point[Symbol.dispose]();
    const time = disturbed.machine.now;
    disturbed.machine.injectInterrupt(9);
    disturbed.finish();
    const [irq] = disturbed.of("irq");
    assertEquals([irq?.line, irq?.mode, irq?.pc], [9, "user", address]);
    assert(
      (irq?.time ?? 0) - time < 60,
      "the entry and its saving of the frame take longer than that",
    );
  });

  Deno.test(`Machine.injectInterrupt ${arch}, refuses lines that do not exist`, () => {
    using quiet = session(arch, "threads");
    for (const line of [-1, 32, 1.5, NaN, Infinity]) {
      const error = assertThrows(() => quiet.machine.injectInterrupt(line), ArchError);
      assertEquals(error.kind, "misuse");
    }
  });
}
