// Machines and snapshots as targets: the same threads and stack frames that core files and the
// kernel's own walks have, and registers that threads do go on with.
import { assert, assertEquals } from "@std/assert";
import { Machine } from "../../kernel/mod.ts";
import { LiveState } from "../../kernel/unwind/live_state.ts";
import { ARCH_NAMES, programFile } from "../../kernel/testing/programs.ts";
import { ARCHES } from "../../arch/mod.ts";
import { randomMachine } from "../../kernel/testing/truth.ts";
import { backtrace, type Frame, FrameIterator } from "../../unwind/walk/mod.ts";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { readCore } from "../core/mod.ts";
import { type Target, type TargetProcess, type TargetThread, walkInput } from "../target/mod.ts";
import { machineTarget, snapshotTarget } from "./mod.ts";

/** `ELR_EL1` of AArch64, which no core file has. */
const ELR = 33;

type ShownFrame = readonly [bigint, bigint | undefined, string, Frame["function"]];

function shown(frames: Iterable<Frame>): ShownFrame[] {
  return Array.from(
    frames,
    ({ pc, cfa, certainty, function: named }) => [pc, cfa, certainty, named],
  );
}

function walked(process: TargetProcess, thread: TargetThread): ShownFrame[] {
  return shown(backtrace(walkInput(process, thread), process.walk).frames);
}

/** A stack frame as a core has it that knows of the kernel's file only, not of its tasks'. */
function coreNames({ kernel: { arch } }: Machine): (frame: ShownFrame) => ShownFrame {
  return ([pc, cfa, certainty, named]) => [
    pc,
    cfa,
    certainty,
    arch.image.elf.symbolAt(pc) === undefined ? undefined : named,
  ];
}

/** Everything a target says of its threads. */
function described(target: Target): unknown {
  return target.processes.map((process) => [
    process.id,
    process.name,
    process.signal,
    process.threads.map((thread) => [
      thread.id,
      thread.name,
      thread.state,
      thread.threadPointer,
      [...thread.registers.entries()],
      thread.vector(process.id % 2 === 0 ? 64 : 17),
      walked(process, thread),
    ]),
  ]);
}

/** What core files have of each task that there can be one of. */
function compareWithCores(machine: Machine, target: Target): number {
  let threads = 0;
  for (const process of target.processes) {
    if (process.id === 0 || process.threads.length === 0) continue;
    const { module } = machine.kernel.task(process.id);
    const core = readCore(machine.core({ task: process.id }), { open: () => module!.bytes });
    assertEquals(
      process.threads.map(({ id }) => id),
      core.process.threads.map(({ id }) => id),
    );
    assertEquals(process.signal, core.process.signal);
    assertEquals(process.walk.redZone, core.process.walk.redZone);
    process.threads.forEach((thread, i) => {
      const other = core.process.threads[i]!;
      assertEquals([...thread.registers.entries()], [...other.registers.entries()]);
      assertEquals(thread.threadPointer, other.threadPointer);
      for (const dwarf of [17, 25, 33, 40, 64, 95]) {
        assertEquals(thread.vector(dwarf), other.vector(dwarf));
      }
      assertEquals(walked(process, thread), walked(core.process, other));
      threads++;
    });
  }
  return threads;
}

for (const arch of ARCH_NAMES) {
  Deno.test(`machineTarget ${arch}, has what core files and the kernel's own walks have`, () => {
    const random = new Random(11);
    const seen = { tasks: 0, inKernel: 0, parked: 0 };
    for (let i = sweep({ quick: 3, full: 60 }); i > 0; i--) {
      using machine = new Machine(randomMachine(arch, random));
      for (let instant = 0; instant < 4 && machine.halted === null; instant++) {
        machine.run(1 + random.below(12_000));
        using target = machineTarget(machine);
        seen.tasks += compareWithCores(machine, target);
        const [kernel] = target.processes;
        assert(kernel !== undefined);
        const [cpu, ...others] = kernel.threads;
        assert(cpu !== undefined);
        const { current } = machine.kernel.cpus[0]!;
        const live = new LiveState(machine.kernel, machine.cpu);
        const all = shown(
          new FrameIterator({
            registers: live.walkRegisters(live.registers()),
            memory: live.memory(current.task),
            modules: live.modules(current.task),
          }, { framePointer: false, redZone: 0 }),
        );
        const found = walked(kernel, cpu);
        assertEquals(found, all.slice(0, found.length));
        if (!machine.cpu.userMode) seen.inKernel++;
        for (const thread of others) {
          const { frames, error } = backtrace(walkInput(kernel, thread), kernel.walk);
          assertEquals(error, undefined);
          assert(frames[0]?.function !== undefined, `${thread.name}, ${thread.state}`);
          seen.parked++;
        }
        const core = readCore(machine.core({ task: 0, file: "kernel" }), {
          open: (name) => name === "kernel" ? machine.kernel.arch.image.bytes : undefined,
        });
        assertEquals(core.problems, []);
        assertEquals(core.process.threads.map(({ id }) => id), kernel.threads.map(({ id }) => id));
        kernel.threads.forEach((thread, i) => {
          const other = core.process.threads[i]!;
          for (const [number, value] of thread.registers.entries()) {
            if (number !== ELR) {
              assertEquals([number, other.registers.get(number)], [number, value]);
            }
          }
          if (i > 0) {
            const expected = walked(kernel, thread).map(coreNames(machine));
            assertEquals(walked(core.process, other), expected);
          }
        });
        const { sp = 0n } = cpu.registers;
        assertEquals(core.process.memory.window(sp - 8n)?.bytes.length !== undefined, true);
        using again = snapshotTarget(machine.snapshot());
        assertEquals(described(again), described(target));
        assertEquals(again.problems, []);
      }
    }
    assert(
      seen.tasks > 5 && seen.inKernel > 2 && seen.parked > 50,
      JSON.stringify(seen),
    );
  });

  Deno.test(`machineTarget ${arch}, threads of the kernel go on with the registers they have`, () => {
    using machine = new Machine({
      arch: ARCHES[arch],
      modules: ["sleeper", "threads"].map((name) => ({
        commandLine: name,
        bytes: programFile(name, arch),
      })),
      load: "demand",
      quantum: 700,
    });
    let checked = 0;
    for (let i = 0; i < 12 && machine.halted === null; i++) {
      machine.run(900);
      const [kernel] = machineTarget(machine).processes;
      for (const thread of kernel!.threads.slice(1)) {
        const { pc, sp } = thread.registers;
        if (sp === 0n || machine.halted !== null) continue;
        const snapshot = machine.snapshot();
        using _ = machine.addBreakpoint(pc!);
        for (let stops = 0; stops < 20; stops++) {
          if (machine.run(40_000).kind !== "breakpoint") break;
          if (machine.kernel.cpus[0]!.current.id + 1_000 !== thread.id) continue;
          const now = machineTarget(machine).processes[0]!.threads[0]!.registers;
          for (const [number, value] of thread.registers.entries()) {
            assertEquals([number, now.get(number)], [number, value]);
          }
          checked++;
          break;
        }
        machine.restore(snapshot);
      }
    }
    assert(checked > 10, `${checked}`);
  });
}
