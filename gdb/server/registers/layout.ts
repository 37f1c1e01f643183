/**
 * Registers as packets have them: in the order of a target description, little-endian.
 *
 * @module
 */

import { bytesOfInteger, integerOfBytes } from "../../../bytes/mod.ts";
import {
  type DescribedFeature,
  formatTargetXml,
  registersOf,
  type TargetDescription,
} from "../../protocol/mod.ts";

/**
 * The registers of one thread, by the names they have here, for as long as the machine stands still.
 */
export interface RegisterContext {
  /** A general, segment or system register; `undefined` if this context does not have it. */
  get(name: string): bigint | undefined;
  /** Sets one. @throws {GdbServerError | KernelError} if that cannot be */
  set(name: string, value: bigint): void;
  /** The floating-point state in the layout of a thread object, or `undefined` if it has none. */
  readonly fp: Uint8Array | undefined;
  /** Sets it. @throws {GdbServerError} if that cannot be */
  setFp(state: Uint8Array): void;
}

/** How one register is read and written. */
export interface RegisterAccess {
  /** Its bytes; `undefined` if the context does not have it. */
  read(context: RegisterContext, size: number): Uint8Array | undefined;
  /** Sets it from its bytes. */
  write(context: RegisterContext, bytes: Uint8Array): void;
}

/** One register of a target description. */
export interface RegisterField {
  /** Name in the description. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Whether only the system may use it: it can be read, and not written. */
  readonly isSystem: boolean;
  /** How it is read and written. */
  readonly access: RegisterAccess;
}

/** What is particular to an architecture. */
export interface RegisterTable {
  /** The target description. */
  readonly description: TargetDescription;
  /**
   * How many of its last features are not in the answer to `g`: the system's registers, and what
   * gdb does not expect there of a process whose description it has not read. It reads that of the
   * first one alone where several are there when it comes.
   */
  readonly apart: number;
  /** Names that stop replies tell at once: frame pointer, stack pointer and program counter. */
  readonly expedited: readonly string[];
  /**
   * Whether gdb takes it that a watchpoint stops before the access, and steps over that, in whichever
   * direction it goes, before it looks.
   */
  readonly watchesBefore: boolean;
  /** Name of the program counter. */
  readonly pc: string;
  /** How registers are accessed that are not integers a context has by that name. */
  readonly accesses: ReadonlyMap<string, RegisterAccess>;
}

/** What packets need to know of an architecture. */
export interface RegisterLayout extends Omit<RegisterTable, "accesses" | "apart" | "description"> {
  /** The registers, by number. */
  readonly fields: readonly RegisterField[];
  /** How many of them `g` and `G` carry; those after them are read one by one. */
  readonly general: number;
  /** The target description, XML. */
  readonly xml: string;
}

/** Makes the layout that a table says. */
export function layoutOf(table: RegisterTable): RegisterLayout {
  const { description, apart, accesses, ...rest } = table;
  const fields = registersOf(description).map(({ name, size, isSaved }) => ({
    name,
    size,
    isSystem: isSaved === false,
    access: accesses.get(name) ?? integer(name),
  }));
  const single = description.features.slice(-apart)
    .reduce((sum, { registers }) => sum + registers.length, 0);
  return { ...rest, fields, general: fields.length - single, xml: formatTargetXml(description) };
}

/** A feature of registers that only the system may use. */
export function systemFeature(name: string, registers: readonly string[]): DescribedFeature {
  return {
    name,
    types: [],
    registers: registers.map((each) => ({
      name: each,
      bits: 64,
      type: "int64",
      group: "system",
      // Who calls a function of a program does not put them back.
      isSaved: false,
    })),
  };
}

/** A register that the context has by a name. */
export function integer(name: string): RegisterAccess {
  return {
    read(context, size) {
      const value = context.get(name);
      return value === undefined ? undefined : bytesOfInteger(value, size);
    },
    write: (context, bytes) => context.set(name, integerOfBytes(bytes)),
  };
}

/** A register of `stored` bytes at an offset in the floating-point state. */
export function inFpState(at: number, stored: number): RegisterAccess {
  return {
    read({ fp }, size) {
      if (fp === undefined) return undefined;
      const bytes = new Uint8Array(size);
      bytes.set(fp.subarray(at, at + stored));
      return bytes;
    },
    write: (context, bytes) => changeFp(context, (fp) => fp.set(bytes.subarray(0, stored), at)),
  };
}

/** Changes a copy of the floating-point state, and has the context take it. */
export function changeFp(context: RegisterContext, change: (fp: Uint8Array) => void): void {
  const fp = context.fp?.slice() ?? new Uint8Array();
  if (fp.length > 0) change(fp);
  context.setFp(fp);
}
