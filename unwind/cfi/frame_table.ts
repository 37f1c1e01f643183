/**
 * A section of call frame information, `.eh_frame` or `.debug_frame`: its entries, lazily, and the
 * rows of each.
 *
 * @module
 */
import { type Address, Cursor, fromBigAddress, InputError } from "../../bytes/mod.ts";
import { type Cie, readCie } from "./cie.ts";
import type { CfiError } from "../errors.ts";
import { Fde } from "./fde.ts";
import type { PointerBases } from "./pointer.ts";
import type { UnwindRow } from "./row.ts";
import { RowMachine } from "./row_machine.ts";
import { cfiError, type CfiSection } from "./section.ts";

/** Which of the two layouts a section has. */
export type FrameSectionKind = "eh_frame" | "debug_frame";

/** The bytes of a section and where they are. */
export interface FrameSection {
  /** Layout. */
  readonly kind: FrameSectionKind;
  /** The section's bytes, relocated. */
  readonly bytes: Uint8Array;
  /** Address of its first byte; `debug_frame` sections are not loaded and have 0. */
  readonly address: bigint;
  /** Name used in errors; default `.eh_frame` or `.debug_frame`. */
  readonly name?: string | undefined;
  /** Base of `textrel` pointers. */
  readonly text?: bigint | undefined;
  /** Base of `datarel` pointers. */
  readonly data?: bigint | undefined;
}

/** One entry of a section. */
export type FrameEntry =
  | { readonly type: "cie"; readonly cie: Cie }
  | { readonly type: "fde"; readonly fde: Fde }
  | { readonly type: "terminator"; readonly offset: number };

/** Most CIEs of a section that are kept; the largest programs have some ten thousand. */
const CIE_LIMIT = 2 ** 20;

/** A section of call frame information. Nothing is read before it is asked for. */
export class FrameTable implements CfiSection {
  /** Layout of the section. */
  readonly kind: FrameSectionKind;
  /** The section's bytes. */
  readonly bytes: Uint8Array;
  /** Name used in errors. */
  readonly name: string;
  /** Address of the first byte. */
  readonly address: Address;
  /** Bases of encoded pointers. */
  readonly bases: PointerBases;
  #cursor: Cursor;
  #wide = false;
  #cies: Map<number, Cie | InputError> = new Map();
  #cieBytes = 0;
  #machine: RowMachine | undefined;

  /** A table over a section. Throws {@linkcode CfiError} if its address is not canonical. */
  constructor(section: FrameSection) {
    this.kind = section.kind;
    this.bytes = section.bytes;
    this.name = section.name ?? `.${section.kind}`;
    this.address = this.#base(section.address);
    this.bases = {
      section: this.address,
      text: section.text === undefined ? undefined : this.#base(section.text),
      data: section.data === undefined ? undefined : this.#base(section.data),
    };
    this.#cursor = new Cursor(section.bytes, this.name);
  }

  /**
   * Every entry in section order. A zero length does not end the list: linkers leave such words
   * between the tables of two objects.
   *
   * @param onDamage Told of each malformed entry whose length is sound; the list goes on after it.
   * By default the first one is thrown.
   * @throws {CfiError | DecodeError} When the next entry cannot be found.
   */
  *entries(onDamage?: (error: InputError) => void): Generator<FrameEntry> {
    for (let offset = 0; offset < this.bytes.length;) {
      const end = this.#extent(offset);
      let entry: FrameEntry | undefined;
      try {
        entry = this.#entry(offset, end);
      } catch (error) {
        if (onDamage === undefined || !(error instanceof InputError)) throw error;
        onDamage(error);
      }
      if (entry !== undefined) yield entry;
      offset = end;
    }
  }

  /** Every FDE in section order. Throws as {@linkcode FrameTable.entries}. */
  *fdes(onDamage?: (error: InputError) => void): Generator<Fde> {
    for (const entry of this.entries(onDamage)) {
      if (entry.type === "fde") yield entry.fde;
    }
  }

  /** The FDE at a section offset. Throws {@linkcode CfiError} if something else is there. */
  fdeAt(offset: number): Fde {
    const entry = this.#entryAt(offset);
    if (entry.type === "fde") return entry.fde;
    throw this.error("cie-pointer", `Entry is a ${entry.type}, no FDE`, offset);
  }

  /** The CIE at a section offset. Throws {@linkcode CfiError} if something else is there. */
  cieAt(offset: number): Cie {
    const known = this.#known(offset);
    if (known !== undefined) return known;
    const entry = this.#entryAt(offset);
    if (entry.type === "cie") return entry.cie;
    throw this.error("cie-pointer", `Entry is a ${entry.type}, no CIE`, offset);
  }

  /**
   * The rows of an FDE in address order, each an object of its own.
   *
   * @throws {CfiError | DecodeError} When the instructions are malformed.
   */
  *rows(fde: Fde): Generator<UnwindRow> {
    const machine = new RowMachine(this);
    machine.start(fde);
    while (machine.next()) yield machine.row.clone();
  }

