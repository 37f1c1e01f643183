/**
 * Copies of a machine: from every instruction of a run, a copy goes on as the original did.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { CpuState, TrapFrame } from "../arch.ts";
import { PAGE_SIZE } from "../physical_memory.ts";
import { PageStore, type RamImage } from "../page_store.ts";
import { type BareMachine, describeExit } from "./harness.ts";

const LIMIT = 10_000;
const CHUNK = 64;
/** Instructions that fill the TLB. */
const WARM = 25;

/** A run that ends at a trap. */
export interface CopyScenario {
  /** Brings a machine that has just booted to where the run begins. */
  readonly start: (machine: BareMachine) => void;
  /** Instructions after which an interrupt line is raised, counted from the beginning. */
  readonly interrupts?: readonly number[];
  /**
   * Whether a trap that is an error is a step of the run, not its end; makes the frame go on
   * stepping.
   */
  readonly step?: (frame: TrapFrame) => boolean;
  /** Instants to copy at, at most. */
  readonly instants?: number;
}

/** A machine as a value. */
interface Copy {
  readonly cpu: CpuState;
  readonly ram: RamImage;
}

/** A machine with what copies its RAM. */
class CopyMachine implements Disposable {
  readonly machine: BareMachine;
  readonly #store: PageStore;
  readonly #frames: Uint32Array<ArrayBuffer>;
  readonly #begin: number;
  readonly #scenario: CopyScenario;

  constructor(machine: BareMachine, scenario: CopyScenario) {
    this.machine = machine;
    this.#scenario = scenario;
    scenario.start(machine);
    this.#begin = machine.cpu.instructions;
    this.#store = new PageStore(machine.memory);
    const used = Number(machine.frames.allocate() - machine.memory.base) / PAGE_SIZE;
    this.#frames = new Uint32Array(Array.from({ length: used }, (_, frame) => frame));
  }

  save(previous?: Copy): Copy {
    const ram = this.#store.capture(this.#frames, previous?.ram);
    return { cpu: this.machine.cpu.save(), ram };
  }

  restore({ cpu, ram }: Copy, options: { readonly keepTlb?: boolean }): void {
    const { memory } = this.machine;
    for (const frame of this.#store.restore(ram, this.#frames)) {
      this.machine.cpu.flushCode(memory.base + BigInt(frame * PAGE_SIZE), PAGE_SIZE);
    }
    this.machine.cpu.restore(cpu, options);
  }

  /**
   * Comes to an instant from a little before it, so that the TLB holds what it holds there: entries
   * of another instant would not be those of the tables, whose accessed and dirty bits come with
   * them.
   */
  approach(copies: readonly Copy[], instant: number): void {
    const from = Math.max(0, instant - WARM);
    this.restore(copies[from]!, {});
    for (let i = from; i < instant; i++) this.advance(1);
  }

  assertIs(copy: Copy, where: string): void {
    assertEquals(this.machine.cpu.save(), copy.cpu, where);
    assertEquals([...this.#store.differences(copy.ram, this.#frames)], [], where);
  }

  /**
   * Runs at most so many instructions, and never past an interrupt that is to be raised. Returns
   * whether the run has ended.
   */
  advance(instructions: number): boolean {
    const { cpu } = this.machine;
    const { interrupts = [] } = this.#scenario;
    const now = cpu.instructions - this.#begin;
    const due = interrupts.indexOf(now);
    if (due >= 0) cpu.raiseInterrupt(due % 32);
    const next = interrupts.find((at) => at > now) ?? Infinity;
    const exit = cpu.run(Math.min(instructions, next - now));
    if (exit.kind === "budget") return false;
    if (exit.kind !== "hypercall") throw new Error(`Cannot go on after ${describeExit(exit)}`);
    return !this.#answer();
  }

  /** Runs to the end. */
  finish(instructions: number): void {
    for (let turn = 0; turn < LIMIT; turn++) if (this.advance(instructions)) return;
    throw new Error(`Cannot finish in ${LIMIT} turns`);
  }

  /** Goes back from a trap; returns whether the run goes on. */
  #answer(): boolean {
    const { machine } = this;
    const { arch, cpu, space } = machine;
    const frame = arch.trapFrame(space, cpu.hypercallWord(0), { cpu });
    const { kind } = frame.cause();
    if (kind === "error" && this.#scenario.step?.(frame) !== true) return false;
    if (kind === "fp-disabled") cpu.userFp = true;
    if (kind === "syscall") frame.setSyscallResult(BigInt(cpu.instructions));
    machine.answerExit(frame);
    return true;
  }

  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]();
  }
}

/**
 * Copies a run at each of its instructions, and checks that every copy ends as the original: in the
 * same machine, in the same machine without emptying the TLB, and in another; one instruction at a
 * time, and many at once.
 *
 * @returns How many instants were copied.
 */
export function checkCopies(makeMachine: () => BareMachine, scenario: CopyScenario): number {
  using original = new CopyMachine(makeMachine(), scenario);
  using other = new CopyMachine(makeMachine(), scenario);
  const copies: Copy[] = [original.save()];
  while (!original.advance(1)) {
    if (copies.length > LIMIT) throw new Error(`Cannot finish in ${LIMIT} turns`);
    copies.push(original.save(copies.at(-1)));
  }
  const end = original.save(copies.at(-1));
  const { instants = 100 } = scenario;
  const every = Math.max(1, Math.ceil(copies.length / instants));
  let count = 0;
  for (let at = copies.length - 1; at >= 0; at -= every) {
    const copy = copies[at]!;
    count++;
    for (
      const [how, machine, options] of [
        ["the same machine", original, { keepTlb: false }],
        ["the same machine, TLB kept", original, { keepTlb: true }],
        ["another machine", other, { keepTlb: false }],
      ] as const
    ) {
      if (options.keepTlb) machine.approach(copies, at);
      machine.restore(copy, options);
      machine.assertIs(copy, `${how}, instruction ${at}, at once`);
      machine.finish(1);
      machine.assertIs(end, `${how}, instruction ${at}`);
    }
    original.restore(copy, {});
    original.finish(CHUNK);
    const fast = original.save(end);
    other.restore(copy, {});
    other.finish(CHUNK);
    other.assertIs(fast, `many instructions at once, from instruction ${at}`);
    assertEquals(fast.cpu.image.instructions, end.cpu.image.instructions);
    original.restore(end, {});
  }
  return count;
}
