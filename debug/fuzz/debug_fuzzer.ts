/**
 * A seeded fuzzer of debug information: sound sections of all sorts are damaged, one or two of them
 * in each case, and asked for everything that they have. Any error but an `InputError` is a
 * finding, and so is a case that takes long.
 *
 * @module
 */
import { type FuzzOutcome, refusalOf } from "../../bytes/testing/fuzz_outcome.ts";
import { DebugInfo, type DwarfSectionName, DwarfSections } from "../../elf/dwarf/mod.ts";
import { exercise } from "../../elf/dwarf/testing/exercise.ts";
import { damaged } from "../../util/testing/damage.ts";
import { Random } from "../../util/random.ts";
import { DEBUG_CORPUS, type DebugSample } from "./debug_corpus.ts";

/** Where code of the samples is, offsets of entries, and places where nothing is. */
const ADDRESSES = [0x1000, 0x1004, 0x1010, 0x1018, 0x1025, 12, 60] as const;

const NAMES = ["f", "global", "T", "_Z1fv"] as const;

/** Runs cases; all that happens depends on the seed alone. */
export class DebugFuzzer {
  readonly #random: Random;

  /** A fuzzer with a seed, taken modulo 2^32. */
  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /**
   * Runs one case; tells the last error.
   *
   * @throws Whatever is not an `InputError`: a finding.
   */
  run(): FuzzOutcome {
    const random = this.#random;
    const sample = random.pick(DEBUG_CORPUS);
    const { main, split, shared } = sample;
    const files = [main, ...(split ? [split] : []), ...(shared ? [shared] : [])];
    const broken = random.pick(files);
    const names = [...broken.keys()];
    const first = random.pick(names);
    const changed = new Map([[first, damaged(random, broken.get(first)!)]]);
    if (random.chance(0.25)) {
      const second = random.pick(names);
      changed.set(second, damaged(random, broken.get(second)!));
    }
    const info = this.#open(sample, (file) => file === broken ? changed : new Map());
    const errors = exercise(info, { addresses: ADDRESSES, names: NAMES, most: 30 });
    const error = errors.at(-1);
    const target = `${sample.name} ${first}`;
    return { target, error: error === undefined ? undefined : refusalOf(error) };
  }

  #open(
    { main, split, shared }: DebugSample,
    changesOf: (file: DebugSections) => DebugSections,
  ): DebugInfo {
    const sections = (file: DebugSections) => {
      const changes = changesOf(file);
      return new DwarfSections((name) => changes.get(name) ?? file.get(name));
    };
    const half = split && new DebugInfo(sections(split), { isSplit: true });
    const common = shared && new DebugInfo(sections(shared));
    return new DebugInfo(sections(main), { split: () => half, supplementary: () => common });
  }
}

type DebugSections = ReadonlyMap<DwarfSectionName, Uint8Array>;
