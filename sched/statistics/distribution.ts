/**
 * How values are spread, in bounded memory: integers are counted in bins, exact up to 64 and then
 * 32 to each doubling, so that a percentile is at most 1 in 32 too large; the rest is exact.
 *
 * @module
 */

/** How values are spread. */
export interface Spread {
  /** Number of values. */
  readonly count: number;
  /** The smallest. */
  readonly least: number;
  /** Their mean. */
  readonly mean: number;
  /** The largest. */
  readonly most: number;
  /** Standard deviation. */
  readonly deviation: number;
  /** Percentiles, by nearest rank: so many of a hundred values are at most that. */
  readonly percentiles: { readonly p50: number; readonly p90: number; readonly p99: number };
}

/** Values up to this have a bin each. */
const EXACT = 64;
/** Bins for each doubling beyond. */
const PARTS = 32;

/** Gathers integers. */
export class Distribution {
  #count = 0;
  #sum = 0;
  #squares = 0;
  #least = Infinity;
  #most = -Infinity;
  /** How many values each bin has; not made for a single value. */
  #bins: Map<number, number> | null = null;

  /** Number of values. */
  get count(): number {
    return this.#count;
  }

  /** Their sum. */
  get sum(): number {
    return this.#sum;
  }

  /** Adds a value. */
  add(value: number): void {
    if (this.#count > 0) put(this.#makeBins(), binOf(value), 1);
    this.#count++;
    this.#sum += value;
    this.#squares += value * value;
    if (value < this.#least) this.#least = value;
    if (value > this.#most) this.#most = value;
  }

  /** Adds all values of another one. */
  addAll(other: Distribution): void {
    if (other.#count === 0) return;
    if (other.#count === 1) return this.add(other.#least);
    const bins = this.#makeBins();
    for (const [bin, count] of other.#makeBins()) put(bins, bin, count);
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#squares += other.#squares;
    this.#least = Math.min(this.#least, other.#least);
    this.#most = Math.max(this.#most, other.#most);
  }

  /** What there is, `null` if there is nothing. */
  spread(): Spread | null {
    if (this.#count === 0) return null;
    const mean = this.#sum / this.#count;
    const variance = Math.max(0, this.#squares / this.#count - mean * mean);
    const bins = [...this.#makeBins()].sort(([a], [b]) => a - b);
    const percentile = (part: number): number => {
      let left = Math.ceil(part * this.#count);
      for (const [bin, count] of bins) {
        left -= count;
        if (left <= 0) return Math.max(this.#least, Math.min(this.#most, lastOf(bin)));
      }
      return this.#most;
    };
    return {
      count: this.#count,
      least: this.#least,
      mean,
      most: this.#most,
      deviation: Math.sqrt(variance),
      percentiles: { p50: percentile(0.5), p90: percentile(0.9), p99: percentile(0.99) },
    };
  }

  #makeBins(): Map<number, number> {
    if (this.#bins !== null) return this.#bins;
    return this.#bins = new Map(this.#count === 0 ? [] : [[binOf(this.#least), 1]]);
  }
}

function put(bins: Map<number, number>, bin: number, count: number): void {
  bins.set(bin, (bins.get(bin) ?? 0) + count);
}

/** The bin of an integer: bins are in the order of their values. */
function binOf(value: number): number {
  if (value < 0) return -binOf(-value);
  if (value <= EXACT) return value;
  const doubling = Math.floor(Math.log2(value));
  // Rounding in the logarithm of a number just below a power of two.
  const power = 2 ** doubling > value ? doubling - 1 : doubling;
  return EXACT + (power - 6) * PARTS + Math.floor((value / 2 ** power - 1) * PARTS) + 1;
}

/** The largest value of a bin. */
function lastOf(bin: number): number {
  if (bin < 0) return -firstOf(-bin);
  return bin <= EXACT ? bin : firstOf(bin + 1) - 1;
}

function firstOf(bin: number): number {
  if (bin <= EXACT) return bin;
  const beyond = bin - EXACT - 1;
  const power = 6 + Math.floor(beyond / PARTS);
  return Math.max(EXACT + 1, Math.ceil(2 ** power * (1 + (beyond % PARTS) / PARTS)));
}
