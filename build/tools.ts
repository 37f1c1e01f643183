/**
 * Compilers and linkers of this host.
 *
 * @module
 */

import { BuildError } from "./errors.ts";

/** A tool found on this host. */
export interface Tool {
  /** Its command. */
  readonly command: string;
  /** Its version, such as `14.0.6`. */
  readonly version: string;
}

/** What to install, for messages. */
const REMEDY = "on Debian and Ubuntu: apt-get install clang lld; on macOS: brew install llvm lld";

/** Newest major version that is looked for under a name of its own. */
const NEWEST = 23;

/** `NAME`, then `NAME-23` down to `NAME-14`: the names Debian gives versions of LLVM's tools. */
function versionedNames(name: string): string[] {
  return [name, ...Array.from({ length: NEWEST - 13 }, (_, i) => `${name}-${NEWEST - i}`)];
}

/** Major number of a version. */
export function majorOf(version: string): number {
  return parseInt(version);
}

/** What a tool has said. */
export interface ToolOutput {
  /** Its standard output. */
  readonly out: string;
  /** Its standard error: warnings. */
  readonly err: string;
}

/**
 * Runs a tool.
 *
 * @param options `kind` is the error's if the tool fails, and `action` what failed then, by default
 *   to run the whole command; `cwd` and `env` are the tool's
 * @throws {BuildError} with the tool's own words, if it fails
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: {
    readonly kind: "tools" | "compile" | "link";
    readonly action?: string;
    readonly cwd?: string | URL;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<ToolOutput> {
  const { kind, action = `run ${command} ${args.join(" ")}`, cwd, env } = options;
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [
    string,
    string,
  ];
  if (success) return { out, err };
  throw new BuildError(kind, `Cannot ${action}\n${err.trimEnd()}`);
}

/** Tools that were found, and what kept others from being looked for. */
interface Found {
  readonly tools: readonly Tool[];
  readonly denied: boolean;
}

async function find(commands: readonly string[], pattern: RegExp): Promise<Found> {
  const tools: Tool[] = [];
  let denied = false;
  for (const command of commands) {
    try {
      const { out } = await runTool(command, ["--version"], { kind: "tools" });
      const version = pattern.exec(out)?.[1];
      if (version !== undefined) tools.push({ command, version });
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) denied = true;
      else if (!(error instanceof Deno.errors.NotFound || error instanceof BuildError)) throw error;
    }
  }
  return { tools, denied };
}

/** Those of some commands that run and say a version; its number is the pattern's first group. */
export async function findTools(
  commands: readonly string[],
  pattern: RegExp,
): Promise<readonly Tool[]> {
  return (await find(commands, pattern)).tools;
}

/** What clang says of its version, whoever packaged it. */
export const CLANG: RegExp = /clang version (\d+\.\d+\.\d+)/;
/** What lld says of its version. */
export const LLD: RegExp = /LLD (\d+\.\d+\.\d+)/;

/**
 * The first tool of a kind that is new enough; others are looked for only as long as none is.
 * @param what `for` is what needs it, for the message
 * @throws {BuildError} of kind `tools`, naming what is missing or too old and what to install
 */
async function choose(
  name: string,
  what: { readonly pattern: RegExp; readonly least: number; readonly for: string },
): Promise<Tool> {
  const seen: Tool[] = [];
  let denied = false;
  for (const command of versionedNames(name)) {
    const found = await find([command], what.pattern);
    denied ||= found.denied;
    for (const tool of found.tools) {
      if (majorOf(tool.version) >= what.least) return tool;
      seen.push(tool);
    }
  }
  const needs = `${what.for} needs ${name} ${what.least} or newer`;
  if (seen.length > 0) {
    const found = seen.map(({ command, version }) => `${command} ${version}`).join(", ");
    const others = denied
      ? `others may be there: allow them with --allow-run`
      : `on Debian and Ubuntu: apt-get install ${name}-${what.least + 1}`;
    throw new BuildError("tools", `Cannot use ${found}: ${needs} (${others})`);
  }
  if (denied) {
    throw new BuildError(
      "tools",
      `Cannot look for ${name}: ${needs}; allow it with --allow-run=clang,ld.lld`,
    );
  }
  throw new BuildError("tools", `Cannot find ${name}: ${needs} (${REMEDY})`);
}

/** A compiler for an architecture's programs, or the reason why there is none. */
export async function chooseClang(least: number, purpose: string): Promise<Tool> {
  return await choose("clang", { pattern: CLANG, least, for: purpose });
}

/** A linker. */
export async function chooseLinker(purpose: string): Promise<Tool> {
  return await choose("ld.lld", { pattern: LLD, least: 14, for: purpose });
}
