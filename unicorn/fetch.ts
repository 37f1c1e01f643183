/**
 * Getting the pinned libunicorn with pip, which downloads its wheel, checks it and unpacks it into
 * a folder that is gone afterwards; only the library is kept. No right beyond writing to the cache
 * is needed.
 *
 * As a script it prints the library's path: `deno run -A unicorn/fetch.ts`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { cacheDirectories, libraryFileName, PINNED_VERSION } from "./cache.ts";
import { type TriedPlace, UnicornNotFoundError, WAYS_TO_GET_IT } from "./errors.ts";
import { loadUnicorn } from "./library.ts";

/** The pinned wheel for one kind of system. */
export interface PinnedWheel {
  /** pip's name of the platform. */
  platform: string;
  /** SHA-256 of the wheel, in hexadecimal. */
  sha256: string;
}

/**
 * The wheels of unicorn 2.1.4 for systems the engine works on, by operating system and architecture
 * as Deno names them.
 */
export const PINNED_WHEELS: Readonly<Record<string, PinnedWheel>> = {
  "linux-x86_64": {
    platform: "manylinux2014_x86_64",
    sha256: "9d6e6dea140560de4ebd8446661f7ef84a357d428c14a3ef09dacd306ec8c239",
  },
  "linux-aarch64": {
    platform: "manylinux2014_aarch64",
    sha256: "bd1fb0c9af5f57e356d8a96928b4fe045b2e18f308ef23b481d5f970008aa722",
  },
  "darwin-x86_64": {
    platform: "macosx_11_0_x86_64",
    sha256: "2a6f738fab5fabffa56af1e7bbf16ea1e91466c342f8dc64f125bd70f36c6b80",
  },
};

/** Fetching did not work. */
export class UnicornFetchError extends Error {
  /** What did not work: one line. */
  readonly summary: string;
  /** Every command or directory that was tried, with its reason. */
  readonly tried: readonly TriedPlace[];

  /**
   * Makes the error.
   *
   * @param message What did not work.
   * @param tried Every command or directory that was tried, with its reason.
   */
  constructor(message: string, tried: readonly TriedPlace[] = []) {
    const list = tried.map(({ place, reason }) => `  - ${place}: ${reason}`);
    super([message, ...list, WAYS_TO_GET_IT].join("\n"));
    this.name = "UnicornFetchError";
    this.summary = message;
    this.tried = tried;
  }
}

/** Options of {@linkcode fetchUnicorn}. */
export interface FetchUnicornOptions {
  /** Where to keep the library; by default the first writable one of the cache's directories. */
  directory?: string;
  /** The pip commands to try, in order. */
  pip?: readonly (readonly string[])[];
  /** What the wheel must be; by default the pinned one of this system. */
  wheel?: PinnedWheel;
}

/** The library in the wheel. */
const LIBRARY = `unicorn/lib/${libraryFileName()}`;

const PIP_COMMANDS = [["python3", "-m", "pip"], ["python", "-m", "pip"], ["pip3"], ["pip"]];

/**
 * Makes sure that a libunicorn is there: takes the one {@linkcode loadUnicorn} finds, and else
 * fetches the pinned one. Where one is found it needs `--allow-ffi --allow-env`; to fetch one,
 * `--allow-read --allow-write --allow-run` too.
 *
 * @example Before the first machine of a program
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { ensureUnicorn } from "@trapline/trapline";
 *
 * console.log(await ensureUnicorn()); // the library's path
 * ```
 *
 * @returns Its path, or the name it was found by.
 * @throws {UnicornNotFoundError} When `TRAPLINE_UNICORN` names one that does not serve.
 * @throws {UnicornFetchError} When it cannot be fetched.
 */
export async function ensureUnicorn(): Promise<string> {
  let missing: UnicornNotFoundError;
  try {
    return loadUnicorn().path;
  } catch (error) {
    if (!(error instanceof UnicornNotFoundError) || error.explicit) throw error;
    missing = error;
  }
  try {
    await fetchUnicorn();
  } catch (error) {
    if (!(error instanceof UnicornFetchError)) throw error;
    throw new UnicornFetchError(error.summary, [...missing.tried, ...error.tried]);
  }
  return loadUnicorn().path;
}

