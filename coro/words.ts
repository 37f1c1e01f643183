/**
 * Machine words and what they stand for.
 *
 * @module
 */
import { CoroutineError } from "./errors.ts";
import type { GuestMemory } from "./agent/memory.ts";

/**
 * What can be handed to the guest as a machine word: an integer from −2^63 to 2^64 − 1. Nothing is
 * 0, as a first `next()` has it.
 */
export type Word = bigint | number | boolean | undefined;

/** What machine words of a coroutine stand for: by default themselves, as integers from 0. */
export interface Codec<T> {
  /** The value of a word that the guest has given; memory is as the guest has left it. */
  decode(word: bigint, memory: GuestMemory): T;
}

const LEAST = -(1n << 63n);
const END = 1n << 64n;

/** Whether a value is of a type that words come in. */
export function isWord(value: unknown): value is Word {
  return value === undefined || ["bigint", "number", "boolean"].includes(typeof value);
}

/**
 * The machine word of a value.
 * @throws {CoroutineError} of kind `value` if it is none
 */
export function wordOf(value: unknown, what: string): bigint {
  if (typeof value === "bigint" && value >= LEAST && value < END) return BigInt.asUintN(64, value);
  if (typeof value === "number" && Number.isSafeInteger(value)) {
    return BigInt.asUintN(64, BigInt(value));
  }
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (value === undefined) return 0n;
  throw new CoroutineError(
    "value",
    `Cannot use ${describe(value)} as ${what}: expected an integer from -2^63 to 2^64 - 1`,
  );
}

function describe(value: unknown): string {
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  return typeof value === "string" ? JSON.stringify(value) : `a value of type ${typeof value}`;
}

/** Words as integers from 0 to 2^64 − 1. */
export const unsigned: Codec<bigint> = { decode: (word) => word };

/** Words as integers from −2^63 to 2^63 − 1. */
export const signed: Codec<bigint> = { decode: (word) => BigInt.asIntN(64, word) };

/** Words as numbers, exact up to 2^53; negative ones as C's `int64_t` has them. */
export const number: Codec<number> = { decode: (word) => Number(BigInt.asIntN(64, word)) };

/** Words as addresses of texts in UTF-8 that end with a zero byte. */
export const text: Codec<string> = { decode: (word, memory) => memory.text(word) };
