/**
 * Options and arguments of commands. Nothing is guessed: what is unknown, given twice or without
 * its value is refused.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "./usage_error.ts";

/** What an option is by default, which says what it takes. */
export type OptionDefault =
  /** One value; an empty default stands for an option that was not given. */
  | string
  /** No value: `true` if it was given. */
  | false
  /** Any number of values, each after the option's name. */
  | readonly [];

/** What an option was given as. */
export type OptionValue<D extends OptionDefault> = D extends string ? string
  : D extends false ? boolean
  : readonly string[];

/** Options by name, and the arguments that belong to none. */
export interface Options<D extends Readonly<Record<string, OptionDefault>>> {
  /** Value of each option: what was given, or its default. */
  readonly values: { readonly [K in keyof D]: OptionValue<D[K]> };
  /** The other arguments, as they were given. */
  readonly rest: readonly string[];
}

/**
 * Reads a command's arguments. Values may not be empty.
 *
 * @param command its name, for messages
 * @param defaults its options with their defaults
 * @throws {UsageError}
 */
export function readOptions<const D extends Readonly<Record<string, OptionDefault>>>(
  command: string,
  args: readonly string[],
  defaults: D,
): Options<D> {
  const names = Object.keys(defaults);
  const flags = names.filter((name) => defaults[name] === false);
  const taking = names.filter((name) => defaults[name] !== false);
  refuseValues(flags, args);
  const parsed = parseArgs([...args], {
    boolean: flags,
    string: [...taking, "_"],
    collect: taking,
    unknown(argument: string, key?: string) {
      if (key === undefined) return true;
      const bare = /^--(.+)=$/.exec(argument)?.[1];
      if (bare !== undefined && taking.includes(bare)) throw withoutValue(bare);
      throw new UsageError(`Cannot use ${argument}: "${command}" has no such option`);
    },
  }) as unknown as Record<string, string[]>;
  const values: Record<string, OptionDefault | readonly string[] | true> = { ...defaults };
  for (const name of flags) values[name] = Boolean(parsed[name]);
  for (const name of taking) {
    const given = parsed[name] ?? [];
    const [value, ...more] = given;
    if (given.includes("")) throw withoutValue(name);
    if (typeof defaults[name] !== "string") values[name] = given;
    else {
      if (more.length > 0) throw new UsageError(`Cannot use --${name} twice`);
      if (value !== undefined) values[name] = value;
    }
  }
  return { values: values as Options<D>["values"], rest: parsed["_"] ?? [] };
}

/** Options without a value take none: neither behind `=` nor as the next argument. */
function refuseValues(flags: readonly string[], args: readonly string[]): void {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  for (const [i, arg] of args.slice(0, end).entries()) {
    const [name, value] = /^--([^=]+)(=.*)?$/s.exec(arg)?.slice(1) ?? [];
    if (name === undefined || !flags.includes(name)) continue;
    const next = i + 1 < end ? args[i + 1] : undefined;
    if (value === undefined && next !== "true" && next !== "false") continue;
    throw new UsageError(`Cannot use --${name} with a value`);
  }
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
