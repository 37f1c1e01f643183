/**
 * A coroutine that yields for a generator of the host: it stays suspended at the first yield, and
 * whoever resumes it resumes the generator.
 *
 * @module
 */
import type { CoroutineIdentity, CoroutinePort, Delegate } from "./coroutine_port.ts";
import { CoroutineError } from "./errors.ts";
import { SLOT } from "./agent/record.ts";
import { type Word, wordOf } from "./words.ts";

/** What a step of a host's generator came to. */
export type Step =
  | { readonly kind: "yielded" | "returned"; readonly value: bigint }
  | { readonly kind: "threw"; readonly error: unknown };

/** The generators that one coroutine yields for. */
export class Delegation {
  readonly #port: CoroutinePort;
  readonly #of: CoroutineIdentity;
  #running = false;

  /** Those of a coroutine. */
  constructor(port: CoroutinePort, of: CoroutineIdentity) {
    this.#port = port;
    this.#of = of;
  }

  /** Whether a step is under way. */
  get isRunning(): boolean {
    return this.#running;
  }

  /**
   * The generator it yields for now, for a step of it.
   * @param note what the coroutine's slot says of it
   * @throws {CoroutineError} of kind `foreign` if that is another step than the generator is at,
   *   `busy` if the host has not come to the end of something else
   */
  take(note: bigint): Delegate | null {
    if (note === 0n) return null;
    const { name, number } = this.#of;
    const { delegates } = this.#port;
    const delegate = delegates.get(number);
    if (delegate !== undefined && delegate.note === note) {
      this.#port.checkIdle(`resume ${name}`);
      delegates.delete(number);
      this.#write(0n);
      return delegate;
    }
    throw new CoroutineError(
      "foreign",
      `Cannot go on with ${name}: expected the generator of a host function that it yields for, ` +
        "which is at another place, as no snapshot holds it",
    );
  }

  /** One step of a generator that was taken. */
  step(
    delegate: Delegate,
    act: (iterator: Delegate["iterator"]) => IteratorResult<Word | void, Word | void> | undefined,
  ): Step {
    this.#running = true;
    try {
      const { done = false, value } = act(delegate.iterator) ?? { done: true, value: undefined };
      const word = wordOf(value, `value of host function ${delegate.name}`);
      if (done === true) return { kind: "returned", value: word };
      const note = this.#port.newNote();
      this.#port.delegates.set(this.#of.number, { ...delegate, note });
      this.#write(note);
      return { kind: "yielded", value: word };
    } catch (error) {
      return { kind: "threw", error };
    } finally {
      this.#running = false;
    }
  }

  #write(note: bigint): void {
    this.#port.memory.writeWord(this.#of.slot + BigInt(SLOT.note), note);
  }
}
