/**
 * Where a value of a stack frame is.
 *
 * @module
 */
import type { Address } from "../../../../bytes/mod.ts";

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
 * Whether a word is a place as maps write it: a tag in the upper eight bits, and for registers one of
 * those that a walk keeps.
 */
export function isPlace(word: number, tracked: readonly number[]): boolean {
  switch (word >>> 24) {
    case PLACE.nowhere:
      return word === 0;
    case PLACE.register:
      return tracked.includes(word & 0xff_ffff);
    case PLACE.indirect:
      return tracked.includes(word >>> 16 & 0xff);
    default:
      return word >>> 24 <= PLACE.indirect;
  }
}

/** A place as maps write it; the word must be one. */
export function decodePlace(word: number): Place {
  const low = word << 8 >> 8;
  switch (word >>> 24) {
    case PLACE.register:
      return inRegister(low);
    case PLACE.cfa:
      return atCfa(low);
    case PLACE.constant:
      return { kind: PLACE.constant, register: 0, offset: low };
    case PLACE.indirect:
      return atRegister(word >>> 16 & 0xff, word << 16 >> 16);
    default:
      return NOWHERE;
  }
}
