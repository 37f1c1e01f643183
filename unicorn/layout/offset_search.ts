/**
 * Finding a field of an unknown C structure: run something that sets the field to a known value,
 * keep the offsets that hold it, repeat with other values until one offset is left.
 *
 * @module
 */

/** Why a library's behavior or layout is not what the engine relies on. */
export class CalibrationError extends Error {
  /** @param message What was expected and what was found. */
  constructor(message: string) {
    super(message);
    this.name = "CalibrationError";
  }
}

/** Width of a field in bytes. */
export type FieldWidth = 1 | 4 | 8;

/** The offsets of a structure that may still be the field sought. */
export class OffsetSearch {
  readonly #view: DataView;
  readonly #name: string;
  readonly #width: FieldWidth;
  #offsets: number[] = [];

  /**
   * @param view The structure, in place: it is read anew by every {@linkcode keep}.
   * @param name Name of the field, for messages.
   * @param width Width of the field, which is aligned to it.
   */
  constructor(view: DataView, { name, width }: { name: string; width: FieldWidth }) {
    this.#view = view;
    this.#name = name;
    this.#width = width;
    for (let offset = 0; offset + width <= view.byteLength; offset += width) {
      this.#offsets.push(offset);
    }
  }

  /** Keeps the offsets that hold the value now, an unsigned one of the field's width. */
  keep(value: bigint): this {
    // Compared as numbers: thousands of offsets are looked at each time the library is loaded.
    const low = Number(value & 0xffff_ffffn);
    const high = Number(value >> 32n);
    const view = this.#view;
    this.#offsets = this.#offsets.filter((offset) => {
      if (this.#width === 1) return view.getUint8(offset) === low;
      if (view.getUint32(offset, true) !== low) return false;
      return this.#width === 4 || view.getUint32(offset + 4, true) === high;
    });
    return this;
  }

  /** How many offsets are left. */
  get count(): number {
    return this.#offsets.length;
  }

  /** The one offset left. @throws {CalibrationError} When none or several are left. */
  only(): number {
    const [offset, ...others] = this.#offsets;
    if (offset === undefined || others.length > 0) {
      const found = this.#offsets.slice(0, 8).join(", ") || "none";
      throw new CalibrationError(`Cannot locate ${this.#name}: ${found} instead of one offset`);
    }
    return offset;
  }
}
