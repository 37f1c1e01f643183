/**
 * A machine that does nothing but go round in a loop of stack switches, in user mode.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";
import { type ElfFile, parseElf } from "../../elf/mod.ts";
import { Machine } from "../../kernel/machine.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { PathError } from "../paths/path.ts";

/** Timer off the scene: its first interrupt comes after longer than any measurement. */
const NEVER = 2 ** 40;
/** Instructions by which a loop must have begun, and a round must have ended. */
const PATIENCE = 1_000_000;
/** Rounds before a loop is taken to have settled, and rounds that are checked then. */
const SETTLE = 4;
const CHECKED = 16;

/** Where the rounds of a loop begin: one address, or as many as the compiler has copied the loop. */
function beginnings(file: ElfFile, loop: string): bigint[] {
  const bytes = file.sectionDataByName(`rounds_${loop}`) ?? new Uint8Array();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.getBigUint64(8 * i, true));
}

/** A loop of a program. */
export interface SwitchMachineOptions {
  /** Name of the path, for errors. */
  readonly name: string;
  /** Name of the loop in its program. */
  readonly loop: string;
  /** The ELF file. */
  readonly program: Uint8Array;
  /** Looks on from the machine's beginning to its end. */
  readonly observe?: ((kernel: Kernel) => Disposable) | undefined;
}

/** Boots a program with `main` of `guest/bench/switches`, up to where a round of one of its loops begins. */
export class SwitchMachine implements Disposable {
  /** The machine. */
  readonly machine: Machine;
  /** Instructions of a round; exact. */
  readonly instructions: number;
  /** Address of the first instruction of a round. */
  readonly begin: bigint;
  readonly #name: string;
  readonly #observer: Disposable | undefined;

  /** @throws {PathError} if a round is not one switch to another stack and one back */
  constructor(arch: Arch, options: SwitchMachineOptions) {
    const { name, loop, program: bytes } = options;
    this.#name = name;
    const file = parseElf(bytes);
    const modules = [{ commandLine: `switches ${loop}`, bytes }];
    this.machine = new Machine({ arch, modules, quantum: NEVER });
    this.#observer = options.observe?.(this.machine.kernel);
    this.begin = this.#settle(beginnings(file, loop));
    using _stop = this.machine.addBreakpoint(this.begin);
    this.instructions = this.#toNextRound();
    for (let i = 0; i < CHECKED; i++) {
      const instructions = this.#toNextRound();
      if (instructions !== this.instructions) {
        this.fail(`a round took ${instructions} instructions, not ${this.instructions}`);
      }
    }
    this.#checkRound(file);
  }

  /** Gives up. */
  fail(why: string): never {
    this[Symbol.dispose]();
    throw new PathError(this.#name, why);
  }

  /** Frees the engine. */
  [Symbol.dispose](): void {
    this.#observer?.[Symbol.dispose]();
    this.machine[Symbol.dispose]();
  }

  /** Runs until the loop goes round and round; returns where the machine is then. */
  #settle(places: readonly bigint[]): bigint {
    using stops = new DisposableStack();
    for (const place of places) stops.use(this.machine.addBreakpoint(place));
    if (places.length === 0) this.fail("its program has no such loop");
    for (let i = 0; i < SETTLE; i++) this.#toNextRound();
    return this.machine.cpu.pc;
  }

  /** Runs up to where the next round begins; returns how many instructions that took. */
  #toNextRound(): number {
    const { cpu } = this.machine;
    const before = cpu.instructions;
    const { kind } = this.machine.run(PATIENCE);
    if (kind !== "breakpoint") {
      this.fail(`no round ended in ${PATIENCE} instructions: ${this.machine.halted ?? kind}`);
    }
    return cpu.instructions - before;
  }

  /** Makes sure that a round goes once to the other stack and once back. */
  #checkRound(file: ElfFile): void {
    const { cpu } = this.machine;
    const stack = file.symbolNamed("stack");
    if (stack === undefined) this.fail("its program has no stack for it");
    const isThere = () => cpu.sp > stack.value && cpu.sp <= stack.value + stack.size;
    let before = isThere();
    let switches = 0;
    for (let i = 0; i < this.instructions; i++) {
      this.machine.run(1);
      if (isThere() !== before) switches++;
      before = isThere();
    }
    if (switches !== 2 || cpu.pc !== this.begin) this.fail(`a round is ${switches} switches`);
  }
}
