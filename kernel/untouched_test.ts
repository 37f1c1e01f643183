import { assert, assertEquals } from "@std/assert";
import { PAGE_SIZE } from "../arch/physical_memory.ts";
import { Random } from "../util/random.ts";
import { leftToFull, sweep } from "../util/testing/sweep.ts";
import { noteMembers } from "../util/testing/members.ts";
import { KernelError } from "./errors.ts";
import { Machine } from "./machine.ts";
import { ARCH_NAMES } from "./testing/programs.ts";
import { randomMachine } from "./testing/truth.ts";
import { encodeSnapshot } from "./snapshot/mod.ts";

const RUNS = sweep({ quick: 4, full: 30 });
const STOPS = 25;
/** Calls at each stop. */
const CALLS = 4;
const MEMORY = 8 * 2 ** 20;
const MACHINES = { aarch64: 5, x86_64: 6 } as const;

/** Registers that the CPU gives by name, beside the general ones. */
const NAMED = {
  x86_64: [
    ...["rip", "rflags", "cs", "ss", "ds", "es", "fs", "gs", "cr0", "cr2", "cr3", "cr4"],
    ...["dr0", "dr1", "dr2", "dr3", "dr6", "dr7", "mxcsr", "fs_base", "gs_base"],
    ...["efer", "star", "lstar", "fmask", "kernel_gs_base", "idtr_base", "gdtr_base", "tr_base"],
  ],
  aarch64: [
    ...["pc", "sp", "pstate", "mdscr_el1", "cpacr_el1", "elr_el1", "spsr_el1", "esr_el1"],
    ...["far_el1", "sp_el0", "sp_el1", "vbar_el1", "tpidr_el0", "tpidr_el1", "ttbr0_el1"],
    ...["ttbr1_el1", "sctlr_el1", "tcr_el1", "mair_el1"],
  ],
} as const;

/** Everything a guest could notice. */
function guestState({ cpu, kernel }: Machine): Record<string, unknown> {
  const names = [...kernel.arch.registerNames, ...NAMED[kernel.arch.name]];
  return {
    ...Object.fromEntries(names.map((name) => [name, cpu.register(name).toString(16)])),
    // Among others the error code, the fault address and the syndrome.
    saved: cpu.save(),
    pc: cpu.pc,
    sp: cpu.sp,
    instructions: cpu.instructions,
    interrupts: [cpu.interruptPending, cpu.interruptsEnabled, cpu.userMode, cpu.userFp],
    seq: kernel.events.seq,
  };
}

/** Addresses of every kind: code of this program and of others, data, the kernel's, nothing. */
function addresses({ cpu, kernel }: Machine): bigint[] {
  const { image } = kernel.arch;
  return [
    ...[cpu.pc, cpu.sp, image.label("idle_again"), image.label("boot"), 0n, 8n, 0x1000_0000n],
    ...kernel.bootModules.map(({ program }) => program.entry),
    ...[0x40_1000n, 0x8000_0000_0000n, 0xffff_ffff_ffff_fff0n, kernel.arch.userEnd - 16n],
    kernel.arch.directMap + kernel.arch.ramBase + 0x10_0000n,
  ];
}

