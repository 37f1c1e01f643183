/**
 * Offline stand-in for `@std/cli/parse-args`, over the tokens of Node's `util.parseArgs`.
 *
 * The import map beside this file points `@std/cli` here when the JSR registry cannot be reached. Options, result and types
 * follow its namesake, except that a dot in an option's name is an ordinary character and makes no nested object.
 *
 * @module
 */
import { parseArgs as tokenize } from "node:util";

/** The names of some options: a union of string literals, or undefined for none. */
type Names = string | undefined;
/** What `boolean` may be: names, or true for every double-dashed option without a value. */
type BooleanNames = boolean | Names;
/** What `alias` may be. */
type Aliases<Name extends string = string, Alias extends string = string> = Partial<
  Record<Name, Alias | readonly Alias[]>
>;

/** Merges an intersection into one object type. */
type Flat<T> = { [K in keyof T]: T[K] };
type Keys<T> = Extract<T, string>;

/** What one option holds once it was given. */
type Given<K, B extends BooleanNames, S extends Names, C extends Names, N extends Names> =
  | (K extends Keys<C> ? (K extends Keys<S> ? string : K extends Keys<B> ? boolean : unknown)[]
    : K extends Keys<S> ? string
    : boolean)
  | (K extends Keys<N> ? (K extends Keys<B> ? never : false) : never);

/** What one option holds after its default, if it has one, was applied. */
type Settled<K, V, D> = K extends keyof D ? D[K] | NonNullable<V> : V;

/** Options that are always in the result. */
type Always<B extends BooleanNames, C extends Names, D> =
  | Keys<B>
  | Keys<C>
  | Extract<keyof D, string>;

/** Every named option with its type, before aliases. */
type Named<B extends BooleanNames, S extends Names, C extends Names, N extends Names, D> =
  & { [K in Keys<B> | Keys<C> | Extract<Keys<S>, keyof D>]: Settled<K, Given<K, B, S, C, N>, D> }
  & { [K in Exclude<Keys<S>, Always<B, C, D>>]?: Given<K, B, S, C, N> }
  & { [K in Exclude<Extract<keyof D, string>, Keys<B> | Keys<S> | Keys<C>>]: unknown };

type AliasesOf<K, A> = K extends keyof A
  ? A[K] extends infer V ? V extends string ? string extends V ? never : V
    : V extends readonly (infer E extends string)[] ? E
    : never
  : never
  : never;

type WithAliases<T, A> = { [K in keyof T as K | AliasesOf<K, A>]: T[K] };

type Nothing<B extends BooleanNames, S extends Names, C extends Names> =
  [Keys<B> | Keys<S> | Keys<C>] extends [never] ? true
    : false;

/** The options in a result: typed by name, or free-form when no option was declared. */
type Values<B extends BooleanNames, S extends Names, C extends Names, N extends Names, D, A> =
  // deno-lint-ignore no-explicit-any
  Nothing<B, S, C> extends true ? Record<string, any>
    :
      & Record<string, unknown>
      & WithAliases<Flat<Named<B, S, C, N, D extends undefined ? Record<never, never> : D>>, A>;

interface DoubleDash {
  /** The arguments after `--`. */
  "--"?: string[];
}

/** The result of {@linkcode parseArgs}. */
export type Args<
  // deno-lint-ignore no-explicit-any
  TArgs extends Record<string, unknown> = Record<string, any>,
  TDoubleDash extends boolean | undefined = undefined,
> = Flat<
  & TArgs
  & {
    /** The arguments that belong to no option; those that look like numbers are numbers, unless `string` names `_`. */
    _: (string | number)[];
  }
  & (boolean extends TDoubleDash ? DoubleDash
    : true extends TDoubleDash ? Required<DoubleDash>
    : Record<never, never>)
>;

/** What to expect on the command line. */
export interface ParseOptions<
  B extends BooleanNames = BooleanNames,
  S extends Names = Names,
  C extends Names = Names,
  N extends Names = Names,
  D extends Record<string, unknown> | undefined = Record<string, unknown> | undefined,
  A extends Aliases | undefined = Aliases | undefined,
  DD extends boolean | undefined = boolean | undefined,
