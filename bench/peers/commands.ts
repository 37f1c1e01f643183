/**
 * What the comparisons with peers have in common.
 *
 * @module
 */

/** Runs a command and returns its standard output. @throws {Error} with its standard error */
export async function output(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`Cannot run ${command} ${args.join(" ")}:\n${text.decode(stderr)}`);
  return text.decode(stdout).trim();
}

/** The first of some commands that can be run at all. */
export async function findCommand(names: readonly string[]): Promise<string> {
  for (const name of names) {
    try {
      await new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" })
        .output();
      return name;
    } catch {
      continue; // not installed
    }
  }
  throw new Error(`Cannot find any of ${names.join(", ")}`);
}

/** The middle one, or the mean of both; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
