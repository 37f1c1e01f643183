/**
 * Where a variable, or a part of it, is: DWARF 5, section 2.6.
 *
 * @module
 */
import type { Entry } from "../../../elf/dwarf/mod.ts";

/** Where a whole is, or one piece of it. */
export type SimpleLocation =
  /** In memory. */
  | { readonly type: "value"; readonly value: bigint }
  /** In a register, by DWARF number. */
  | { readonly type: "register"; readonly register: number }
  /** Nowhere: the bytes are known all the same. */
  | { readonly type: "implicit"; readonly bytes: Uint8Array }
  /**
   * A pointer to what is nowhere: what the entry describes, `offset` bytes on. The entry is
   * undefined if it cannot be found.
   */
  | {
    readonly type: "implicit-pointer";
    readonly entry: Entry | undefined;
    readonly offset: number;
  }
  /** Nowhere: it has been optimized out. */
  | { readonly type: "empty" };

/** A part of a value that is in several places. */
export interface Piece {
  /** Where it is. */
  readonly location: SimpleLocation;
  /** Its size in bits. */
  readonly bits: number;
  /** Bits of its place before it. */
  readonly offset: number;
}

/** Where something is. */
export type Location =
  | SimpleLocation
  /** In pieces, in order. */
  | { readonly type: "pieces"; readonly pieces: readonly Piece[] };