> {
  /** Puts what follows `--` into the result's `--` instead of `_`. */
  "--"?: DD;
  /** Other names of options, by option. */
  alias?: A;
  /** Options that take no value; false unless given. True: every double-dashed option without `=` is one. */
  boolean?: B | readonly Keys<B>[];
  /** Options that may be repeated; arrays, empty unless given. */
  collect?: C | readonly Keys<C>[];
  /** Values of options that are not given. */
  default?: D;
  /** Options that `--no-NAME` sets to false. */
  negatable?: N | readonly Keys<N>[];
  /** Takes everything after the first positional argument as positional. */
  stopEarly?: boolean;
  /** Options whose value stays text. */
  string?: S | readonly Keys<S>[];
  /** Called for what is not declared (option or positional argument); false keeps it out of the result. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

type Value = string | number | boolean;
const NUMBER = /^(?:0x[0-9a-f]+|[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)$/i;

function numberIfNumeric(text: string): string | number {
  return NUMBER.test(text) ? Number(text) : text;
}

function isBooleanWord(text: string | undefined): text is "true" | "false" {
  return text === "true" || text === "false";
}

/** Declared names with their aliases, and the result as it grows. */
class Parser {
  readonly result: Record<string, unknown> & { _: (string | number)[] } = { _: [] };
  readonly #alias = new Map<string, Set<string>>();
  readonly #boolean: Set<string>;
  readonly #string: Set<string>;
  readonly #collect: Set<string>;
  readonly #negatable: Set<string>;
  readonly #allBoolean: boolean;
  readonly #unknown: ParseOptions["unknown"];

  constructor(options: ParseOptions) {
    for (const [name, others] of Object.entries(options.alias ?? {})) {
      const group = [name, ...(typeof others === "string" ? [others] : others ?? [])];
      for (const each of group) {
        this.#alias.set(
          each,
          new Set(group.filter((other) => other !== each)),
        );
      }
    }
    this.#allBoolean = options.boolean === true;
    this.#boolean = this.#names(typeof options.boolean === "boolean" ? undefined : options.boolean);
    this.#string = this.#names(options.string);
    this.#collect = this.#names(options.collect);
    this.#negatable = this.#names(options.negatable);
    this.#unknown = options.unknown;
  }

  #names(names: string | readonly string[] | undefined): Set<string> {
    const list = names === undefined ? [] : typeof names === "string" ? [names] : names;
    return new Set(list.flatMap((name) => [name, ...this.#aliases(name)]));
  }

  #aliases(name: string): Iterable<string> {
    return this.#alias.get(name) ?? [];
  }

  #store(name: string, value: unknown, collect: boolean): void {
    const before = this.result[name];
    if (collect && this.#collect.has(name)) {
      this.result[name] = Array.isArray(before)
        ? [...before, value]
        : before
        ? [before, value]
        : [value];
    } else {
      this.result[name] = value;
    }
  }

  #set(name: string, value: Value, arg: string, collect = true): void {
    const declared = this.#boolean.has(name) || this.#string.has(name) || this.#alias.has(name) ||
      (this.#allBoolean && /^--[^=]+$/.test(arg));
    if (!declared && this.#unknown?.(arg, name, value) === false) return;
    const stored = typeof value === "string" && !this.#string.has(name)
      ? numberIfNumeric(value)
      : value;
    for (const each of [name, ...this.#aliases(name)]) this.#store(each, stored, collect);
  }

  #bare(name: string): Value {
    return this.#string.has(name) ? "" : true;
  }

  positional(arg: string): void {
    if (this.#unknown?.(arg) === false) return;
    this.result._.push(this.#string.has("_") ? arg : numberIfNumeric(arg));
  }

  /** Takes `--name`, `--name=value` or `--no-name`; returns whether `next` was its value. */
  long(arg: string, next: string | undefined): boolean {
    const equals = arg.indexOf("=", 3);
    if (equals > 0 && equals < arg.length - 1) {
      const name = arg.slice(2, equals);
      const text = arg.slice(equals + 1);
      this.#set(name, this.#boolean.has(name) ? text !== "false" : text, arg);
      return false;
    }
    const name = arg.slice(2);
    const positive = name.startsWith("no-") ? name.slice(3) : undefined;
    if (positive !== undefined && this.#negatable.has(positive)) {
      this.#set(positive, false, arg, false);
      return false;
    }
    if (next && !next.startsWith("-") && !this.#boolean.has(name) && !this.#allBoolean) {
      this.#set(name, next, arg);
      return true;
    }
    if (isBooleanWord(next)) {
      this.#set(name, next === "true", arg);
      return true;
    }
    this.#set(name, this.#bare(name), arg);
    return false;
  }

  /** Takes `-a`, `-abc`, `-n5`, `-n=5`; returns whether `next` was its value. */
  short(arg: string, next: string | undefined): boolean {
    for (let at = 1; at < arg.length - 1; at++) {
      const letter = arg.charAt(at);
      const rest = arg.slice(at + 1);
      if (/[A-Za-z]/.test(letter) && rest.includes("=")) {
        this.#set(letter, rest.slice(rest.indexOf("=") + 1), arg);
        return false;
      }
      const number = /[A-Za-z]/.test(letter) && /-?\d+(\.\d*)?(e-?\d+)?$/.test(rest);
      if (number || /^\W/.test(rest)) {
        this.#set(letter, rest, arg);
        return false;
      }
      this.#set(letter, this.#bare(letter), arg);
    }
    const last = arg.charAt(arg.length - 1);
    if (next && !/^--?[^-]/.test(next) && !this.#boolean.has(last)) {
      this.#set(last, next, arg);
      return true;
    }
    if (isBooleanWord(next)) {
      this.#set(last, next === "true", arg);
      return true;
    }
    this.#set(last, this.#bare(last), arg);
    return false;
  }

  /** Fills in what was not given. */
  finish(defaults: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(defaults)) {
      if (Object.hasOwn(this.result, name)) continue;
      for (const each of [name, ...this.#aliases(name)]) this.result[each] = value;
    }
    for (const name of this.#boolean) {
      if (!Object.hasOwn(this.result, name)) {
        this.result[name] = this.#collect.has(name) ? [] : false;
      }
    }
    for (const name of this.#string) {
      if (!Object.hasOwn(this.result, name) && this.#collect.has(name)) this.result[name] = [];
    }
  }
}

/**
 * Reads command line arguments.
 *
 * @param args The arguments, without the program's own name.
 * @param options The options to expect; whatever else looks like an option is taken too, unless `unknown` refuses it.
 * @returns The options by name, and the rest in `_`.
 */
export function parseArgs<
  TArgs extends Values<B, S, C, N, D, A>,
  DD extends boolean | undefined = undefined,
  B extends BooleanNames = undefined,
  S extends Names = undefined,
  C extends Names = undefined,
  N extends Names = undefined,
  D extends Record<string, unknown> | undefined = undefined,
  A extends Aliases<AliasKey, AliasName> | undefined = undefined,
  AliasKey extends string = string,
  AliasName extends string = string,
>(args: string[], options: ParseOptions<B, S, C, N, D, A, DD> = {}): Args<TArgs, DD> {
  const parser = new Parser(options as ParseOptions);
  const { tokens } = tokenize({ args, strict: false, allowPositionals: true, tokens: true });
  const end = tokens.find((token) => token.kind === "option-terminator")?.index ?? args.length;
  const before = args.slice(0, end);
  let done = 0;
  for (const token of tokens) {
    // One argument may be several tokens (`-abc`), and an option may have taken the argument after it.
    if (token.index >= end || token.index < done) continue;
    const arg = before[token.index] ?? "";
    done = token.index + 1;
    if (token.kind === "positional") {
      parser.positional(arg);
      if (options.stopEarly === true) {
        parser.result._.push(...before.slice(done));
        break;
      }
    } else if (
      arg.startsWith("--") ? parser.long(arg, before[done]) : parser.short(arg, before[done])
    ) {
      done++;
    }
  }
  parser.finish(options.default ?? {});
  const after = args.slice(end + 1);
  if (options["--"] === true) parser.result["--"] = after;
  else parser.result._.push(...after);
  return parser.result as unknown as Args<TArgs, DD>;
}
