/**
 * Offline stand-in for `@std/cli/parse-args`: flags and options with text for values, as this
 * project uses them. It reads them as its namesake does, and is the stricter where that goes on:
 * other settings are type errors, and an option that is not declared is thrown even when `unknown`
 * lets it pass.
 *
 * @module
 */

/** What to expect on the command line. */
export interface ParseOptions<
  B extends string,
  S extends string,
  D extends string,
  C extends string,
> {
  /** Options that take no value; false unless given. */
  boolean?: readonly B[];
  /** Options whose value stays text; `_` for the arguments that belong to no option. */
  string?: readonly S[];
  /** Options that may be given more than once: all their values, in order. */
  collect?: readonly C[];
  /** Values of options that are not given. */
  default?: Readonly<Record<D, string>>;
  /**
   * Called for what is not declared: an option, with its name, or a positional argument, which
   * false keeps out of the result.
   */
  unknown?: (arg: string, key?: string) => unknown;
}

/** The options by name. */
export type Args<B extends string, S extends string, D extends string, C extends string> =
  & { [K in B]: boolean }
  & {
    [K in Exclude<S, "_">]: K extends C ? string[] : K extends D ? string : string | undefined;
  }
  & {
    /** The arguments that belong to no option; those that look like numbers are numbers. */
    _: (string | number)[];
  };

const NUMBER = /^(?:0x[0-9a-f]+|[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)$/i;

/**
 * Reads command line arguments.
 *
 * @throws {Error} For an option that is not declared.
 */
export function parseArgs<
  const B extends string = never,
  const S extends string = never,
  const D extends S = never,
  const C extends S = never,
>(args: string[], options: ParseOptions<B, S, D, C>): Args<B, S, D, C> {
  const { boolean = [], string = [], collect = [], unknown } = options;
  const flags = new Set<string>(boolean);
  const texts = new Set<string>(string);
  const lists = new Map<string, string[]>(collect.map((name) => [name, []]));
  const isText = texts.delete("_");
  const rest: (string | number)[] = [];
  const result: Record<string, unknown> = { _: rest, ...options.default };
  for (const name of flags) result[name] = false;
  for (const [name, list] of lists) result[name] = list;
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  for (let at = 0; at < end; at++) {
    const arg = args[at]!;
    const next = at + 1 < end ? args[at + 1] : undefined;
    const [, name = "", value] = /^--(.+?)(?:=(.+))?$/s.exec(arg) ?? [];
    if (flags.has(name)) {
      const worded = value === undefined && (next === "true" || next === "false");
      result[name] = (worded ? next : value) !== "false";
      if (worded) at++;
    } else if (texts.has(name)) {
      const taken = value === undefined && next && !next.startsWith("-");
      const text = value ?? (taken ? next : "");
      const list = lists.get(name);
      if (list === undefined) result[name] = text;
      else list.push(text);
      if (taken) at++;
    } else if (/^-./.test(arg)) {
      unknown?.(arg, name || arg.slice(1));
      throw new Error(`Cannot read the option ${arg}: it is not declared`);
    } else if (unknown?.(arg) !== false) {
      rest.push(!isText && NUMBER.test(arg) ? Number(arg) : arg);
    }
  }
  rest.push(...args.slice(end + 1));
  return result as Args<B, S, D, C>;
}
