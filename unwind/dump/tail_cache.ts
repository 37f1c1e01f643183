/**
 * Something kept for each state that rows are in. Functions differ in where their rows begin,
 * hardly in what their rows say: the thousands of rows of a library are in a few hundred states, so
 * a text made per state is made seldom.
 *
 * @module
 */
import { CFA, RULE, type UnwindRow } from "../cfi/mod.ts";

/** Most states that are kept of those that hash alike: a file can be made of nothing else. */
const ALIKE_LIMIT = 8;

/** States after which it shows whether they come back. */
const SAMPLE = 4096;

/** What a state says, besides expressions, and what is kept for it. */
interface Known<T> {
  readonly columns: readonly number[];
  readonly cfaKind: number;
  readonly cfaRegister: number;
  readonly cfaOffset: number;
  readonly raSigned: boolean;
  readonly kinds: readonly number[];
  readonly values: readonly number[];
  readonly kept: T;
}

/** A value per state. */
export class TailCache<T> {
  /** How many numbers are kept, about. */
  kept = 0;
  #known: Map<number, Known<T>[]> = new Map();
  #hits = 0;
  #misses = 0;
  #columns: Map<string, readonly number[]> = new Map();
  #make: (row: UnwindRow, columns: readonly number[]) => T;

  /** A cache whose values `make` makes. */
  constructor(make: (row: UnwindRow, columns: readonly number[]) => T) {
    this.#make = make;
  }

  /** The one array for these columns, which {@linkcode TailCache.get} must be given. */
  columns(columns: readonly number[]): readonly number[] {
    const name = columns.join();
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    this.#columns.set(name, columns);
    this.kept += 2 * columns.length + 8;
    return columns;
  }

  /** The value for the state of a row whose table has these columns. */
  get(row: UnwindRow, columns: readonly number[]): T {
    // Where nearly every row is a state of its own, looking for it only costs.
    if (this.#misses > SAMPLE && this.#hits < this.#misses) return this.#make(row, columns);
    let hash = row.cfaKind * 64 + row.cfaRegister ^ row.cfaOffset << 8;
    for (let i = 0; i < columns.length; i++) {
      const register = columns[i]!;
      hash = Math.imul(hash ^ row.kinds[register]!, 0x01000193) ^ row.values[register]!;
    }
    hash |= 0;
    const candidates = this.#known.get(hash);
    if (candidates !== undefined) {
      for (const each of candidates) {
        if (each.columns === columns && isSame(each, row)) {
          this.#hits++;
          return each.kept;
        }
      }
    }
    this.#misses++;
    const entry: Known<T> = {
      columns,
      cfaKind: row.cfaKind,
      cfaRegister: row.cfaRegister,
      cfaOffset: row.cfaOffset,
      raSigned: row.raSigned,
      kinds: columns.map((register) => row.kinds[register]!),
      values: columns.map((register) => row.values[register]!),
      kept: this.#make(row, columns),
    };
    if (candidates === undefined) this.#known.set(hash, [entry]);
    else if (candidates.push(entry) > ALIKE_LIMIT) candidates.shift();
    this.kept += 2 * columns.length + 16;
    return entry.kept;
  }
}

function isSame<T>(known: Known<T>, row: UnwindRow): boolean {
  if (known.cfaKind !== row.cfaKind || known.raSigned !== row.raSigned) return false;
  // Which expression it is does not show.
  if (
    row.cfaKind === CFA.register &&
    (known.cfaRegister !== row.cfaRegister || known.cfaOffset !== row.cfaOffset)
  ) return false;
  const { columns, kinds, values } = known;
  for (let i = 0; i < columns.length; i++) {
    const register = columns[i]!;
    const kind = row.kinds[register]!;
    if (kind !== kinds[i]) return false;
    if (kind < RULE.expression && row.values[register] !== values[i]) return false;
  }
  return true;
}
