/**
 * Finds the FDE of an address: through `.eh_frame_hdr` where it serves, else through an index built
 * once.
 *
 * @module
 */
import { type Address, countNotAbove, InputError } from "../../bytes/mod.ts";
import type { EhFrameHeader } from "./eh_frame_hdr.ts";
import type { Fde } from "./fde.ts";
import type { FrameTable } from "./frame_table.ts";

/** An FDE and the section it is in. */
export interface FoundFde {
  /** The section. */
  readonly table: FrameTable;
  /** The entry. */
  readonly fde: Fde;
}

/** Finds FDEs by address in one section. */
export class FdeIndex {
  /** The section searched. */
  readonly table: FrameTable;
  #header: EhFrameHeader | undefined;
  #starts: Float64Array | undefined;
  #offsets: Float64Array | undefined;
  #damage: InputError | undefined;

  /** An index over `table`; `header` must be the one that belongs to it. */
  constructor(table: FrameTable, header?: EhFrameHeader) {
    this.table = table;
    this.#header = header !== undefined && header.count > 0 ? header : undefined;
  }

  /** Whether lookups use the binary search table of the file. */
  get usesHeader(): boolean {
    return this.#header !== undefined;
  }

  /**
   * The FDE whose range has `address`, or undefined if none has.
   *
   * @throws {CfiError | DecodeError} If the FDE is malformed, or the section is damaged and the
   * sound part of it has no such FDE.
   */
  find(address: Address): Fde | undefined {
    if (this.#header !== undefined) {
      const found = this.#throughHeader(this.#header, address);
      if (found !== null) return found;
      // The header does not fit its section: do without it from now on.
      this.#header = undefined;
    }
    const starts = this.#starts ?? this.#build();
    const begun = countNotAbove(starts, address);
    if (begun > 0) {
      const fde = this.table.fdeAt(this.#offsets![begun - 1]!);
      if (fde.contains(address)) return fde;
    }
    if (this.#damage !== undefined) throw this.#damage;
    return undefined;
  }

  /** The FDE, undefined if there is none, or null if the header is no good. */
  #throughHeader(
    header: EhFrameHeader,
    address: Address,
  ): Fde | undefined | null {
    try {
      const at = header.find(address);
      if (at === undefined) return undefined;
      const fde = this.table.fdeAt(at - this.table.address);
      return fde.contains(address) ? fde : undefined;
    } catch (error) {
      if (error instanceof InputError) return null;
      throw error;
    }
  }

  #build(): Float64Array {
    const entries: Fde[] = [];
    const onDamage = (error: InputError) => void (this.#damage ??= error);
    try {
      for (const fde of this.table.fdes(onDamage)) {
        if (fde.limit > fde.start) entries.push(fde);
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      onDamage(error);
    }
    entries.sort((a, b) => a.start - b.start || a.limit - b.limit);
    this.#offsets = Float64Array.from(entries, (each) => each.offset);
    return this.#starts = Float64Array.from(entries, (each) => each.start);
  }
}
