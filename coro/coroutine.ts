/**
 * A coroutine of a guest program, as a generator.
 *
 * @module
 */
import { CoroutineError } from "./errors.ts";
import type { CoroutineIdentity, CoroutinePort } from "./coroutine_port.ts";
import { Delegation, type Step } from "./delegation.ts";
import type { Reply } from "./agent/exchange.ts";
import type { CoroutineFrame } from "./frames.ts";
import { textOf } from "./kept_errors.ts";
import { Operation, Outcome, SLOT } from "./agent/record.ts";
import { type Codec, isWord, unsigned, type Word, wordOf } from "./words.ts";
import { Yielder } from "./yielder.ts";

/**
 * What a coroutine is doing: `fresh` if its body has not begun, `suspended` where it has yielded,
 * `running` also while it waits for another that it has resumed, `finished` once its body has
 * returned or it was dropped, `threw` if an exception or a fault has ended it.
 */
export type CoroutineState = "fresh" | "suspended" | "running" | "finished" | "threw";

/** By the numbers of `enum coro_state`. */
const STATES: readonly (CoroutineState | undefined)[] = [
  undefined,
  "fresh",
  "suspended",
  "running",
];

/** How a coroutine's values are to be read. */
export interface Codecs<Y, R> {
  /** What it yields; by default words as integers from 0. */
  readonly yields?: Codec<Y>;
  /** What its body returns; by default words as integers from 0. */
  readonly returns?: Codec<R>;
}

/** What a slot says. */
interface SlotWords {
  readonly alive: boolean;
  readonly state: bigint;
  readonly base: bigint;
  readonly limit: bigint;
  readonly note: bigint;
  readonly sp: bigint;
}

/**
 * A coroutine: a function of the guest on a stack of its own. It is an iterator with all that
 * generators have, and `using` drops it.
 *
 * `Y` is what it yields, `R` what its body returns, `N` what it is resumed with.
 *
 * @example A guest function as a generator
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { CoroutineHost, coroutinesProgram } from "@trapline/trapline/coro";
 *
 * const program = await coroutinesProgram("x86_64");
 * using host = CoroutineHost.boot({ arch: "x86_64", program });
 * using fibonacci = host.coroutine("fibonacci");
 * console.log([...fibonacci.take(10)]); // an iterator: take, map, filter, …
 * ```
 */
