/**
 * Answers the guest's calls of host functions.
 *
 * @module
 */
import type { CoroutinePort, Delegate } from "./coroutine_port.ts";
import type { Answer, GuestCall } from "./agent/exchange.ts";
import { CoroutineError } from "./errors.ts";
import { textOf } from "./kept_errors.ts";
import { Action } from "./agent/record.ts";
import { type Word, wordOf } from "./words.ts";
import { type HostFunction, Yielder, YieldRequest } from "./yielder.ts";

/** What answers need of the host. */
export interface HostFunctionsPort extends CoroutinePort {
  /** Has the coroutine that runs and has a link yield for a generator. */
  delegate(link: bigint, delegate: Omit<Delegate, "note">): boolean;
}

/** The functions of a host that its guest can call. */
export class HostFunctions {
  readonly #functions: ReadonlyMap<string, HostFunction>;
  readonly #port: HostFunctionsPort;

  /** The functions by the names the guest calls them by. */
  constructor(functions: Readonly<Record<string, HostFunction>>, port: HostFunctionsPort) {
    this.#functions = new Map(Object.entries(functions));
    this.#port = port;
  }

  /** The answer to a call; what the function throws is answered, too. */
  answer(call: GuestCall): Answer {
    try {
      if (call.refused !== 0n) throw this.#refusal(call);
      return this.#answer(call);
    } catch (error) {
      return this.raise(error);
    }
  }

  /** The answer that throws an error in the guest. */
  raise(error: unknown): Answer {
    return { action: Action.RAISE, value: this.#port.keep(error), room: textOf(error) };
  }

  #answer({ name, words: [link = 0n, ...words] }: GuestCall): Answer {
    const found = this.#functions.get(name);
    if (found === undefined) {
      const names = [...this.#functions.keys()].join(", ") || "none";
      throw new CoroutineError(
        "function",
        `Cannot call ${name} of the host: expected it among its imports, which are ${names}`,
      );
    }
    const yielder = new Yielder(this.#port, link);
    const result = found(yielder, ...words);
    if (result instanceof YieldRequest) return this.#yield(result, { name, link });
    if (isIterator(result)) return this.#generate(result, { name, yielder });
    return { action: Action.RETURN, value: wordOf(result ?? undefined, `result of ${name}`) };
  }

  /** The function has answered that its caller is to yield. */
  #yield(
    { yielder, value }: YieldRequest,
    { name, link }: { name: string; link: bigint },
  ): Answer {
    if (yielder.isOf(this.#port) && yielder.link === link) return { action: Action.YIELD, value };
    throw new CoroutineError(
      "foreign",
      `Cannot yield from ${name} with the yielder of another ` +
        `${yielder.isOf(this.#port) ? "caller" : "host"}: expected its first argument`,
    );
  }

  /** The function is a generator: its caller is to yield what that yields. */
  #generate(
    iterator: Delegate["iterator"],
    { name, yielder }: { name: string; yielder: Yielder },
  ): Answer {
    const { done = false, value } = iterator.next();
    const word = wordOf(value ?? undefined, `value of ${name}`);
    if (done === true) return { action: Action.RETURN, value: word };
    yielder.yield();
    if (this.#port.delegate(yielder.link, { iterator, name })) {
      return { action: Action.YIELD, value: word };
    }
    iterator.return?.();
    throw new CoroutineError(
      "yield",
      `Cannot yield from the generator ${name}: expected its caller to be the coroutine that the ` +
        "host has resumed; for one that the guest resumes, return yielder.yield(value)",
    );
  }

  /** The guest's runtime could not yield. */
  #refusal({ name, refused }: GuestCall): CoroutineError {
    return new CoroutineError(
      "yield",
      `Cannot yield from ${name}: the guest's runtime answered ${refused}, expected the yielder ` +
        "of a coroutine that runs on the stack of the call",
    );
  }
}

function isIterator(value: unknown): value is Iterator<Word | void, Word | void, bigint> {
  return typeof value === "object" && value !== null && "next" in value &&
    typeof value.next === "function";
}
