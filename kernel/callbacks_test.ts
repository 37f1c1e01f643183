import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { ArchName, ExceptionEntry } from "../arch/arch.ts";
import { ArchError } from "../arch/errors.ts";
import { archByName } from "../arch/mod.ts";
import type { KernelEvent } from "../trace/events.ts";
import { formatJsonLine } from "../trace/json_lines.ts";
import { KernelError } from "./errors.ts";
import { Machine } from "./machine.ts";
import { SnapshotError } from "./snapshot/errors.ts";
import { ARCH_NAMES, programFile } from "./testing/programs.ts";

/** A machine with one program, and its stream. */
function record(
  arch: ArchName,
  onEvent: (event: KernelEvent, machine: Machine) => void = () => {},
): { machine: Machine; lines: string[] } {
  const lines: string[] = [];
  const write = (event: KernelEvent): void => {
    lines.push(formatJsonLine(event));
    if (made !== undefined) onEvent(event, made);
  };
  let made: Machine | undefined = undefined;
  const machine = new Machine({
    arch: archByName(arch),
    memory: 8 * 2 ** 20,
    quantum: 700,
    modules: [{ commandLine: "threads", bytes: programFile("threads", arch) }],
    sinks: [{ write }],
  });
  made = machine;
  return { machine, lines };
}

/** What must not be done to a machine that is running, and how it is refused. */
function misuses(machine: Machine): void {
  const { cpu } = machine;
  const busy: (() => unknown)[] = [() => machine.run(), () => machine[Symbol.dispose]()];
  for (const misuse of busy) assertEquals(assertThrows(misuse, KernelError).kind, "misuse");
  const still: (() => unknown)[] = [() => machine.snapshot(), () => machine.restore({} as never)];
  for (const misuse of still) assertEquals(assertThrows(misuse, SnapshotError).kind, "moment");
  assert(cpu.usable);
}

function cpuMisuses({ cpu }: Machine, state: ReturnType<Machine["cpu"]["save"]>): void {
  const all: (() => unknown)[] = [
    () => cpu.run(1),
    () => cpu.save(),
    () => cpu.restore(state),
    () => cpu[Symbol.dispose](),
  ];
  for (const misuse of all) assertEquals(assertThrows(misuse, ArchError).kind, "misuse");
}

/** Runs a machine to its end, on from each time that `failure` comes out; returns how often. */
function runThrough(machine: Machine, failure: Error): number {
  let thrown = 0;
  while (machine.halted === null) {
    try {
      machine.run();
    } catch (error) {
      assertStrictEquals(error, failure);
      assert(machine.cpu.usable);
      thrown++;
    }
  }
  return thrown;
}

for (const arch of ARCH_NAMES) {
  const plain = (): string[] => {
    const { machine, lines } = record(arch);
    using _ = machine;
    machine.run();
    return lines;
  };

  Deno.test(`Machine ${arch}, what would run it is refused in sinks and observers, the run unharmed`, () => {
    let tried = 0;
    const { machine, lines } = record(arch, (event, machine) => {
      if (event.seq % 7 !== 0) return;
      tried++;
      misuses(machine);
    });
    using _ = machine;
    const state = machine.cpu.save();
    machine.cpu.onException((entry) => {
      if (entry.pc % 3n !== 0n) return;
      tried++;
      misuses(machine);
      cpuMisuses(machine, state);
    });
    assertEquals(machine.run().kind, "halted");
    assertEquals(lines, plain());
    assert(tried > 50);
  });

  Deno.test(`Machine.run ${arch}, what a sink throws comes out whole, and the next run goes on`, () => {
    const failure = new Error("disk full");
    const { machine, lines } = record(arch, (event) => {
      if (event.seq % 50 === 49) throw failure;
    });
    using _ = machine;
    const thrown = runThrough(machine, failure);
    assertEquals(lines, plain());
    assert(thrown > 3, `${thrown} thrown`);
  });

  Deno.test(`Machine.run ${arch}, what an observer throws comes out, and the next run goes on`, () => {
    const failure = new Error("no more");
    const { machine, lines } = record(arch);
    using _ = machine;
    let entries = 0;
    machine.cpu.onException((_entry: ExceptionEntry) => {
      if (++entries % 20 === 0) throw failure;
    });
    const thrown = runThrough(machine, failure);
    assertEquals(lines, plain());
    assert(thrown > 3, `${thrown} thrown`);
  });

  Deno.test(`Machine.run ${arch}, near the end of the stack, leaves a machine that runs on or is refused`, () => {
    const { machine, lines } = record(arch);
    let calls = 0;
    let outcome = "";
    const descend = (): void => {
      try {
        descend();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        calls++;
        if (calls < 400 && machine.halted === null) {
          try {
            machine.run(100);
          } catch (inner) {
            outcome = String(inner);
          }
        }
        throw error;
      }
    };
    assertThrows(descend, RangeError);
    // Whatever has happened, it is known, and the machine can be disposed of.
    try {
      machine.run();
      assertEquals(lines, plain());
    } catch (error) {
      assert(error instanceof KernelError && error.kind === "engine", `${error} after ${outcome}`);
    }
    machine[Symbol.dispose]();
    machine[Symbol.dispose]();
  });
}
