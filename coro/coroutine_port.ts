/**
 * How a coroutine reaches its host.
 *
 * @module
 */
import type { CoroutineError } from "./errors.ts";
import type { Reply, Request } from "./agent/exchange.ts";
import type { CoroutineFrame } from "./frames.ts";
import type { GuestMemory } from "./agent/memory.ts";
import type { Word } from "./words.ts";
import type { YielderPort } from "./yielder.ts";

/** A generator of the host that has the coroutine yield, until it returns. */
export interface Delegate {
  /** The generator. */
  readonly iterator: Iterator<Word | void, Word | void, bigint>;
  /** Name of the host function that gave it. */
  readonly name: string;
  /** What the coroutine's slot says while it is at the generator's last yield. */
  readonly note: bigint;
}

/** How a coroutine reaches its host. */
export interface CoroutinePort extends YielderPort {
  /** Memory of the program. */
  readonly memory: GuestMemory;
  /** Whether the host has been disposed of. */
  readonly disposed: boolean;
  /** Why its program has ended, if it has. */
  readonly ending: CoroutineError | null;
  /** Whether an operation has been broken off. */
  readonly broken: boolean;
  /** Has the agent do something. */
  operate(request: Request): Reply;
  /** Refuses what is to be done while the host has not come to the end of something else. */
  checkIdle(action: string): void;
  /** Puts an error away, for the guest to carry its token. */
  keep(error: unknown): bigint;
  /** The error that an outcome other than a value stands for. */
  failure(where: string, reply: Reply): unknown;
  /** The generators that coroutines yield for, by the coroutine's number. */
  readonly delegates: Map<bigint, Delegate>;
  /** A number that no other generator's step has. */
  newNote(): bigint;
  /** The words of a slot; `null` if the machine is at a time before it was there. */
  slotWords(slot: bigint): DataView | null;
  /** The coroutine of a number has ended. */
  ended(number: bigint): void;
  /** The stack frames of a coroutine that is running, or suspended at a stack pointer. */
  frames(of: { readonly link: bigint; readonly sp: bigint | undefined }): CoroutineFrame[];
}

/** Which coroutine of the guest. */
export interface CoroutineIdentity {
  /** Function of its body. */
  readonly name: string;
  /** Its number: no other of its host has it. */
  readonly number: bigint;
  /** Address of what the agent keeps of it. */
  readonly slot: bigint;
}