/** The calls that are not meant to change a guest, by what they are. */
function calls(machine: Machine): [string, () => unknown][] {
  const { cpu, kernel } = machine;
  const registers = [...kernel.arch.registerNames, ...NAMED[kernel.arch.name]];
  const frame = kernel.arch.ramBase + BigInt(kernel.memory.size / 2);
  return [
    ["breakpoints", () => {
      const points = addresses(machine).map((address) => machine.addBreakpoint(address));
      for (const point of points) point[Symbol.dispose]();
    }],
    ["registers", () => registers.map((name) => cpu.register(name))],
    ["translate", () => addresses(machine).map((address) => cpu.translate(address))],
    ["flushTranslations", () => cpu.flushTranslations()],
    ["flushCode", () => cpu.flushCode(kernel.arch.ramBase, kernel.memory.size)],
    ["flushCode of a page frame", () => cpu.flushCode(frame, PAGE_SIZE)],
    ["save and restore", () => cpu.restore(cpu.save())],
    ["snapshot", () => machine.restore(machine.snapshot())],
    ["snapshot to a file", () => encodeSnapshot(machine.snapshot())],
    ["watchpoints", () => {
      for (const address of addresses(machine)) {
        if (address < 0xffff_ffff_ffff_f000n) {
          machine.addWatchpoint(address, 8, "access")[Symbol.dispose]();
        }
      }
    }],
    ["threads, tasks, locks, console", () => {
      const { console, now, halted } = machine;
      return [machine.threads, machine.tasks, machine.locks, console.bytes(), now, halted];
    }],
    ["registers", () => [machine.registers(), cpu.interruptPending]],
    ["memory", () => {
      for (const address of addresses(machine)) {
        try {
          machine.readMemory(address, 16);
          machine.readText(address);
        } catch (error) {
          if (!(error instanceof KernelError)) throw error;
        }
      }
    }],
    ["core", () => {
      for (const { id } of machine.tasks) {
        try {
          machine.core({ task: id });
        } catch (error) {
          if (!(error instanceof KernelError)) throw error;
        }
      }
    }],
    ["hypercall", () => [cpu.hypercall(), cpu.hypercallWord(0), cpu.hypercallWord(3)]],
    ["onException", () => {
      cpu.onException(() => {});
      cpu.onException(null);
    }],
    ["refused runs", () => {
      for (const budget of [0, NaN]) {
        try {
          machine.run(budget);
        } catch { /* as it should */ }
      }
    }],
  ];
}

/** What is meant to change a machine, and what only the class itself can call. */
const OTHERS = ["checkQuiet", "injectInterrupt", "setRegister", "step", "writeMemory"];

for (const arch of ARCH_NAMES) {
  Deno.test(`Machine ${arch}, the calls that are tried are all there are`, () => {
    using machine = new Machine(randomMachine(arch, new Random(1)));
    machine.run(20_000);
    const noted = noteMembers(machine);
    for (const [, call] of calls(noted.object)) call();
    assertEquals(noted.unused(), OTHERS, "what is new belongs to `calls` or `OTHERS`");
  });

  Deno.test(`Machine ${arch}, no call that is not meant to changes what a guest could notice`, {
    ignore: leftToFull(arch === "x86_64"),
  }, () => {
    const random = new Random(MACHINES[arch]);
    let vectors = 0;
    for (let run = 0; run < RUNS; run++) {
      using machine = new Machine({ ...randomMachine(arch, random), memory: MEMORY });
      const { kernel, cpu } = machine;
      const known: Disposable[] = [];
      for (let stop = 0; stop < STOPS && machine.halted === null; stop++) {
        // Some stops are where an exception has just been entered, with its registers still fresh.
        const entry = random.chance(0.6) ? stopAtEntry(machine, random.below(20)) : null;
        const { kind } = machine.run(1 + random.below(20_000));
        entry?.[Symbol.dispose]();
        if (kind === "breakpoint") vectors++;
        // Breakpoints in code that later runs in, and is no more mapped when they go.
        if (random.chance(0.5)) known.push(machine.addBreakpoint(cpu.pc));
        const removed = known.splice(0, random.below(known.length + 1));
        const some = Array.from({ length: CALLS }, () => random.pick(calls(machine)));
        some.push(["removing breakpoints", () => removed.forEach((one) => one[Symbol.dispose]())]);
        const ram = kernel.memory.bytes.slice();
        const before = guestState(machine);
        for (const [what, call] of some) {
          call();
          assertEquals(guestState(machine), before, what);
        }
        assert(isEqual(kernel.memory.bytes, ram), `RAM: ${some.map(([what]) => what).join()}`);
      }
    }
    assert(vectors > RUNS, "few stops at vectors");
  });
}

/** Stops a machine at the first instruction after a number of exceptions have been entered. */
function stopAtEntry({ cpu }: Machine, skip: number): Disposable {
  let point: Disposable | null = null;
  let left = skip;
  cpu.onException(() => {
    if (left-- === 0) point = cpu.addBreakpoint(cpu.pc);
  });
  return {
    [Symbol.dispose]: () => {
      cpu.onException(null);
      point?.[Symbol.dispose]();
    },
  };
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  const one = new Int32Array(left.buffer, left.byteOffset, left.length >> 2);
  const other = new Int32Array(right.buffer, right.byteOffset, right.length >> 2);
  for (let i = 0; i < one.length; i++) {
    if (one[i] !== other[i]) return false;
  }
  return true;
}
