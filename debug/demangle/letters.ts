/**
 * The mangled text and where reading it stands.
 *
 * @module
 */
import { fail } from "./failure.ts";
import { MOST_STEPS } from "./limits.ts";

/** Reads a text letter by letter. */
export class Letters {
  /** Index of the next character. */
  protected at = 0;
  /** How many calls of {@linkcode Letters.nested} stand around. */
  protected depth = 0;
  readonly #deepest: number;
  #steps = 0;

  /** At the beginning of a text whose parts nest so deep at most. */
  constructor(protected readonly text: string, deepest: number) {
    this.#deepest = deepest;
  }

  /** Next character, or the one so many behind it; empty at the end. */
  protected peek(ahead = 0): string {
    return this.text.charAt(this.at + ahead);
  }

  /** Takes the text given if it is next. */
  protected take(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** Takes the text given, or gives up. */
  protected expect(text: string): void {
    if (!this.take(text)) fail();
  }

  /** Next character. */
  protected next(): string {
    return this.text.charAt(this.at++) || fail();
  }

  /** Reads something that may contain others of its kind, within the bounds. */
  protected nested<T>(read: () => T): T {
    if (++this.#steps > MOST_STEPS || ++this.depth > this.#deepest) fail();
    const result = read();
    this.depth--;
    return result;
  }
}
