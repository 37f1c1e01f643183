/**
 * Results of the same case on two processors, and which differences between them are known: each
 * known one is named, says which cases it takes in and which fields it explains, and quotes the
 * line of CAVEATS.md that admits it, or names the manual that says the other side is wrong.
 * Whatever else differs is an error, and so is a known difference that is not seen any more.
 *
 * @module
 */

import { type CheckResult, Differences } from "../tool.ts";

/** What a processor has done in one case: a text for each thing that is compared. */
export type Outcome = Readonly<Record<string, string>>;

/** A difference that is known: ours is admitted in CAVEATS.md, or the other side is wrong. */
export type Known = KnownCases & (OursIsWrong | TheirsIsWrong);

/** Which differences of which cases are known. */
interface KnownCases {
  /** What differs, in a few words. */
  readonly name: string;
  /** Matches the names of the cases it takes in. */
  readonly cases: RegExp;
  /** Fields that differ for this reason; by default every field. */
  readonly fields?: readonly string[];
  /** Further condition on both outcomes. */
  readonly when?: (ours: Outcome, theirs: Outcome) => boolean;
}

interface OursIsWrong {
  /** Words of CAVEATS.md, in one line of it or across several. */
  readonly caveat: string;
  readonly manual?: undefined;
}

interface TheirsIsWrong {
  /** Which manual says so, and where. */
  readonly manual: string;
  readonly caveat?: undefined;
}

/** Text with every run of white space made one space, as Markdown reads it. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

/** Compares outcomes case by case. */
export class Comparison {
  /** Cases compared. */
  cases = 0;
  readonly #known: readonly Known[];
  readonly #caveats: string;
  readonly #seen = new Map<Known, number>();
  readonly #unexpected = new Differences();

  /**
   * @param options `known` differences; `caveats` is the text of CAVEATS.md; `limit` is how many
   *   texts of unexpected differences are kept
   */
  constructor(options: { known: readonly Known[]; caveats: string; limit?: number }) {
    this.#known = options.known;
    this.#caveats = flat(options.caveats);
    this.#unexpected = new Differences(options.limit);
  }

  /** Compares one case. */
  add(name: string, ours: Outcome, theirs: Outcome): void {
    this.cases++;
    const fields = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
      .filter((field) => ours[field] !== theirs[field]);
    const left = new Set(fields);
    for (const known of this.#known) {
      if (left.size === 0) return;
      if (!known.cases.test(name) || known.when?.(ours, theirs) === false) continue;
      const explained = fields.filter((field) => known.fields?.includes(field) ?? true);
      if (explained.length === 0) continue;
      this.#seen.set(known, (this.#seen.get(known) ?? 0) + 1);
      for (const field of explained) left.delete(field);
    }
    if (left.size === 0) return;
    const texts = [...left].map((field) => `${field} ${ours[field]}, theirs ${theirs[field]}`);
    this.#unexpected.add(`${name}: ${texts.join("; ")}`);
  }

  /** How many cases each known difference was seen in. */
  get seen(): ReadonlyMap<Known, number> {
    return this.#seen;
  }

  /** Unexpected differences, known ones that were not seen, and those CAVEATS.md does not have. */
  get errors(): string[] {
    const errors = this.#unexpected.texts;
    for (const known of this.#known) {
      if (!this.#seen.has(known)) errors.push(`No longer different: ${known.name}`);
      if (known.caveat !== undefined && !this.#caveats.includes(flat(known.caveat))) {
        errors.push(`Not in CAVEATS.md: ${known.caveat}`);
      }
    }
    return errors;
  }

  /** All of it as the result of a check. */
  result(name: string): CheckResult {
    return {
      name,
      figures: `${this.cases} cases, ${this.#seen.size} known differences`,
      notes: [...this.#seen].map(([known, cases]) =>
        `${known.name}, ${cases} cases: ` +
        (known.caveat === undefined
          ? `theirs is wrong, ${known.manual}`
          : `CAVEATS.md, "${known.caveat}"`)
      ),
      differences: this.errors,
    };
  }
}
