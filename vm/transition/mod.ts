/**
 * Transitions into native code: a real call, instruction by instruction, with the thread's anchor
 * after each of them and what a walk from the anchor finds. `transition.ts` is the data,
 * `record.ts` makes it, `rows.ts`, `text.ts` and `svg.ts` show it.
 *
 * @module
 */
export { recordTransition } from "./record.ts";
export { transitionSvg } from "./svg.ts";
export { transitionText } from "./text.ts";
export type * from "./transition.ts";
