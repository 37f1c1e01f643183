/**
 * Registers as a stub sends them, as the walker wants them.
 *
 * @module
 */
import { integerOfBytes } from "../../../bytes/mod.ts";
import type { Machine } from "../../../elf/mod.ts";
import { machineRegisters } from "../../../unwind/cfi/mod.ts";
import { RegisterSet } from "../../../unwind/walk/mod.ts";
import {
  AARCH64_FEATURES,
  fromHex,
  type PlacedRegister,
  registersOf,
  type TargetDescription,
  X86_64_FEATURES,
} from "../../protocol/mod.ts";

/** What a stub has that describes nothing: gdb's own layouts. */
export const DEFAULT_DESCRIPTIONS: Readonly<Record<Machine, TargetDescription>> = {
  x86_64: { features: [X86_64_FEATURES.core, X86_64_FEATURES.sse] },
  aarch64: { features: [AARCH64_FEATURES.core, AARCH64_FEATURES.fpu] },
};

/** Names that gdb and we do not share. */
const ALIASES: Readonly<Record<Machine, Readonly<Record<string, string>>>> = {
  x86_64: { "rflags": "eflags", "fs.base": "fs_base", "gs.base": "gs_base" },
  aarch64: {},
};

/** Names under which a thread's pointer to its own storage is found. */
const THREAD_POINTERS = ["fs_base", "tpidr", "tpidr_el0", "TPIDR_EL0"];

/** First DWARF numbers of the vector registers. */
const XMM = 17;
const ST = 33;
const XMM_HIGH = 67;
const V = 64;
/** The part of `v8` to `v15` that a call leaves alone is tracked as these (AAPCS64, 6.1.2). */
const V_SAVED = [72, 79] as const;

/**
 * The machine that a description is of; undefined if it is neither of ours.
 */
export function describedMachine(description: TargetDescription): Machine | undefined {
  const names = new Set(
    description.features.flatMap((feature) => feature.registers.map((register) => register.name)),
  );
  if (names.has("rip")) return "x86_64";
  return names.has("x30") && names.has("pc") ? "aarch64" : undefined;
}

/** Where registers stand in the answer to `g`, and which are not in it. */
export class RegisterLayout {
  /** The machine. */
  readonly machine: Machine;
  /** Bytes of the answer to `g` if it has all of them. */
  readonly size: number;
  readonly #byName: ReadonlyMap<string, PlacedRegister>;

  /** The layout of a described target. */
  constructor(machine: Machine, description: TargetDescription) {
    this.machine = machine;
    const registers = registersOf(description);
    this.#byName = new Map(registers.map((each) => [each.name, each]));
    this.size = registers.reduce((sum, each) => sum + each.size, 0);
  }

  /** The general registers by DWARF number, as far as the target has them. */
  *general(): Generator<readonly [dwarf: number, register: PlacedRegister]> {
    const { names, tracked, programCounter } = machineRegisters(this.machine);
    for (const dwarf of tracked) {
      const name = dwarf === programCounter && this.machine === "aarch64"
        ? "pc"
        : names[dwarf] ?? "";
      const isVector = this.machine === "aarch64" && dwarf >= V_SAVED[0] && dwarf <= V_SAVED[1];
      const register = isVector
        ? this.#vector(dwarf - V)
        : this.#byName.get(ALIASES[this.machine][name] ?? name);
      if (register !== undefined) yield [dwarf, register];
    }
  }

  /** The register in which a thread's pointer to its own storage is. */
  get threadPointer(): PlacedRegister | undefined {
    const name = THREAD_POINTERS.find((each) => this.#byName.has(each));
    return name === undefined ? undefined : this.#byName.get(name);
  }

  /** The registers that make up one that is no general one, by its DWARF number, lowest part first. */
  vectorParts(dwarf: number): PlacedRegister[] {
    const parts: (PlacedRegister | undefined)[] = [];
    if (this.machine === "aarch64") {
      if (dwarf >= V && dwarf < V + 32) parts.push(this.#vector(dwarf - V));
    } else if (dwarf >= ST && dwarf < ST + 8) parts.push(this.#byName.get(`st${dwarf - ST}`));
    else {
      const index = dwarf >= XMM && dwarf < XMM + 16
        ? dwarf - XMM
        : dwarf >= XMM_HIGH && dwarf < XMM_HIGH + 16
        ? dwarf - XMM_HIGH + 16
        : undefined;
      if (index === undefined) return [];
      parts.push(this.#byName.get(`xmm${index}`));
      parts.push(this.#byName.get(`ymm${index}h`) ?? this.#byName.get(`ymmh${index}`));
    }
    // A part is of no use without those below.
    const end = parts.indexOf(undefined);
    return parts.slice(0, end < 0 ? parts.length : end) as PlacedRegister[];
  }

  /** `v0` to `v31`, or the scalable register that it is the beginning of. */
  #vector(index: number): PlacedRegister | undefined {
    return this.#byName.get(`v${index}`) ?? this.#byName.get(`z${index}`);
  }
}

/** The answer to `g`. */
export class RegisterBytes {
  readonly #digits: string;

  /** Registers in hexadecimal digits, `x` for those not known. */
  constructor(digits: string) {
    this.#digits = digits;
  }

  /** Whether a register is there at all, known or not. */
  has({ offset, size }: PlacedRegister): boolean {
    return 2 * (offset + size) <= this.#digits.length;
  }

  /** Bytes of a register; undefined if they are not there, or not known. */
  of(register: PlacedRegister): Uint8Array | undefined {
    if (!this.has(register)) return undefined;
    const { offset, size } = register;
    const digits = this.#digits.slice(2 * offset, 2 * (offset + size));
    return /x/i.test(digits) ? undefined : fromHex(digits);
  }
}

/** A register's low 64 bits. */
export function wordOf(bytes: Uint8Array): bigint {
  return integerOfBytes(bytes.subarray(0, 8));
}

/** A set of general registers from their bytes. */
export function registerSet(
  layout: RegisterLayout,
  bytesOf: (register: PlacedRegister) => Uint8Array | undefined,
): RegisterSet {
  const set = new RegisterSet(layout.machine);
  for (const [dwarf, register] of layout.general()) {
    const bytes = bytesOf(register);
    if (bytes !== undefined) set.set(dwarf, wordOf(bytes));
  }
  return set;
}
