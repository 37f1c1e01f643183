/**
 * A small matcher for the order of things: rules over a list of items, combined from single items
 * by sequence, choice, repetition and option, with noise (items that may stand anywhere) allowed
 * where a rule says so.
 *
 * Matching is greedy and a choice takes its first alternative that fits, as in a parsing expression
 * grammar. A failed match reports the furthest item that no rule could take, and what would have
 * been taken there.
 *
 * @module
 */

/** What the matcher knows while it runs. */
interface Run<T> {
  readonly items: readonly T[];
  readonly noise: (item: T) => boolean;
  /** Furthest item that was refused, and what was wanted there. */
  readonly failure: { at: number; expected: string[] };
}

/** Matches items from `at` on; the index after the last one taken, or -1. */
export type Rule<T> = (run: Run<T>, at: number) => number;

/** How a match ended. */
export type Match =
  | { readonly ok: true }
  | {
    /** Discriminant. */
    readonly ok: false;
    /** Index of the item no rule could take; the number of items if there are too few. */
    readonly at: number;
    /** What would have been taken there. */
    readonly expected: readonly string[];
  };

function refuse<T>(run: Run<T>, options: { at: number; expected: string }): number {
  const { at, expected } = options;
  if (at > run.failure.at) {
    run.failure.at = at;
    run.failure.expected = [];
  }
  if (at === run.failure.at && !run.failure.expected.includes(expected)) {
    run.failure.expected.push(expected);
  }
  return -1;
}

/**
 * One item, after any noise.
 * @param expected what it is, for reports
 * @param accepts whether an item is it
 */
export function one<T>(expected: string, accepts: (item: T) => boolean): Rule<T> {
  return (run, at) => {
    for (let index = at; index < run.items.length; index++) {
      const item = run.items[index] as T;
      if (accepts(item)) return index + 1;
      if (!run.noise(item)) return refuse(run, { at: index, expected });
    }
    return refuse(run, { at: run.items.length, expected });
  };
}

/** Every rule, in order. */
export function sequence<T>(...rules: readonly Rule<T>[]): Rule<T> {
  return (run, at) => {
    let next = at;
    for (const rule of rules) {
      next = rule(run, next);
      if (next < 0) return -1;
    }
    return next;
  };
}

/** The first rule that fits. */
export function choice<T>(...rules: readonly Rule<T>[]): Rule<T> {
  return (run, at) => {
    for (const rule of rules) {
      const next = rule(run, at);
      if (next >= 0) return next;
    }
    return -1;
  };
}

/**
 * A rule as often as it fits.
 * @param rule the rule; must take at least one item each time
 * @param options how often at least and at most; any number if absent
 */
export function repeat<T>(
  rule: Rule<T>,
  options: { min?: number; max?: number } = {},
): Rule<T> {
  const { min = 0, max = Infinity } = options;
  return (run, at) => {
    let next = at;
    for (let count = 0; count < max; count++) {
      const after = rule(run, next);
      if (after < 0) return count < min ? -1 : next;
      next = after;
    }
    return next;
  };
}

/** A rule once or not at all. */
export function optional<T>(rule: Rule<T>): Rule<T> {
  return repeat(rule, { max: 1 });
}

/**
 * A rule within which some items may stand anywhere; adds to the noise allowed around it.
 * @param rule the rule
 * @param noise whether an item may stand anywhere; a rule that wants such an item still gets it
 */
export function interleaved<T>(rule: Rule<T>, noise: (item: T) => boolean): Rule<T> {
  return (run, at) => rule({ ...run, noise: (item) => noise(item) || run.noise(item) }, at);
}

/** Nothing but noise is left. */
export function end<T>(): Rule<T> {
  return (run, at) => {
    const index = run.items.findIndex((item, place) => place >= at && !run.noise(item));
    return index < 0 ? run.items.length : refuse(run, { at: index, expected: "the end" });
  };
}

/**
 * Matches a whole list.
 * @param items the list
 * @param rule what it must be, followed by nothing
 */
export function match<T>(items: readonly T[], rule: Rule<T>): Match {
  const failure = { at: -1, expected: [] as string[] };
  const next = sequence(rule, end())({ items, noise: () => false, failure }, 0);
  return next >= 0 ? { ok: true } : { ok: false, ...failure };
}
