/**
 * The command line of tasks whose options are whole numbers.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";

/** What a task is to do: its numbers, or how the process is to end at once. */
export type TaskRequest<D> =
  | { readonly numbers: Readonly<Record<keyof D, number>> }
  | { readonly status: number };

/**
 * Reads a task's options. Asked for help it prints them, and what is wrong with them, one line.
 * @param name the task
 * @param defaults its options with their defaults
 */
export function readTask<const D extends Readonly<Record<string, number>>>(
  name: string,
  args: readonly string[],
  defaults: D,
): TaskRequest<D> {
  const names = Object.keys(defaults) as (keyof D & string)[];
  const usage = ["deno task", name, ...names.map((each) => `[--${each} N]`)].join(" ");
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage);
    return { status: 0 };
  }
  try {
    return { numbers: { ...defaults, ...numbersOf(args, names) } };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(`Cannot use ${error.message}: expected ${usage}`);
    return { status: 2 };
  }
}

/** The numbers that were given. @throws {RangeError} naming what is none */
function numbersOf<const N extends string>(
  args: readonly string[],
  names: readonly N[],
): Partial<Record<N, number>> {
  const given = parseArgs([...args], {
    string: [...names],
    collect: [...names],
    unknown(arg: string) {
      throw new RangeError(arg);
    },
  }) as unknown as Record<N, string[]>;
  const numbers: Partial<Record<N, number>> = {};
  for (const name of names) {
    const [value, ...more] = given[name] ?? [];
    if (value === undefined) continue;
    if (more.length > 0 || !/^\d+$/.test(value)) throw new RangeError(`--${name} ${given[name]}`);
    numbers[name] = Number(value);
  }
  return numbers;
}
