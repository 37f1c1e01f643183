// What the host gets wrong is a typed error that says so; what it does to a machine behind its back
// ends in a halt or an error.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { SchedError } from "../../sched/errors.ts";
import { EngineUsageError } from "../../unicorn/mod.ts";
import { KernelError } from "../errors.ts";
import { Machine } from "../machine.ts";
import type { MachineOptions } from "../machine_options.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";

function options(arch: ArchName, more: Partial<MachineOptions> = {}): MachineOptions {
  const bytes = programFile("threads", arch);
  return { arch: archByName(arch), modules: [{ commandLine: "threads", bytes }], ...more };
}

/** The KernelError of building a machine. */
function refusal(machine: MachineOptions): KernelError {
  return assertThrows(() => new Machine(machine), KernelError);
}

/** A machine stopped where its kernel zeroes a page, with something changed by the host. */
function tampered(arch: ArchName, tamper: (machine: Machine) => void): Session {
  const session = new Session({ arch, programs: ["threads"] });
  const { machine } = session;
  using point = machine.addBreakpoint(machine.kernel.label("zero_page"));
  assertEquals(machine.run().kind, "breakpoint");
  point[Symbol.dispose]();
  tamper(machine);
  return session;
}

for (const arch of ARCH_NAMES) {
  for (
    const [name, values] of [
      ["quantum", [249, 0, -1, 2 ** 40 + 1, 1000.5, NaN, Infinity]],
      ["memory", [0, 4096, 6 * 2 ** 20, 2 ** 31, 8 * 2 ** 20 + 4096, -(2 ** 24), NaN]],
      ["stackLimit", [0, -1, 4097, 1.5, NaN]],
      ["ioLatency", [0, -5, 2 ** 40 + 1, 0.5, NaN]],
      ["seed", [-1, 2 ** 32, 0.5, NaN]],
    ] as const
  ) {
    Deno.test(`Machine ${arch}, refuses ${name} out of range with its value and bounds`, () => {
      for (const value of values) {
        const error = refusal(options(arch, { [name]: value }));
        assertEquals(error.kind, "misuse");
        const pattern = new RegExp(
          `^Cannot use ${name} ${value}: expected an integer from \\d+ to`,
        );
        assertMatch(error.message, pattern);
      }
    });
  }

  Deno.test(`Machine ${arch}, takes the bounds themselves`, () => {
    const least = { quantum: 250, memory: 8 * 2 ** 20, stackLimit: 1, ioLatency: 1 };
    const most = { quantum: 2 ** 40, memory: 2046 * 2 ** 20, stackLimit: 4096, ioLatency: 2 ** 40 };
    for (const bounds of [least, most]) {
      using machine = new Machine(options(arch, bounds));
      assertEquals(machine.run(50_000_000).kind, "halted");
    }
  });

  Deno.test(`Machine ${arch}, refuses a policy that does not exist and names those that do`, () => {
    const none = assertThrows(() => new Machine(options(arch, { policy: "" })), SchedError);
    assertEquals(none.kind, "invalid-policy-spec");
    for (const policy of ["lifo", "RR", "__proto__"]) {
      const error = assertThrows(() => new Machine(options(arch, { policy })), SchedError);
      assertEquals(error.kind, "unknown-policy");
      assert(error.message.includes("rr, priority"), error.message);
    }
  });

  Deno.test(`Machine ${arch}, refuses a way of loading that does not exist`, () => {
    const load = "magic" as MachineOptions["load"] & string;
    const error = refusal(options(arch, { load }));
    assertEquals(error.kind, "misuse");
    assertEquals(error.message, 'Cannot load programs by "magic": expected copyout or demand');
  });

  Deno.test(`Machine ${arch}, refuses modules that are no programs by their name`, () => {
    const garbage = [
      new Uint8Array(0),
      new Uint8Array(1),
      new TextEncoder().encode("not a program ".repeat(500)),
      programFile("threads", arch).subarray(0, 1000),
      programFile("threads", arch === "aarch64" ? "x86_64" : "aarch64"),
    ];
    for (const bytes of garbage) {
      const error = refusal(options(arch, { modules: [{ commandLine: "victim 1 2", bytes }] }));
      assertEquals(error.kind, "program");
      assertMatch(error.message, /^Cannot load victim: /);
    }
  });

  Deno.test(`Machine ${arch}, refuses a script it cannot carry out before anything is built`, () => {
    const bytes = programFile("threads", arch);
    for (const commandLine of ["", "threads ${what}", "threads $(fly)", "$(task-create)"]) {
      const error = refusal(options(arch, { modules: [{ commandLine, bytes }] }));
      assertEquals(error.kind, "script");
    }
  });

  Deno.test(`Machine ${arch}, one bad module among good ones is refused`, () => {
    const good = { commandLine: "threads", bytes: programFile("threads", arch) };
    const bad = { commandLine: "bad", bytes: new Uint8Array(64) };
    assertEquals(refusal(options(arch, { modules: [good, good, bad, good] })).kind, "program");
  });

  Deno.test(`Machine.run ${arch}, refuses budgets that are not positive integers`, () => {
    using machine = new Machine(options(arch));
    for (const budget of [0, -1, 0.5, NaN, Infinity, 2 ** 53]) {
      const error = assertThrows(() => machine.run(budget), KernelError);
      assertEquals([error.kind, error.message.includes(`${budget}`)], ["misuse", true]);
    }
    assertEquals(machine.run().kind, "halted");
  });

  Deno.test(`Machine ${arch}, nothing works after dispose and disposing again does nothing`, () => {
    for (const started of [0, 1000, 10_000_000]) {
      const machine = new Machine(options(arch));
      if (started > 0) machine.run(started);
      machine[Symbol.dispose]();
      machine[Symbol.dispose]();
      const error = assertThrows(() => machine.run(), KernelError);
      assertEquals(error.kind, "engine");
      assertEquals(error.message, "Cannot run a machine that was disposed of");
      assertThrows(() => machine.addBreakpoint(0n), EngineUsageError);
    }
  });

  Deno.test(`Machine.addBreakpoint ${arch}, refuses addresses that are no 64-bit words`, () => {
    using machine = new Machine(options(arch));
    for (const address of [-1n, 1n << 64n]) {
      const error = assertThrows(() => machine.addBreakpoint(address), EngineUsageError);
      assertEquals(error.kind, "value");
    }
  });

  Deno.test(`Machine ${arch}, breakpoints may be removed after the machine is gone`, () => {
    const machine = new Machine(options(arch));
    const point = machine.addBreakpoint(0x400000n);
    machine[Symbol.dispose]();
    point[Symbol.dispose]();
  });

  Deno.test(`Machine.run ${arch}, RAM that is taken away is an error and not a crash`, () => {
    using machine = new Machine(options(arch));
    machine.run(5000);
    const { buffer } = machine.kernel.memory.bytes;
    assert(buffer instanceof ArrayBuffer);
    buffer.transfer();
    for (let again = 0; again < 2; again++) {
      assertEquals(assertThrows(() => machine.run(), EngineUsageError).kind, "memory");
    }
  });

  Deno.test(`Machine.run ${arch}, an engine that fails is an error with its cause and address`, () => {
    using machine = new Machine(options(arch));
    machine.run(5000);
    const pc = machine.cpu.pc;
    const cause = new Error("engine on fire");
    Object.defineProperty(machine.cpu, "run", { value: () => ({ kind: "fault", error: cause }) });
    const error = assertThrows(() => machine.run(), KernelError);
    assertEquals([error.kind, error.cause, error.address], ["engine", cause, pc]);
    assertEquals(error.message, "Engine failed: engine on fire");
    assertEquals(assertThrows(() => machine.run(), KernelError).kind, "engine");
  });

  Deno.test(`Machine.run ${arch}, tables that lead out of RAM halt the machine with the address`, () => {
    const nowhere = 0x70_0000_0000n;
    using session = tampered(arch, ({ kernel, cpu }) => {
      const { kernelSpace, stackPool } = kernel;
      const stack = stackPool.base(stackPool.allocate());
      kernelSpace.tables.map(kernelSpace.root, stack, {
        physical: nowhere,
        protection: { user: false, write: true, execute: false },
      });
      cpu.flushTranslations();
      // What the kernel is about to fill with zeros.
      cpu.setRegister(arch === "aarch64" ? "x0" : "rdi", stack);
    });
    assertEquals(
      session.finish().reason,
      "Machine check: write of physical address 0x7000000000, no memory there",
    );
  });

  Deno.test(`Kernel panic ${arch}, the kernel that jumps into nothing halts and says where`, () => {
    using session = tampered(arch, (machine) => machine.cpu.pc = 0x1234_5000n);
    const { reason } = session.finish();
    assertMatch(reason, /^Kernel panic: .*, at 0x12345000 in 0x12345000, called from [^ ]+\+0x/);
    const halts = session.of("halt").map((event) => event.reason);
    assertEquals(halts, [reason]);
  });

  Deno.test(`Kernel panic ${arch}, the kernel that writes its own text halts and says in which routine`, () => {
    using session = tampered(arch, (machine) => {
      const register = arch === "aarch64" ? "x0" : "rdi";
      machine.cpu.setRegister(register, machine.kernel.arch.image.begin);
    });
    assertMatch(
      session.finish().reason,
      /^Kernel panic: .* in zero_page\+0x[0-9a-f]+, called from [^ ]+\+0x/,
    );
  });

  Deno.test(`Kernel panic ${arch}, the kernel that calls address 0 says who did`, () => {
    const callersOf = (tamper: (machine: Machine) => void) => {
      using session = tampered(arch, tamper);
      const [, , where, callers] =
        /^(.*) in (\S+), called from (.*)$/.exec(session.finish().reason) ?? [];
      return { where, callers };
    };
    // Where the routine is entered, its caller is where a call of address 0 has it.
    const called = callersOf((machine) => machine.cpu.pc = 0n);
    // The same stack, as the table of the routine itself has it.
    const entered = callersOf((machine) => {
      const register = arch === "aarch64" ? "x0" : "rdi";
      machine.cpu.setRegister(register, machine.kernel.arch.image.begin);
    });
    assertEquals(called.where, "0x0");
    assertEquals(called.callers?.replaceAll(" (guessed)", ""), entered.callers);
    assertMatch(called.callers ?? "", /^\S+ \(guessed\)/);
  });

  Deno.test(`Kernel panic ${arch}, a kernel without a stack ends the machine, not the host`, () => {
    for (const sp of [0n, 8n, 0x1234_5670n, 0xdead_0000_0000_0000n]) {
      using session = tampered(arch, (machine) => machine.cpu.sp = sp);
      const { machine } = session;
      machine.injectInterrupt(3);
      const result = machine.run(1_000_000);
      assert(result.kind === "halted", result.kind);
      assert(!/all tasks|reboot/.test(result.reason), result.reason);
    }
  });

  Deno.test(`Kernel panic ${arch}, a hypercall nobody knows halts`, () => {
    using session = tampered(arch, (machine) => {
      // The routine's next return goes to the loop that asks for more; its answer is then one of
      // nobody's.
      machine.kernel.cpus[0]?.current.discardCalls();
    });
    assertMatch(session.finish().reason, /^Kernel panic: unexpected hypercall \d+ from 0x/);
  });
}
