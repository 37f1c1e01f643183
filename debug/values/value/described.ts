/**
 * What debugging information says of a variable at a place in the code, whatever the frame is.
 *
 * @module
 */
import { type Address, bytesOfInteger, Cursor } from "../../../bytes/mod.ts";
import { DW_AT, type Entry } from "../../../elf/dwarf/mod.ts";
import { DW_OP } from "../../../unwind/cfi/mod.ts";
import { plainType, type Type } from "../types/type.ts";
import type { TypeSource } from "../types/type_source.ts";

/** Where a variable is: what an expression of an entry's unit gives, or a constant. */
export type DescribedPlace =
  | { readonly expression: Uint8Array; readonly entry: Entry }
  | { readonly constant: Uint8Array };

/** A variable at a place in the code. What it says is read once, when it is asked for. */
export class DescribedVariable {
  /** Its entry. */
  readonly entry: Entry;
  readonly #types: TypeSource;
  readonly #pc: Address;
  #type: Type | undefined;
  #place: DescribedPlace | undefined | null = null;

  /** A variable at an address of the file. */
  constructor(entry: Entry, types: TypeSource, pc: Address) {
    this.entry = entry;
    this.#types = types;
    this.#pc = pc;
  }

  /** Its type as it is declared. Throws `InputError`. */
  get type(): Type {
    return this.#type ??= this.#types.typeOf(this.entry);
  }

  /** Where it is; undefined if it is optimized out. Throws `InputError`. */
  get place(): DescribedPlace | undefined {
    if (this.#place === null) this.#place = this.#readPlace();
    return this.#place;
  }

  #readPlace(): DescribedPlace | undefined {
    const entry = this.entry.inherited(DW_AT.location);
    if (entry === undefined) return this.#constant();
    const expression = entry.location(DW_AT.location, this.#pc);
    if (expression === undefined || isDropped(expression, entry)) return undefined;
    return { expression, entry };
  }

  /** A constant that the entry itself gives. */
  #constant(): DescribedPlace | undefined {
    const described = this.entry.inherited(DW_AT.constValue);
    if (described === undefined) return undefined;
    const bytes = described.bytes(DW_AT.constValue);
    if (bytes !== undefined) return { constant: bytes };
    const text = described.text(DW_AT.constValue);
    if (text !== undefined) return { constant: new TextEncoder().encode(`${text}\0`) };
    const value = described.big(DW_AT.constValue) ?? 0n;
    return { constant: bytesOfInteger(value, plainType(this.type).size ?? 8) };
  }
}

/**
 * Whether an expression is but the address 0: linkers write that for variables that they have left
 * out (`--gc-sections`). Nothing of a program is there.
 */
function isDropped(expression: Uint8Array, { unit }: Entry): boolean {
  const cursor = new Cursor(expression.subarray(1), "expression");
  switch (expression[0]) {
    case DW_OP.addr:
      return expression.length === 9 && cursor.address64() === 0;
    case DW_OP.addrx:
    case DW_OP.gnuAddrIndex: {
      const index = cursor.uleb();
      return cursor.at === cursor.end && unit.addressAt(index) === 0;
    }
    default:
      return false;
  }
}
