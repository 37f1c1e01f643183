/**
 * What a map tells of an interpreter's code: where it keeps what it needs, and by the instruction
 * what it is at.
 *
 * @module
 */
import { countNotAbove } from "../../../../bytes/mod.ts";
import type { Machine } from "../../../../elf/mod.ts";
import { machineRegisters } from "../../../cfi/mod.ts";
import type { MapRegion } from "./code_map.ts";

const HEADER_SIZE = 24;
const PHASE_SIZE = 8;

/** What an interpreter is at. */
export const PHASE: {
  /** It enters a method: parameters are where callers put them. */
  readonly entry: 0;
  /** It executes the bytecode that a register points to. */
  readonly running: 1;
  /** It has executed that, and the next one is to come. */
  readonly done: 2;
  /** A callee runs that has taken its parameters. */
  readonly calling: 3;
  /** The callee has returned, and its result is in the slot above the operands. */
  readonly returned: 4;
  /** It leaves the method. */
  readonly leaving: 5;
} = { entry: 0, running: 1, done: 2, calling: 3, returned: 4, leaving: 5 };

/** What is known of an interpreter's region. */
export class InterpreterData {
  /** DWARF number of the register that points to the bytecode. */
  readonly bcpRegister: number;
  /** That of the register that points to the method's record. */
  readonly methodRegister: number;
  /** That of the register that points to the first argument. */
  readonly argsRegister: number;
  /** CFA offset of the bytecode pointer while a callee runs. */
  readonly bcpSlot: number;
  /** CFA offset of the method while a callee runs. */
  readonly methodSlot: number;
  /** CFA offset of the first local; the others, and the operands behind them, are below it. */
  readonly localsSlot: number;
  readonly #begins: Uint32Array;
  readonly #phases: Uint8Array;

  /** Reads and checks it. Throws `CodeMapError` (`size`, `position`). */
  constructor(region: MapRegion, machine: Machine) {
    const { map, data } = region;
    const at = map.data(region, HEADER_SIZE);
    const { tracked } = machineRegisters(machine);
    const register = (from: number): number => {
      const number = map.u16(from);
      if (tracked.includes(number)) return number;
      throw map.error("position", `Register is ${number}`, from, "one that a walk keeps");
    };
    this.bcpRegister = register(at);
    this.methodRegister = register(at + 2);
    this.argsRegister = register(at + 4);
    this.bcpSlot = map.i32(at + 8);
    this.methodSlot = map.i32(at + 12);
    this.localsSlot = map.i32(at + 16);
    const count = map.u32(at + 20);
    if (HEADER_SIZE + count * PHASE_SIZE > data.count) {
      throw map.error(
        "size",
        `Region has ${count} phases`,
        at + 20,
        `what ${data.count} bytes hold`,
      );
    }
    this.#begins = new Uint32Array(count);
    this.#phases = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const from = at + HEADER_SIZE + i * PHASE_SIZE;
      this.#begins[i] = map.u32(from);
      this.#phases[i] = map.view.getUint8(from + 4);
      if (i > 0 && this.#begins[i]! <= this.#begins[i - 1]! || this.#phases[i]! > PHASE.leaving) {
        const what = `Phase ${i} is ${this.#phases[i]} from 0x${this.#begins[i]!.toString(16)} on`;
        throw map.error("position", what, from, "0 to 5, behind that before");
      }
    }
    if (!(this.#begins[0]! <= region.begin)) {
      throw map.error("position", "There is no phase for the first instruction", at + 20, "one");
    }
  }

  /** What the interpreter is at, at an instruction: one of {@linkcode PHASE}. */
  phaseAt(offset: number): number {
    return this.#phases[countNotAbove(this.#begins, offset) - 1]!;
  }
}
