/**
 * Bounds of the work for one name. A mangled name can refer to parts of itself, so that a short one
 * may stand for a text of any length; what passes a bound is given as it is, mangled.
 *
 * @module
 */

/** Most characters of a mangled name. The longest seen in libraries have about 20,000. */
export const LONGEST_NAME = 1 << 17;

/** Most characters of a demangled name. */
export const LONGEST_TEXT = 1 << 19;

/** Most parts that are printed, and most that are looked at while printing. */
export const MOST_STEPS = 1 << 17;

/** Deepest nesting of calls, in parsing and in printing, of which a part takes several. */
export const DEEPEST = 1500;
