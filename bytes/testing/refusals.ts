/**
 * What is refused of malformed input.
 *
 * @module
 */
import { InputError } from "../errors.ts";

/** Errors that an input deserves, in order. */
export class Refusals {
  /** All of them. */
  readonly all: InputError[] = [];

  /** The first one; undefined if there is none. */
  get first(): InputError | undefined {
    return this.all[0];
  }

  /** Notes an error that was told, not thrown, if there is one. */
  note(error: InputError | undefined): void {
    if (error !== undefined) this.all.push(error);
  }

  /** Does something that may be refused. Throws whatever is no {@linkcode InputError}: a finding. */
  attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.all.push(error);
    }
  }
}
