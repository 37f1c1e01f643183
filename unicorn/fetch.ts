/**
 * Getting the pinned libunicorn with pip: downloads its wheel, checks it, and keeps only the library. Nothing is installed,
 * and no right beyond writing to the cache is needed.
 *
 * As a script it prints the library's path: `deno run -A unicorn/fetch.ts`.
 *
 * @module
 */
import { cacheDirectories, libraryFileName, PINNED_VERSION } from "./cache.ts";
import { type TriedPlace, UnicornNotFoundError } from "./errors.ts";
import { loadUnicorn } from "./library.ts";
import { extractMember } from "./wheel.ts";

/** The pinned wheel for one kind of system. */
export interface PinnedWheel {
  /** pip's name of the platform. */
  platform: string;
  /** SHA-256 of the wheel, in hexadecimal. */
  sha256: string;
}

/** The wheels of unicorn 2.1.4 for systems the engine works on, by operating system and architecture as Deno names them. */
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
  /** Every command or directory that was tried, with its reason. */
  readonly tried: readonly TriedPlace[];

  /**
   * Makes the error.
   *
   * @param message What did not work.
   * @param tried Every command or directory that was tried, with its reason.
   */
  constructor(message: string, tried: readonly TriedPlace[] = []) {
    super([message, ...tried.map(({ place, reason }) => `  - ${place}: ${reason}`)].join("\n"));
    this.name = "UnicornFetchError";
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

const PIP_COMMANDS = [["python3", "-m", "pip"], ["python", "-m", "pip"], ["pip3"], ["pip"]];

/**
 * Makes sure that a libunicorn is there: takes the one {@linkcode loadUnicorn} finds, and else fetches the pinned one.
 *
 * @returns Its path, or the name it was found by.
 * @throws {UnicornNotFoundError} When `TRAPLINE_UNICORN` names one that does not serve.
 * @throws {UnicornFetchError} When it cannot be fetched.
 */
export async function ensureUnicorn(): Promise<string> {
  try {
    return loadUnicorn().path;
  } catch (error) {
    if (!(error instanceof UnicornNotFoundError) || error.explicit) throw error;
  }
  await fetchUnicorn();
  return loadUnicorn().path;
}

/**
 * Fetches the pinned libunicorn with pip, whether or not there is one. Says so in one line on standard error. Several may do
 * this at the same time.
 *
 * @returns The path of the library.
 * @throws {UnicornFetchError} When there is no wheel for this system, no writable directory, no pip that can download, or
 *   the wheel is not the pinned one.
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
    const file = await download(wheel, work, options.pip ?? PIP_COMMANDS);
    const bytes = await Deno.readFile(file);
    await checkSum(bytes, wheel.sha256);
    const name = libraryFileName();
    const library = await extractMember(bytes, `unicorn/lib/${name}`);
    const fresh = `${work}/${name}`;
    await Deno.writeFile(fresh, library, { mode: 0o755 });
    await Deno.rename(fresh, `${directory}/${name}`);
    return `${directory}/${name}`;
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

/** Lets pip download the wheel into a directory; returns the file. */
async function download(
  wheel: PinnedWheel,
  directory: string,
  commands: readonly (readonly string[])[],
): Promise<string> {
  const tried: TriedPlace[] = [];
  for (const command of commands) {
    const [program = "", ...args] = command;
    try {
      // The wheel is chosen by name, not by what this Python happens to be.
      const { success, code, stderr } = await new Deno.Command(program, {
        args: [
          ...args,
          ...["download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"],
          ...["--only-binary=:all:", `--platform=${wheel.platform}`, "--implementation=cp"],
          ...["--python-version=3.11", "--abi=abi3", "--dest", directory],
          `unicorn==${PINNED_VERSION}`,
        ],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).output();
      if (success) return await findWheel(directory);
      const lines = new TextDecoder().decode(stderr).trim().split("\n");
      tried.push({ place: command.join(" "), reason: lines.at(-1) || `exit code ${code}` });
    } catch (error) {
      tried.push({ place: command.join(" "), reason: messageOf(error) });
    }
  }
  throw new UnicornFetchError("Cannot fetch libunicorn: no pip could download its wheel", tried);
}

async function findWheel(directory: string): Promise<string> {
  for await (const entry of Deno.readDir(directory)) {
    if (entry.name.endsWith(".whl")) return `${directory}/${entry.name}`;
  }
  throw new Error("Downloaded no wheel");
}

async function checkSum(bytes: Uint8Array<ArrayBuffer>, expected: string): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const actual = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (actual !== expected) {
    throw new UnicornFetchError(
      `Cannot fetch libunicorn: the wheel's SHA-256 is ${actual}, not the pinned ${expected}`,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) console.log(await ensureUnicorn());
