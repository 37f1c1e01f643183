/**
 * Language-specific data areas (`.gcc_except_table`): which calls of a function land where when an
 * exception passes, and what the landing pad wants. The layout is that of GCC and Clang for C++,
 * Rust and others (Itanium C++ ABI, exception handling tables).
 *
 * @module
 */
import { type Address, Cursor, hexAddress, toBigAddress } from "../../bytes/mod.ts";
import { LsdaError, type LsdaErrorKind } from "../errors.ts";
import {
  DW_EH_PE,
  type EncodedPointer,
  encodedSize,
  type PlacedBytes,
  type PointerBases,
  readEncodedAddress,
  readEncodedValue,
  readPointer,
} from "../cfi/mod.ts";

/** Longest chain of actions followed; compilers write one per handler of a call. */
const CHAIN_LIMIT = 1000;

/**
 * Where the bytes of an LSDA are; it may be anywhere in them. The default name for errors is
 * `.gcc_except_table`.
 */
export type LsdaSource = PlacedBytes;

/** One call site: a range of code and what to do when an exception passes it. */
export interface CallSite {
  /** First address of the range. */
  readonly begin: bigint;
  /** Address after the range. */
  readonly end: bigint;
  /** Where to land; undefined if nothing is to be done here and the exception goes on. */
  readonly landingPad: bigint | undefined;
  /**
   * One plus the offset of the first action, or 0 for none: a landing pad without actions is a
   * cleanup.
   */
  readonly action: number;
}

/** What a landing pad wants to be told of. */
export type Action =
  /** Run when the frame is left, whatever the exception. */
  | { readonly kind: "cleanup" }
  /** Handles one type; `type` is its type information, or undefined for every type. */
  | {
    readonly kind: "catch";
    readonly filter: number;
    readonly type: EncodedPointer | undefined;
  }
  /**
   * Handles every type *not* in the list (a dynamic exception specification; an empty list allows
   * nothing).
   */
  | {
    readonly kind: "filter";
    readonly filter: number;
    readonly types: readonly (EncodedPointer | undefined)[];
  };

/** How {@linkcode Lsda.callSiteAt} treats an address that no call site covers. */
export interface CallSiteOptions {
  /**
   * `none`: there is no call site, which in C++ means that no exception may pass. `previous`: the
   * last call site that begins before the address, as Theseus does for calls whose site the
   * compiler left out; not what the ABI says, so it must be asked for.
   */
  readonly between?: "none" | "previous";
}

/** One language-specific data area. Nothing but its header is read before it is asked for. */
export class Lsda {
  /** Address of the area. */
  readonly address: Address;
  /**
   * Address that landing pads are relative to: the start of the function if the header does not
   * say.
   */
  readonly landingPadBase: Address;
  /** Encoding of the call site table. */
  readonly callSiteEncoding: number;
  /** Encoding of the type table; `DW_EH_PE.omit` if there is none. */
  readonly typeEncoding: number;
  #cursor: Cursor;
  #source: LsdaSource;
  #functionStart: Address;
  #callSitesAt: number;
  #callSitesEnd: number;
  #typesAt: number;

  /**
   * Reads the header at `address`.
   *
   * @param source The bytes, in which `address` must lie.
   * @param place Address of the area, and of the function it belongs to.
   * @throws {LsdaError | DecodeError} If the header is malformed or outside the bytes.
   */
  constructor(
    source: LsdaSource,
    place: { readonly address: Address; readonly functionStart: Address },
  ) {
    this.#source = source;
    this.address = place.address;
    this.#functionStart = place.functionStart;
    const cursor = this.#cursor = new Cursor(
      source.bytes,
      source.name ?? ".gcc_except_table",
    );
    cursor.seek(place.address - source.address, source.bytes.length);
    const baseEncoding = cursor.u8();
    this.landingPadBase = baseEncoding === DW_EH_PE.omit
      ? place.functionStart
      : readEncodedAddress(cursor, baseEncoding, this.#bases());
    this.typeEncoding = cursor.u8();
    this.#typesAt = 0;
    if (this.typeEncoding !== DW_EH_PE.omit) {
      const distance = cursor.uleb();
      this.#typesAt = cursor.at + distance;
      if (this.#typesAt > source.bytes.length) {
        throw this.#error("length", `Type table is ${distance} bytes away`);
      }
    }
    this.callSiteEncoding = cursor.u8();
    if (encodedSize(this.callSiteEncoding) < 0) {
      const hex = this.callSiteEncoding.toString(16);
      throw this.#error("encoding", `Call site encoding is 0x${hex}`);
    }
    const length = cursor.uleb();
    this.#callSitesAt = cursor.at;
    this.#callSitesEnd = cursor.at + length;
    if (this.#callSitesEnd > source.bytes.length) {
      throw this.#error("length", `Call site table has ${length} bytes`);
    }
  }

