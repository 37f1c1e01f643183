/**
 * What a driver is asked, and what it asks of its host.
 *
 * @module
 */
import type { ElfFile } from "../../elf/mod.ts";
import type { RunResult } from "../../kernel/mod.ts";
import type { CoroutineError } from "../errors.ts";

/** What the agent is to do. */
export interface Request {
  /** One of {@linkcode Operation}. */
  readonly operation: bigint;
  /** Address of the coroutine's slot. */
  readonly slot?: bigint;
  /** Further words. */
  readonly words?: readonly bigint[];
  /** Bytes for the record's room. */
  readonly room?: Uint8Array;
  /** What it is, for messages: `resume count`. */
  readonly action: string;
}

/** What came of it. */
export interface Reply {
  /** One of `Outcome`, or an error of the runtime as a negative number. */
  readonly outcome: bigint;
  /** Result. */
  readonly value: bigint;
}

/** A call of a host function that waits for its answer. */
export interface GuestCall {
  /** Name of the host function. */
  readonly name: string;
  /** Its arguments. */
  readonly words: readonly bigint[];
  /** Error of the guest's runtime, if it could not do what was answered before; else 0. */
  readonly refused: bigint;
}

/** The answer to one: one of {@linkcode Action}, and its value. */
export interface Answer {
  /** What is to be done. */
  readonly action: bigint;
  /** Value to return or to yield, or the token of an error. */
  readonly value: bigint;
  /** Bytes for the record's room. */
  readonly room?: Uint8Array;
}

/** An operation that has come to its end after it was broken off. */
export interface Finished extends Reply {
  /** Which: one of {@linkcode Operation}. */
  readonly operation: bigint;
  /** Its coroutine's slot. */
  readonly slot: bigint;
}

/** A stop of the machine that is not the host's own. */
export type Stop = Extract<RunResult, { kind: "breakpoint" | "watchpoint" }>;

/** What a driver leaves to the host. */
export interface DriverEvents {
  /** Answers a host function's call. */
  answer(call: GuestCall): Answer;
  /** Whether the thread that runs is the one that serves the host. */
  isAgentRunning(): boolean;
  /** Makes the answer that an error stands for. */
  raise(error: unknown): Answer;
  /** The machine has stopped for somebody else; returns whether it is to go on. */
  stopped(stop: Stop): boolean;
  /** Why the program has ended. */
  ended(action: string, reason: string): CoroutineError;
}

/** What a driver is made of. */
export interface DriverOptions {
  /** The program. */
  readonly elf: ElfFile;
  /** Its name. */
  readonly name: string;
  /** Number of its task. */
  readonly task: number;
  /** Instructions an operation may take. */
  readonly budget: number;
  /** The host. */
  readonly events: DriverEvents;
}
