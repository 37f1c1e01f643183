/**
 * Where a value of a stack frame is.
 *
 * @module
 */
import type { Address } from "../../../../bytes/mod.ts";
import type { Machine } from "../../../../elf/mod.ts";
import { machineRegisters } from "../../../cfi/mod.ts";
import type { CodeMap } from "./code_map.ts";

/** What a {@linkcode Place} is relative to. */
export const PLACE: {
  readonly nowhere: 0;
  readonly register: 1;
  readonly cfa: 2;
  readonly constant: 3;
  readonly indirect: 4;
  readonly address: 5;
} = { nowhere: 0, register: 1, cfa: 2, constant: 3, indirect: 4, address: 5 };

/** A place, before it is looked up in a frame. */
export interface Place {
  /** One of {@linkcode PLACE}. */
  readonly kind: number;
  /** DWARF number, of `register` and `indirect`. */
  readonly register: number;
  /** Bytes from the CFA or from the register's value; the address itself; a constant's value. */
  readonly offset: number;
}

/** There is none. */
export const NOWHERE: Place = { kind: PLACE.nowhere, register: 0, offset: 0 };

/** In a register. */
export function inRegister(register: number): Place {
  return { kind: PLACE.register, register, offset: 0 };
}

/** In memory at an offset from the CFA. */
export function atCfa(offset: number): Place {
  return { kind: PLACE.cfa, register: 0, offset };
}

/** In memory at an offset from a register's value. */
export function atRegister(register: number, offset: number): Place {
  return { kind: PLACE.indirect, register, offset };
}

/** In memory at an address that does not depend on the frame. */
export function atAddress(address: Address): Place {
  return { kind: PLACE.address, register: 0, offset: address };
}

/**
 * A place as maps write it: a tag in the upper eight bits. Throws `CodeMapError` (`location`) if
 * there is no such tag, or a walk does not keep the register.
 */
export function decodePlace(
  word: number,
  { map, at, machine }: {
    readonly map: CodeMap;
    /** Where it stands in the map. */
    readonly at: number;
    readonly machine: Machine;
  },
): Place {
  const low = word << 8 >> 8;
  const { tracked } = machineRegisters(machine);
  switch (word >>> 24) {
    case PLACE.nowhere:
      if (low === 0) return NOWHERE;
      break;
    case PLACE.register:
      if (tracked.includes(low)) return inRegister(low);
      break;
    case PLACE.cfa:
      return atCfa(low);
    case PLACE.constant:
      return { kind: PLACE.constant, register: 0, offset: low };
    case PLACE.indirect: {
      const register = word >>> 16 & 0xff;
      if (tracked.includes(register)) return atRegister(register, word << 16 >> 16);
    }
  }
  const what = `Location is 0x${(word >>> 0).toString(16)}`;
  throw map.error("location", what, at, "a tag 0 to 4, and a register that walks keep");
}