  /**
   * The call sites in table order, which is address order. Throws {@linkcode LsdaError} or
   * `DecodeError` at a malformed one.
   */
  *callSites(): Generator<CallSite> {
    const cursor = this.#cursor;
    const encoding = this.callSiteEncoding;
    let at = this.#callSitesAt;
    while (at < this.#callSitesEnd) {
      cursor.seek(at, this.#callSitesEnd);
      const start = this.#functionStart + readEncodedValue(cursor, encoding);
      const end = start + readEncodedValue(cursor, encoding);
      const pad = readEncodedValue(cursor, encoding);
      const action = cursor.uleb();
      at = cursor.at;
      const sum = Math.abs(start) + Math.abs(end) + Math.abs(pad);
      if (!(sum <= Number.MAX_SAFE_INTEGER)) {
        throw this.#error("length", "Call site is out of range");
      }
      yield {
        begin: toBigAddress(start),
        end: toBigAddress(end),
        landingPad: pad === 0 ? undefined : toBigAddress(this.landingPadBase + pad),
        action,
      };
    }
  }

  /**
   * The call site that covers `address`, which for a call must be an address *inside* the call
   * instruction. Throws as {@linkcode Lsda.callSites}.
   */
  callSiteAt(
    address: bigint,
    options?: CallSiteOptions,
  ): CallSite | undefined {
    let previous: CallSite | undefined;
    for (const site of this.callSites()) {
      if (address < site.begin) break;
      if (address < site.end) return site;
      previous = site;
    }
    return options?.between === "previous" ? previous : undefined;
  }

  /**
   * The actions of a call site, innermost handler first. A landing pad without actions gives one
   * cleanup; no landing pad gives nothing.
   *
   * @throws {LsdaError} (`action`) If the chain leaves the bytes or does not end; (`type`) if it
   * names types where there are none.
   */
  *actions(site: CallSite): Generator<Action> {
    if (site.landingPad === undefined) return;
    if (site.action === 0) {
      yield { kind: "cleanup" };
      return;
    }
    const cursor = this.#cursor;
    let at = this.#callSitesEnd + site.action - 1;
    for (let steps = 0;; steps++) {
      if (steps >= CHAIN_LIMIT) {
        throw this.#error("action", `Over ${CHAIN_LIMIT} actions`);
      }
      if (!(at >= this.#callSitesEnd && at < cursor.bytes.length)) {
        throw this.#error("action", `Action is at 0x${at.toString(16)}`);
      }
      cursor.seek(at, cursor.bytes.length);
      const filter = cursor.sleb();
      const nextFrom = cursor.at;
      const next = cursor.sleb();
      if (filter === 0) yield { kind: "cleanup" };
      else if (filter > 0) {
        yield { kind: "catch", filter, type: this.type(filter) };
      } else {
        yield { kind: "filter", filter, types: this.filterTypes(filter) };
      }
      if (next === 0) return;
      at = nextFrom + next;
    }
  }

  /**
   * Entry of the type table, counted from 1 as catch filters do; undefined stands for every type.
   *
   * @throws {LsdaError} (`type`) If there is no such entry.
   */
  type(index: number): EncodedPointer | undefined {
    const cursor = this.#cursor;
    const at = this.typeEntryAddress(index) - this.#source.address;
    cursor.seek(at, cursor.bytes.length);
    return readPointer(cursor, this.typeEncoding, this.#bases());
  }

  /** Address of an entry of the type table itself. Throws as {@linkcode Lsda.type}. */
  typeEntryAddress(index: number): Address {
    const size = encodedSize(this.typeEncoding);
    const at = this.#typesAt - index * size;
    if (this.typeEncoding === DW_EH_PE.omit || size <= 0 || !(at >= 0)) {
      throw this.#error("type", `Type table has no entry ${index}`);
    }
    return this.#source.address + at;
  }

  /** Types that a filter (negative) allows to pass. Throws {@linkcode LsdaError} (`type`). */
  filterTypes(filter: number): (EncodedPointer | undefined)[] {
    return this.filterTypeIndexes(filter).map((index) => this.type(index));
  }

  /**
   * Entries of the type table that a filter (negative) lists. Throws {@linkcode LsdaError}
   * (`type`).
   */
  filterTypeIndexes(filter: number): number[] {
    const cursor = this.#cursor;
    const indexes: number[] = [];
    let at = this.#typesAt - filter - 1;
    for (;;) {
      if (
        this.typeEncoding === DW_EH_PE.omit || at >= cursor.bytes.length ||
        indexes.length >= CHAIN_LIMIT
      ) throw this.#error("type", `Filter ${filter} has no end`);
      cursor.seek(at, cursor.bytes.length);
      const index = cursor.uleb();
      at = cursor.at;
      if (index === 0) return indexes;
      indexes.push(index);
    }
  }

  #bases(): PointerBases {
    return {
      section: this.#source.address,
      text: this.#source.text,
      data: this.#source.data,
      func: this.#functionStart,
    };
  }

  #error(kind: LsdaErrorKind, message: string): LsdaError {
    return new LsdaError(kind, `${message} in LSDA ${hexAddress(this.address)}`, {
      source: this.#cursor.source,
      offset: this.#cursor.at,
    });
  }
}
