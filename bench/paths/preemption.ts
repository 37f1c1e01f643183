/**
 * Preemption: the timer interrupts a thread of user mode, its quantum is used up, another thread
 * goes on.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";
import { Machine } from "../../kernel/machine.ts";
import type { EventSink, KernelEvent } from "../../trace/events.ts";
import { benchModule } from "./guest.ts";
import { type Path, PathError, type PathRun } from "./path.ts";

const NAME = "preemption";
/** Instructions of a quantum: long against the way through the kernel. */
const QUANTUM = 1000;
/** Instructions by which two threads compute. */
const PATIENCE = 2_000_000;
/** Preemptions before the measured ones, and preemptions that are checked. */
const SETTLE = 4;
const CHECKED = 16;
/** Longest way through the kernel. */
const LONGEST = 500;
/** What happens on that way; nothing else. */
const EVENTS = ["irq", "exception-return", "ast", "stack-handoff", "exception-return"];

/** When preemptions happen, in executed instructions. */
interface Rhythm {
  /** Where one begins: the interrupt is due before the next instruction. */
  readonly begin: number;
  /** From there to the first instruction of the other thread. */
  readonly length: number;
  /** From one to the next. */
  readonly period: number;
}

function openMachine(arch: Arch, sinks: readonly EventSink[]): Machine {
  const modules = [benchModule(arch, "spin-threads")];
  return new Machine({ arch, modules, quantum: QUANTUM, sinks });
}

/** Executed instructions at the last few interrupts that became preemptions. */
function findInterrupts(arch: Arch): number[] {
  const begins: number[] = [];
  let interrupt = 0;
  using machine = openMachine(arch, [{
    write(event): void {
      if (event.type === "ast" && event.reasons.includes("quantum")) begins.push(interrupt);
    },
  }]);
  const { cpu } = machine;
  cpu.onException(() => interrupt = cpu.instructions);
  while (begins.length < SETTLE + 2 && cpu.instructions < PATIENCE && machine.halted === null) {
    machine.run(QUANTUM);
  }
  return begins;
}

function findRhythm(arch: Arch): Rhythm {
  const begins = findInterrupts(arch);
  const begin = begins[SETTLE];
  const next = begins[SETTLE + 1];
  if (begin === undefined || next === undefined) {
    throw new PathError(NAME, `there have been ${begins.length} preemptions`);
  }
  const period = next - begin;
  const events: KernelEvent[] = [];
  using machine = openMachine(arch, [{ write: (event) => void events.push(event) }]);
  const { cpu } = machine;
  machine.run(begin);
  let length = 0;
  if (!cpu.userMode) throw new PathError(NAME, "it does not begin in user mode");
  do {
    machine.run(1);
    length++;
  } while (!cpu.userMode && length < LONGEST);
  for (let i = 0; i < CHECKED; i++) {
    machine.run(period - length);
    events.length = 0;
    const before = machine.kernel.cpus[0]?.current;
    machine.run(length);
    const found = events.map(({ type }) => type).join(", ");
    if (found !== EVENTS.join(", ")) throw new PathError(NAME, `what happened was ${found}`);
    if (!cpu.userMode || machine.kernel.cpus[0]?.current === before) {
      throw new PathError(NAME, `after ${length} instructions no other thread is in user mode`);
    }
  }
  return { begin, length, period };
}

/** One preemption a sample. */
class PreemptionRun implements PathRun {
  readonly instructions: number;
  readonly extra = 0;
  readonly rounds = 1;
  readonly left = Infinity;
  readonly #machine: Machine;
  readonly #gap: number;

  constructor(arch: Arch) {
    const { begin, length, period } = findRhythm(arch);
    this.instructions = length;
    this.#gap = period - length;
    this.#machine = openMachine(arch, []);
    this.#machine.run(begin + length);
  }

  get executed(): number {
    return this.#machine.cpu.instructions;
  }

  prepare(): void {
    this.#machine.run(this.#gap);
  }

  run(): void {
    this.#machine.run(this.instructions);
  }

  [Symbol.dispose](): void {
    this.#machine[Symbol.dispose]();
  }
}

/** The timer's way from one thread of user mode to another. */
export const PREEMPTION: Path = {
  name: NAME,
  round: "timer interrupt in user mode, quantum used up, AST, handoff, exit to the other thread",
  open: (arch) => new PreemptionRun(arch),
};
