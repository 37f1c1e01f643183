/**
 * What host functions get of the coroutine that calls them, and what they can answer.
 *
 * @module
 */
import { CoroutineError } from "./errors.ts";
import type { CoroutineFrame } from "./frames.ts";
import type { GuestMemory } from "./agent/memory.ts";
import { type Word, wordOf } from "./words.ts";

/** Bytes from a parent link to the base of its stack. */
const LINK_OFFSET = 16n;

/** A coroutine of the host's, as a {@linkcode Yielder} knows it; it is a `Coroutine`. */
export interface CoroutineHandle {
  /** Name of the guest function that is its body. */
  readonly name: string;
  /** Its number. */
  readonly number: bigint;
  /** Its stack frames. */
  frames(): CoroutineFrame[];
}

/** How a {@linkcode Yielder} reaches its machine. */
export interface YielderPort {
  /** Memory of the program. */
  readonly memory: GuestMemory;
  /** The host's coroutine whose stack has this link, if it is one of the host's. */
  coroutineAt(link: bigint): CoroutineHandle | null;
  /** Stack pointer of the stack with this link while nothing runs on it. */
  savedSp(link: bigint): bigint;
}

/** Has the coroutine yield a value; the host function returns what it is resumed with. */
export class YieldRequest {
  /** Whose. */
  readonly yielder: Yielder;
  /** The value. */
  readonly value: bigint;

  /** Made by {@linkcode Yielder.yield}. */
  constructor(yielder: Yielder, value: bigint) {
    this.yielder = yielder;
    this.value = value;
  }
}

/**
 * What the body of a coroutine yields with: in the guest a pointer to the parent link, the word at
 * 16 below the base of its stack. While the coroutine runs, the link points at the top of its
 * parent's stack.
 *
 * @example A host function that has its caller yield
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { CoroutineHost, coroutinesProgram } from "@trapline/trapline/coro";
 *
 * const program = await coroutinesProgram("aarch64");
 * using host = CoroutineHost.boot({
 *   arch: "aarch64",
 *   program,
 *   imports: { ask: (yielder, question) => yielder.yield(question) },
 * });
 * using asker = host.coroutine("asker"); // asks with its input, and yields the answer
 * console.log(asker.next(6).value, asker.next(7).value); // 6n, 7n
 * ```
 */
export class Yielder {
  readonly #port: YielderPort;
  /** Address of the parent link; 0 of a caller that gave none. */
  readonly link: bigint;

  /** Made by the host. */
  constructor(port: YielderPort, link: bigint) {
    this.#port = port;
    this.link = link;
  }

  /** Whether it is a coroutine's of a host. */
  isOf(port: YielderPort): boolean {
    return this.#port === port;
  }

  /** Base of the coroutine's stack: one past its highest byte. */
  get base(): bigint {
    return this.link + LINK_OFFSET;
  }

  /** The coroutine, if the host made it; `null` for those that the guest has made by itself. */
  get coroutine(): CoroutineHandle | null {
    return this.#port.coroutineAt(this.link);
  }

  /**
   * Stack pointer of the parent, where what it goes on with is saved: what the link holds while the
   * coroutine runs. Written anew at every resume; of one that does not run, that of the last time.
   * @throws {CoroutineError} of kind `yield` if there is no link
   */
  get parentSp(): bigint {
    this.#check("read the parent of");
    return this.#port.memory.word(this.link);
  }

  /**
   * Stack pointer where the coroutine has saved what it goes on with, while it is suspended; it may
   * be on the stack of one that it has resumed. 0 once it has ended.
   * @throws {CoroutineError} of kind `yield` if there is no link
   */
  get savedSp(): bigint {
    this.#check("read the stack pointer of");
    return this.#port.savedSp(this.link);
  }

  /**
   * The answer of a host function that makes its caller yield: the coroutine yields the value, and
   * the function's call returns what the coroutine is resumed with.
   *
   * @throws {CoroutineError} of kind `yield` if the caller gave no yielder, `value` if it is no
   *   machine word
   */
  yield(value?: Word): YieldRequest {
    this.#check("yield with");
    return new YieldRequest(this, wordOf(value, "a value to yield"));
  }

  #check(action: string): void {
    if (this.link !== 0n) return;
    throw new CoroutineError(
      "yield",
      `Cannot ${action} a null pointer: expected the caller's yielder as its first argument`,
    );
  }
}

/**
 * What a host function may answer: the word its call returns, {@linkcode Yielder.yield}'s, or an
 * iterator that yields words before the one its call returns, as a generator function gives.
 */
export type HostResult = Word | void | YieldRequest | Iterator<Word | void, Word | void, bigint>;

/**
 * A function of the host that the guest can call (`CORO_IMPORT` in `coro_agent.h`). It gets the
 * first argument as a yielder and five more words, whatever of them the caller has set. What it
 * throws is thrown in the guest.
 */
export type HostFunction = (yielder: Yielder, ...words: bigint[]) => HostResult;