export class Coroutine<Y = bigint, R = bigint, N extends Word = Word>
  extends Iterator<Y, R | undefined, N>
  implements Disposable {
  readonly #port: CoroutinePort;
  readonly #codecs: { readonly yields: Codec<Y>; readonly returns: Codec<R> };
  /** Name of the guest function that is its body. */
  readonly name: string;
  /** Its number: no other of its host has it, at whatever time of the machine. */
  readonly number: bigint;
  readonly #slot: bigint;
  #end: "finished" | "threw" | null = null;
  #disposed = false;
  readonly #delegation: Delegation;
  /** What its slot said last of the generator that it yields for. */
  #note = 0n;

  /** Made by the host. */
  constructor(
    port: CoroutinePort,
    options: CoroutineIdentity & { readonly yields: Codec<Y>; readonly returns: Codec<R> },
  ) {
    super();
    this.#port = port;
    this.#codecs = options;
    this.name = options.name;
    this.number = options.number;
    this.#slot = options.slot;
    this.#delegation = new Delegation(port, options);
  }

  /**
   * What it is doing.
   * @throws {CoroutineError} of kind `foreign` if the machine is at a time where it is not there
   */
  get state(): CoroutineState {
    return this.#stateOf(this.#read());
  }

  #stateOf({ alive, state }: SlotWords): CoroutineState {
    return alive ? STATES[Number(state)] as CoroutineState : this.#ended();
  }

  /** Its stack: lowest usable byte and one past the highest. Undefined once it has ended. */
  get stack(): { readonly limit: bigint; readonly base: bigint } | undefined {
    const { alive, limit, base } = this.#read();
    return alive ? { limit, base } : undefined;
  }

  /** What its body yields with. Undefined once it has ended. */
  get yielder(): Yielder | undefined {
    const { alive, base } = this.#read();
    return alive ? new Yielder(this.#port, base - 16n) : undefined;
  }

  /**
   * Its stack frames, innermost first: while it runs, those of all linked stacks to the end of the
   * thread's; while it is suspended its own, and before them those of coroutines that were
   * suspended with it. There are none of one that is fresh or has ended.
   */
  frames(): CoroutineFrame[] {
    const { alive, base, sp, state } = this.#read();
    const kind = alive ? STATES[Number(state)] : "finished";
    if (kind !== "running" && kind !== "suspended") return [];
    return this.#port.frames({ link: base - 16n, sp: kind === "running" ? undefined : sp });
  }

  /**
   * Runs it until it yields or ends, as a generator's `next`: its body gets the value as its first
   * input, or `coro_yield` returns it. One that has ended gives `{ done: true }` and no value.
   *
   * @throws {GuestPanic} if an exception leaves its body
   * @throws {GuestTrap} if a fault ends it
   * @throws {CoroutineError} of kind `running`, `disposed`, `value`, `budget`, `stopped`, `busy`,
   *   `halted`, `foreign`
   * @throws What a host function has thrown, if nothing in the guest caught it
   */
  override next(value?: N): IteratorResult<Y, R | undefined> {
    if (this.#isOver("resume")) return { done: true, value: undefined };
    return this.#resume(value);
  }

  /**
   * As {@linkcode Coroutine.next}, for callers that expect it to be there.
   * @throws {CoroutineError} of kind `finished` if it has ended; else as `next`
   */
  resume(value?: N): IteratorResult<Y, R> {
    if (this.#isOver("resume")) {
      throw new CoroutineError(
        "finished",
        `Cannot resume ${this.name}: it has ${this.state === "threw" ? "thrown" : "finished"}, ` +
          "expected it to be fresh or suspended",
      );
    }
    return this.#resume(value);
  }

  /**
   * Drops it, as a generator's `return`: its stack is unwound, so that destructors run, and given
   * back. The guest does not get the value.
   *
   * @throws {CoroutineError} of kind `running`, `disposed` and so on, as {@linkcode Coroutine.next}
   */
  override return(value?: R): IteratorResult<Y, R | undefined> {
    if (this.#isOver("drop")) return { done: true, value };
    const delegate = this.#delegation.take(this.#note);
    if (delegate !== null) {
      const word = isWord(value) ? value : undefined;
      const step = this.#delegation.step(
        delegate,
        (iterator) => iterator.return?.(word) ?? { done: true, value: word },
      );
      if (step.kind !== "returned") return this.#goOn(step);
      this.#drop();
      // The generator may have put another value in its place.
      if (step.value === wordOf(word, "value")) return { done: true, value };
      return { done: true, value: this.#codecs.returns.decode(step.value, this.#port.memory) };
    }
    this.#drop();
    return { done: true, value };
  }

  /**
   * Throws an error where it is suspended, as a generator's `throw`: in C++ a `coroutine::host_error`
   * that the body may catch. If it does not, or has not begun, the error comes back.
   *
   * @throws The error itself, if the body does not catch it
   * @throws as {@linkcode Coroutine.next}
   */
  override throw(error: unknown): IteratorResult<Y, R | undefined> {
    if (this.#isOver("throw into")) throw error;
    if (this.state === "fresh") {
      this.#drop();
      throw error;
    }
    const delegate = this.#delegation.take(this.#note);
    if (delegate === null) return this.#throw(error);
    const { throw: thrower } = delegate.iterator;
    const step = this.#delegation.step(delegate, (iterator) => {
      if (thrower !== undefined) return thrower.call(iterator, error);
      iterator.return?.();
      throw error;
    });
    return this.#goOn(step);
  }

  /**
   * Drops it, if it has not ended; a second time does nothing, nor does it while the host has not
   * come to the end of something else ({@linkcode CoroutineHost.proceed}) or its program has ended.
   *
   * @throws {CoroutineError} of kind `running` in the course of its own run
   */
  override [Symbol.dispose](): void {
    if (this.#disposed || this.#port.disposed) return;
    if (this.#port.ending !== null || this.#port.broken) {
      this.#disposed = true;
      return;
    }
    const { alive } = this.#read();
    if (alive && !this.#isOver("drop")) {
      const delegate = this.#delegation.take(this.#note);
      const step = delegate === null
        ? null
        : this.#delegation.step(delegate, (iterator) => iterator.return?.());
      this.#drop();
      this.#disposed = true;
      if (step?.kind === "threw") throw step.error;
    }
    this.#disposed = true;
  }

  /** The result that a reply stands for. */
  settle({ outcome, value }: Reply, action = "resume"): IteratorResult<Y, R> {
    const { memory } = this.#port;
    if (outcome === Outcome.YIELDED) {
      return { done: false, value: this.#codecs.yields.decode(value, memory) };
    }
    if (outcome === Outcome.RETURNED) {
      this.#finish("finished");
      return { done: true, value: this.#codecs.returns.decode(value, memory) };
    }
    if (outcome > 0n) this.#finish("threw");
    throw this.#port.failure(`Cannot ${action} ${this.name}`, { outcome, value });
  }

  /** Runs it on from where it is: the host's generator that it yields for, else the guest. */
  #resume(value: N | undefined): IteratorResult<Y, R> {
    const word = wordOf(value, `input of ${this.name}`);
    const delegate = this.#delegation.take(this.#note);
    if (delegate === null) return this.#run(word);
    return this.#goOn(this.#delegation.step(delegate, (iterator) => iterator.next(word)));
  }

  #run(word: bigint): IteratorResult<Y, R> {
    return this.settle(
      this.#port.operate({
        operation: Operation.RESUME,
        slot: this.#slot,
        words: [word],
        action: `resume ${this.name}`,
      }),
    );
  }

  #throw(error: unknown): IteratorResult<Y, R> {
    const reply = this.#port.operate({
      operation: Operation.THROW,
      slot: this.#slot,
      words: [this.#port.keep(error)],
      room: textOf(error),
      action: `throw into ${this.name}`,
    });
    return this.settle(reply, "throw into");
  }

  #drop(): void {
    const action = `drop ${this.name}`;
    const reply = this.#port.operate({ operation: Operation.DROP, slot: this.#slot, action });
    if (reply.outcome !== Outcome.RETURNED) throw this.#port.failure(`Cannot ${action}`, reply);
    this.#finish("finished");
  }

  #finish(end: "finished" | "threw"): void {
    this.#end = end;
    this.#port.ended(this.number);
  }

  /** What comes of a step of the host's generator that it yields for. */
  #goOn(step: Step): IteratorResult<Y, R> {
    switch (step.kind) {
      case "yielded":
        return this.settle({ outcome: Outcome.YIELDED, value: step.value });
      case "returned":
        return this.#run(step.value);
      case "threw":
        return this.#throw(step.error);
    }
  }

  /**
   * Whether it has ended.
   * @throws {CoroutineError} if it is running, or its host or itself has been disposed of
   */
  #isOver(action: string): boolean {
    if (this.#disposed || this.#port.disposed) {
      throw new CoroutineError(
        "disposed",
        `Cannot ${action} ${this.name}: ${this.#disposed ? "it" : "its host"} has been disposed of`,
      );
    }
    if (this.#port.ending !== null) throw this.#port.ending;
    const words = this.#read();
    const state = this.#stateOf(words);
    this.#note = words.note;
    if (state === "running" || this.#delegation.isRunning) {
      throw new CoroutineError(
        "running",
        `Cannot ${action} ${this.name}: it is running, expected it to be fresh or suspended`,
      );
    }
    return state === "finished" || state === "threw";
  }

  /** What is left of one whose slot is no longer its own. */
  #ended(): CoroutineState {
    if (this.#end !== null) return this.#end;
    throw new CoroutineError(
      "foreign",
      `Cannot find ${this.name}, number ${this.number}: expected the machine to be at a time ` +
        "where it is there",
    );
  }

  #read(): SlotWords {
    const { disposed, ending } = this.#port;
    const view = disposed || ending !== null ? null : this.#port.slotWords(this.#slot);
    if (view === null) return NO_SLOT;
    const word = (offset: number) => view.getBigUint64(offset, true);
    return {
      alive: word(SLOT.number) === this.number,
      state: word(SLOT.state),
      base: word(SLOT.base),
      limit: word(SLOT.limit),
      note: word(SLOT.note),
      sp: word(SLOT.sp),
    };
  }
}

/** What there is to say of one that is not there. */
const NO_SLOT: SlotWords = { alive: false, state: 0n, base: 0n, limit: 0n, note: 0n, sp: 0n };

/** A coroutine of whatever values. */
// deno-lint-ignore no-explicit-any
export type AnyCoroutine = Coroutine<any, any, any>;

/** What words are read as where nothing else is said. */
export const PLAIN = { yields: unsigned, returns: unsigned } as const;