  /**
   * The row of an FDE that is for `address`, valid until the next call; undefined if none is.
   *
   * @throws {CfiError | DecodeError} When the instructions are malformed.
   */
  rowAt(fde: Fde, address: Address): UnwindRow | undefined {
    const machine = this.#machine ??= new RowMachine(this);
    machine.start(fde);
    while (machine.next()) {
      if (address < machine.row.end) {
        return address >= machine.row.start ? machine.row : undefined;
      }
    }
    return undefined;
  }

  /** A cursor over the bytes of an expression whose length stands at `at`. Throws `DecodeError`. */
  expressionAt(at: number): Cursor {
    const cursor = new Cursor(this.bytes, this.name);
    cursor.seek(at, this.bytes.length);
    const length = cursor.uleb();
    cursor.seek(cursor.at, cursor.at + length);
    return cursor;
  }

  /** An error of this section. */
  error(kind: CfiError["kind"], message: string, offset: number): CfiError {
    return cfiError(this, { kind, offset }, message);
  }

  #base(address: bigint): Address {
    const value = fromBigAddress(address);
    if (value === value) return value;
    throw this.error("location", `Base address is ${address}`, 0);
  }

  #entryAt(offset: number): FrameEntry {
    return this.#entry(offset, this.#extent(offset));
  }

  /** End of the entry at an offset; the cursor is then after its length. */
  #extent(offset: number): number {
    const cursor = this.#cursor;
    cursor.seek(offset, this.bytes.length);
    let length = cursor.u32();
    this.#wide = length === 0xffffffff;
    if (this.#wide) length = cursor.address64();
    const end = cursor.at + length;
    if (length < 0 || end > this.bytes.length) {
      throw this.error(
        "length",
        `Length of entry is ${length}, ${this.bytes.length - cursor.at} bytes are left`,
        offset,
      );
    }
    return end;
  }

  /** The entry at an offset whose length the cursor has read. */
  #entry(offset: number, end: number): FrameEntry {
    const cursor = this.#cursor;
    const wide = this.#wide;
    if (cursor.at === end) return { type: "terminator", offset };
    const idAt = cursor.at;
    cursor.end = end;
    let cieOffset: number;
    if (this.kind === "eh_frame") {
      // Four bytes even where the length has eight.
      const id = cursor.u32();
      cieOffset = id === 0 ? -1 : idAt - id;
    } else {
      // The 64-bit form takes the number as unsigned; -1 marks a CIE in both.
      const id = wide ? cursor.address64() : cursor.i32();
      cieOffset = id === -1 ? -1 : wide ? id : id >>> 0;
    }
    if (cieOffset === -1) {
      return { type: "cie", cie: this.#known(offset) ?? this.#readCie(offset, end) };
    }
    const resume = cursor.at;
    const cie = this.#known(cieOffset) ?? this.#cieOf(cieOffset, offset);
    cursor.seek(resume, end);
    return { type: "fde", fde: new Fde(cursor, { cie, offset, end, bases: this.bases }) };
  }

  /** The CIE at an offset if it has been read; throws again what was wrong with it. */
  #known(offset: number): Cie | undefined {
    const known = this.#cies.get(offset);
    if (known instanceof InputError) throw known;
    return known;
  }

  /**
   * Reads the CIE at an offset, whose version is next. Sound CIEs do not overlap, so that all of
   * them together are no longer than the section; that bounds the time they can cost.
   */
  #readCie(offset: number, end: number): Cie {
    this.#cieBytes += end - offset;
    try {
      if (this.#cieBytes > this.bytes.length || this.#cies.size >= CIE_LIMIT) {
        throw this.error(
          "cie-pointer",
          `CIEs have ${this.#cieBytes} bytes, the section has ${this.bytes.length}, ` +
            `expected at most ${CIE_LIMIT} that do not overlap`,
          offset,
        );
      }
      const cie = readCie(this.#cursor, { offset, end, bases: this.bases });
      this.#cies.set(offset, cie);
      return cie;
    } catch (error) {
      if (error instanceof InputError && this.#cies.size < CIE_LIMIT) {
        this.#cies.set(offset, error);
      }
      throw error;
    }
  }

  /** The CIE an FDE names; one FDE naming another must not lead round in circles. */
  #cieOf(offset: number, from: number): Cie {
    const cursor = this.#cursor;
    if (offset >= 0 && offset + 8 < this.bytes.length) {
      cursor.seek(offset, this.bytes.length);
      const wide = cursor.u32() === 0xffffffff;
      if (wide) cursor.skip(8);
      const id = this.kind === "eh_frame" ? cursor.u32() : wide ? cursor.address64() : cursor.i32();
      if (id === (this.kind === "eh_frame" ? 0 : -1)) {
        return this.cieAt(offset);
      }
    }
    throw this.error(
      "cie-pointer",
      `CIE pointer of FDE leads to 0x${offset.toString(16)}, where no CIE is`,
      from,
    );
  }
}
