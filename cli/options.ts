/**
 * Options and arguments of commands. Nothing is guessed: what is unknown, given twice or without
 * its value is refused.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "./usage_error.ts";

/** Options by name, and the arguments that belong to none. */
export interface Options<D> {
  /** Value of each option: what was given, or its default. */
  readonly values: Readonly<Record<keyof D, string>>;
  /** The other arguments, as they were given. */
  readonly rest: readonly string[];
}

/**
 * Reads a command's arguments. Every option takes a value, which may not be empty; a default that
 * is empty stands for an option that was not given.
 *
 * @param command its name, for messages
 * @param defaults its options with their defaults
 * @throws {UsageError}
 */
export function readOptions<const D extends Readonly<Record<string, string>>>(
  command: string,
  args: readonly string[],
  defaults: D,
): Options<D> {
  const names = Object.keys(defaults);
  const parsed = parseArgs([...args], {
    string: [...names, "_"],
    collect: names,
    unknown(argument: string, key?: string) {
      if (key === undefined) return true;
      const bare = /^--(.+)=$/.exec(argument)?.[1];
      if (bare !== undefined && names.includes(bare)) throw withoutValue(bare);
      throw new UsageError(`Cannot use ${argument}: "${command}" has no such option`);
    },
  }) as unknown as Record<string, string[]>;
  const values: Record<string, string> = { ...defaults };
  for (const name of names) {
    const [value, ...more] = parsed[name] ?? [];
    if (value === "" || more.includes("")) throw withoutValue(name);
    if (more.length > 0) throw new UsageError(`Cannot use --${name} twice`);
    if (value !== undefined) values[name] = value;
  }
  return { values: values as Record<keyof D, string>, rest: parsed["_"] ?? [] };
}

function withoutValue(option: string): UsageError {
  return new UsageError(`Cannot use --${option} without a value`);
}

/**
 * What a table has for the value of an option.
 * @throws {UsageError} if there is nothing, naming what there is
 */
export function choose<T>(option: string, value: string, table: Readonly<Record<string, T>>): T {
  const chosen = Object.hasOwn(table, value) ? table[value] : undefined;
  if (chosen !== undefined) return chosen;
  throw new UsageError(
    `Cannot use --${option} ${value}: expected ${Object.keys(table).join(", ")}`,
  );
}

/** A table for {@linkcode choose} in which every name stands for itself. */
export function named<const T extends string>(names: readonly T[]): Readonly<Record<T, T>> {
  return Object.fromEntries(names.map((name) => [name, name])) as Record<T, T>;
}

/**
 * Reads a whole number from an option.
 * @throws {UsageError} if it is not one from `least` on
 */
export function wholeNumber(option: string, value: string, least = 0): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number) && number >= least) return number;
  throw new UsageError(
    `Cannot use --${option} ${value}: expected a whole number from ${least} on`,
  );
}

/**
 * Refuses arguments of a command that takes none.
 * @throws {UsageError}
 */
export function refuseArguments(command: string, args: readonly string[]): void {
  if (args[0] === undefined) return;
  throw new UsageError(`Cannot use ${args[0]}: "${command}" takes no arguments`);
}
