/**
 * Damage that is left out, and told of.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";

/** Damage that has been found and left out. Each is kept once, however often it is run into. */
export class Problems {
  readonly #byMessage: Map<string, InputError> = new Map();

  /** What was found, in that order. */
  get all(): readonly InputError[] {
    return [...this.#byMessage.values()];
  }

  /** What an action gives; undefined if what it reads is damaged, which is kept. */
  attempt<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      if (!this.#byMessage.has(error.message)) this.#byMessage.set(error.message, error);
      return undefined;
    }
  }
}
