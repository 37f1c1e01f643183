/**
 * The shape of an FDE's instructions: everything but how far they advance. Compilers write the same
 * few prologues and epilogues over and over at other distances, so whatever depends only on the
 * shape (which registers a table mentions, what its rows say) need be worked out once per shape: in
 * a large library, once for some dozens of functions.
 *
 * @module
 */
import { CfiDecoder, type Cie, DW_CFA, type Fde, type FrameTable } from "../cfi/mod.ts";

/** Most shapes that are kept of those that hash alike: a file can be made of nothing else. */
const ALIKE_LIMIT = 8;

/** Shapes after which it shows whether they come back. */
const SAMPLE = 4096;

interface Known<T> {
  readonly cie: Cie;
  readonly bytes: Uint8Array;
  readonly value: T;
}

/** Row starts and a value per shape. */
export class ShapeCache<T> {
  /**
   * Addresses at which rows of the last FDE looked up start; the first
   * {@linkcode ShapeCache.rowCount} are valid.
   */
  starts: Float64Array = new Float64Array(256);
  /** Rows of the last FDE looked up. */
  rowCount = 0;
  /** Bytes of the shapes kept. */
  kept = 0;
  #decoder: CfiDecoder;
  #table: FrameTable;
  #bytes: Uint8Array;
  #scratch: Uint8Array = new Uint8Array(1024);
  #size = 0;
  #hits = 0;
  #misses = 0;
  #known: Map<number, Known<T>[]> = new Map();
  #make: (fde: Fde) => T;

  /** A cache over one section; `make` is called for the first FDE of each shape. */
  constructor(table: FrameTable, make: (fde: Fde) => T) {
    this.#decoder = new CfiDecoder(table);
    this.#table = table;
    this.#bytes = table.bytes;
    this.#make = make;
  }

  /** Whether shapes come back: a table may be made of nothing but new ones. */
  get isUseful(): boolean {
    return this.#misses < SAMPLE || this.#hits > this.#misses / 4;
  }

  /** The value of the FDE's shape; sets the row starts. Throws `CfiError` or `DecodeError`. */
  get(fde: Fde): T {
    const hash = this.#scan(fde);
    const candidates = this.#known.get(hash);
    if (candidates !== undefined) {
      for (const each of candidates) {
        if (each.cie === fde.cie && this.#matches(each.bytes)) {
          this.#hits++;
          return each.value;
        }
      }
    }
    this.#misses++;
    const bytes = this.#scratch.slice(0, this.#size);
    const entry = { cie: fde.cie, bytes, value: this.#make(fde) };
    if (candidates === undefined) this.#known.set(hash, [entry]);
    else if (candidates.push(entry) > ALIKE_LIMIT) candidates.shift();
    this.kept += bytes.length;
    return entry.value;
  }

  /** Forgets every shape. */
  clear(): void {
    this.#known.clear();
    this.kept = 0;
  }

  #scan(fde: Fde): number {
    const decoder = this.#decoder;
    const bytes = this.#bytes;
    let hash = fde.cie.offset | 0;
    let size = 0;
    let rows = 1;
    let location = fde.start;
    this.starts[0] = location;
    const most = 2 * (fde.instructionsEnd - fde.instructionsAt);
    if (this.#scratch.length < most) this.#scratch = new Uint8Array(2 * most);
    if (this.starts.length < most) {
      this.starts = new Float64Array(2 * most);
      this.starts[0] = location;
    }
    const scratch = this.#scratch;
    const starts = this.starts;
    decoder.seek(
      fde.instructionsAt,
      fde.instructionsEnd,
      fde.cie.pointerEncoding,
    );
    while (decoder.next()) {
      const opcode = decoder.opcode;
      if (opcode === DW_CFA.nop) continue;
      let next = -1;
      if (
        opcode === DW_CFA.advanceLoc ||
        (opcode >= DW_CFA.advanceLoc1 && opcode <= DW_CFA.advanceLoc4) ||
        opcode === DW_CFA.mipsAdvanceLoc8
      ) next = location + decoder.first * fde.cie.codeAlign;
      else if (opcode === DW_CFA.setLoc) next = decoder.first;
      if (next === -1) {
        const end = decoder.position;
        for (let at = decoder.offset; at < end; at++) {
          const byte = bytes[at]!;
          scratch[size++] = byte;
          hash = Math.imul(hash ^ byte, 0x01000193);
        }
      } else if (next !== location) {
        if (!(next > location && next <= Number.MAX_SAFE_INTEGER)) {
          throw this.#table.error("location", "Location does not advance", decoder.offset);
        }
        location = next;
        starts[rows++] = next;
        scratch[size++] = DW_CFA.advanceLoc;
        hash = Math.imul(hash ^ DW_CFA.advanceLoc, 0x01000193);
      }
    }
    this.#size = size;
    this.rowCount = rows;
    return hash;
  }

  #matches(bytes: Uint8Array): boolean {
    const size = this.#size;
    if (bytes.length !== size) return false;
    const scratch = this.#scratch;
    for (let i = 0; i < size; i++) {
      if (bytes[i] !== scratch[i]) return false;
    }
    return true;
  }
}
