/**
 * What is wrong with a file that a command goes on with.
 *
 * @module
 */

/** Most problems of a file that are told one by one. */
const TOLD = 20;

/** Tells of the problems of a file as they are found, and counts them. */
export class DamageReport {
  #count = 0;
  #told = new Set<Error>();

  /** Takes one problem; of one that costs several entries, the same error comes several times. */
  readonly add = (error: Error): void => {
    this.#count++;
    if (this.#told.has(error) || this.#told.size >= TOLD) return;
    this.#told.add(error);
    console.error(`trapline: ${error.message}`);
  };

  /** Says how much was left out, if anything was; returns the status to end with. */
  end(): number {
    if (this.#count === 0) return 0;
    console.error(`trapline: Left out ${this.#count} for what is wrong with them`);
    return 1;
  }
}
