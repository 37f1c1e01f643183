/**
 * Errors of histories.
 *
 * @module
 */

/**
 * What went wrong:
 * - `misuse`: an argument is out of range, or the machine was taken elsewhere behind its history's
 *   back
 * - `range`: an instant is before the history's begin or behind its end
 * - `diverged`: a replay has led elsewhere than the run: something in the machine, a policy of its
 *   user's own say, does not repeat itself
 */
export type HistoryErrorKind = "misuse" | "range" | "diverged";

/** Thrown by everything in `history/`. */
export class HistoryError extends Error {
  /** Class name, for messages. */
  override readonly name = "HistoryError";
  /** What went wrong. */
  readonly kind: HistoryErrorKind;

  /** Makes the error; `message` states the action and the current value. */
  constructor(kind: HistoryErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