/**
 * Fetches the pinned libunicorn with pip, whether or not there is one. Says so in one line on
 * standard error. Several may do this at the same time.
 *
 * @returns The path of the library.
 * @throws {UnicornFetchError} When there is no wheel for this system, no writable directory, no pip
 *   that can fetch the wheel, or the wheel is not the pinned one or lacks the library.
 */
export async function fetchUnicorn(options: FetchUnicornOptions = {}): Promise<string> {
  const system = `${Deno.build.os}-${Deno.build.arch}`;
  const wheel = options.wheel ?? PINNED_WHEELS[system];
  if (wheel === undefined) {
    throw new UnicornFetchError(`Cannot fetch libunicorn: no wheel is pinned for ${system}`);
  }
  const directory = await writableDirectory(options.directory);
  console.error(`Fetching libunicorn ${PINNED_VERSION} with pip into ${directory}`);
  // Beside the final place, so that the rename at the end is atomic.
  const work = await Deno.makeTempDir({ dir: directory, prefix: ".fetch-" });
  try {
    const library = await unpack(wheel, work, options.pip ?? PIP_COMMANDS);
    const path = `${directory}/${libraryFileName()}`;
    await Deno.rename(library, path);
    return path;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UnicornFetchError(`Cannot fetch libunicorn: ${error.message}`);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function writableDirectory(wanted: string | undefined): Promise<string> {
  const tried: TriedPlace[] = [];
  for (const directory of wanted === undefined ? cacheDirectories() : [wanted]) {
    try {
      await Deno.mkdir(directory, { recursive: true });
      await Deno.remove(await Deno.makeTempDir({ dir: directory, prefix: ".probe-" }));
      return directory;
    } catch (error) {
      tried.push({ place: directory, reason: messageOf(error) });
    }
  }
  throw new UnicornFetchError("Cannot fetch libunicorn: no directory to keep it in", tried);
}

/**
 * Lets the first pip that can unpack the wheel into a directory; returns the library's path there.
 */
async function unpack(
  wheel: PinnedWheel,
  directory: string,
  commands: readonly (readonly string[])[],
): Promise<string> {
  const tried: TriedPlace[] = [];
  // pip takes a hash from a file only; with one, it refuses every wheel that has another.
  const requirements = `${directory}/requirements.txt`;
  const pinned = `unicorn==${PINNED_VERSION} --hash=sha256:${wheel.sha256}\n`;
  await Deno.writeTextFile(requirements, pinned);
  for (const [i, command] of commands.entries()) {
    const [program = "", ...args] = command;
    const target = `${directory}/${i}`;
    try {
      // The wheel is chosen by name, not by what this Python happens to be.
      const { success, code, stderr } = await new Deno.Command(program, {
        args: [
          ...args,
          ...["install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"],
          ...["--no-compile", "--only-binary=:all:", `--platform=${wheel.platform}`],
          ...["--implementation=cp", "--python-version=3.11", "--abi=abi3"],
          ...["--target", target, "--requirement", requirements],
        ],
        env: { PIP_USER: "0" }, // a setting that pip does not take together with --target
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).output();
      // What wraps pip may fail when pip is done.
      if (success || await isWhole(target)) return `${target}/${LIBRARY}`;
      const text = new TextDecoder().decode(stderr).trim();
      const reason = text.slice(Math.max(0, text.search(/^ERROR/m))) || `exit code ${code}`;
      tried.push({ place: command.join(" "), reason });
    } catch (error) {
      tried.push({ place: command.join(" "), reason: messageOf(error) });
    }
  }
  throw new UnicornFetchError("Cannot fetch libunicorn: no pip could fetch its wheel", tried);
}

/** Whether the library is in a directory as the wheel's own list has it (PEP 376, RECORD). */
async function isWhole(directory: string): Promise<boolean> {
  try {
    const list = `${directory}/unicorn-${PINNED_VERSION}.dist-info/RECORD`;
    const line = (await Deno.readTextFile(list)).split(/\r?\n/)
      .find((line) => line.startsWith(`${LIBRARY},`));
    const hash = createHash("sha256").update(await Deno.readFile(`${directory}/${LIBRARY}`));
    return line?.split(",")[1] === `sha256=${hash.digest("base64url")}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) console.log(await ensureUnicorn());
