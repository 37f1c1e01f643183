/**
 * Runs the tools whose answers are compared with ours.
 *
 * @module
 */

/** Names under which Debian and others install a tool, the pinned version first. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "clang": ["clang-14", "clang"],
  "ld.lld": ["ld.lld-14", "ld.lld"],
  "llvm-dwarfdump": ["llvm-dwarfdump-14", "llvm-dwarfdump"],
};

/** Where a command runs. */
export interface ToolOptions {
  /** Its working directory; default ours. */
  readonly cwd?: string;
}

/** Standard output of a command as text, or undefined if it is not installed or failed. */
export function outputOf(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): string | undefined {
  const bytes = bytesOfCommand(command, args, options);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** Standard output of a command, or undefined if it is not installed or failed. */
export function bytesOfCommand(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Uint8Array | undefined {
  for (const name of NAMES[command] ?? [command]) {
    const output = resultOf(name, args, options);
    if (output?.success === true) return output.stdout;
  }
  return undefined;
}

/** Standard output of a command as text, also if it failed; undefined if it is not installed. */
export function textOf(command: string, args: readonly string[]): string | undefined {
  for (const name of NAMES[command] ?? [command]) {
    const output = resultOf(name, args, {});
    if (output !== undefined) return new TextDecoder().decode(output.stdout);
  }
  return undefined;
}

/** Whether a command is installed, and tells its version. */
export function isInstalled(command: string): boolean {
  return outputOf(command, ["--version"]) !== undefined;
}

function resultOf(
  command: string,
  args: readonly string[],
  options: ToolOptions,
): Deno.CommandOutput | undefined {
  try {
    return new Deno.Command(command, {
      ...options,
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).outputSync();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Standard output of a command that is given an input, or undefined if it is not installed. */
export async function outputWithInput(
  command: string,
  args: readonly string[],
  input: string,
): Promise<string | undefined> {
  for (const name of NAMES[command] ?? [command]) {
    let child: Deno.ChildProcess;
    try {
      const streams = { stdin: "piped", stdout: "piped", stderr: "null" } as const;
      child = new Deno.Command(name, { args: [...args], ...streams }).spawn();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      throw error;
    }
    const output = child.output();
    await ReadableStream.from([new TextEncoder().encode(input)]).pipeTo(child.stdin);
    const { success, stdout } = await output;
    return success ? new TextDecoder().decode(stdout) : undefined;
  }
  return undefined;
}

/** How long a command may take, and where it runs. */
export interface TimedOptions extends ToolOptions {
  /** Milliseconds after which it is ended. */
  readonly patience: number;
}

/**
 * All that a command prints without colors, its errors last, also if it failed; undefined if it is
 * not installed. What this process serves to it goes on meanwhile.
 */
export async function textWithin(
  command: string,
  args: readonly string[],
  { patience, ...options }: TimedOptions,
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await new Deno.Command(command, {
      ...options,
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1", TERM: "dumb" },
      signal: AbortSignal.timeout(patience),
    }).output();
    const decoder = new TextDecoder();
    return decoder.decode(stdout) + decoder.decode(stderr);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Starts a program without input or output, in a folder; undefined if it is not installed. */
export function spawnTool(
  program: string,
  args: string[],
  cwd: string = ".",
): Deno.ChildProcess | undefined {
  try {
    const silent = { stdin: "null", stdout: "null", stderr: "null" } as const;
    return new Deno.Command(program, { args, cwd, ...silent }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Outcome of one check. */
export interface CheckResult {
  /** What was checked. */
  readonly name: string;
  /** Figures, for the report. */
  readonly figures: string;
  /** What is to be said besides. */
  readonly notes?: readonly string[];
  /** Differences found, as text; none means that the check passed. */
  readonly differences: readonly string[];
}

/** Gathers differences and keeps only the first few texts. */
export class Differences {
  /** How many there were. */
  count = 0;
  readonly #limit: number;
  #texts: string[] = [];

  /** Keeps at most `limit` texts. */
  constructor(limit = 5) {
    this.#limit = limit;
  }

  /** Adds one. */
  add(text: string): void {
    if (this.count++ < this.#limit) this.#texts.push(text);
  }

  /** The first few, and how many more there were. */
  get texts(): string[] {
    const more = this.count - this.#texts.length;
    return more > 0 ? [...this.#texts, `and ${more} more`] : [...this.#texts];
  }
}
