/**
 * Finding libunicorn, and making sure that it behaves as the engine relies on before anyone uses
 * it.
 *
 * @module
 */
import { cacheDirectories, libraryFileName } from "./cache.ts";
import { type EngineArch, type TriedPlace, UnicornNotFoundError } from "./errors.ts";
import type { ImageLayout } from "./image/image_layout.ts";
import { findAArch64Image } from "./image/image_layout_aarch64.ts";
import { findX86Image } from "./image/image_layout_x86_64.ts";
import { type AArch64Layout, findAArch64Layout } from "./layout/layout_aarch64.ts";
import { findX86Layout, type X86Layout } from "./layout/layout_x86_64.ts";
import { openSymbols, type UnicornSymbols } from "./symbols.ts";

/** What the rest of this folder needs of a library; it never leaves the folder. */
export interface UnicornInternals {
  /** The foreign functions. */
  symbols: UnicornSymbols;
  /** Offsets of the x86-64 engine's private fields. */
  x86: X86Layout;
  /** Offsets of the AArch64 engine's private fields. */
  aarch64: AArch64Layout;
  /** What images of the CPU hold. */
  images: Readonly<Record<EngineArch, ImageLayout>>;
}

let readInternals: (library: UnicornLibrary) => UnicornInternals;

/**
 * A libunicorn that passed its self-tests. Get one by {@linkcode loadUnicorn}; it stays loaded
 * until the process ends.
 */
export class UnicornLibrary {
  static {
    readInternals = (library) => library.#internals;
  }

  /** Path, or the name it was found by. */
  readonly path: string;
  /** Version, such as `2.1.4`. */
  readonly version: string;
  readonly #internals: UnicornInternals;

  /** Used by {@linkcode loadUnicorn} only. */
  constructor(path: string, version: string, internals: UnicornInternals) {
    this.path = path;
    this.version = version;
    this.#internals = internals;
  }

  /** Guest architectures whose self-tests passed. */
  get architectures(): readonly EngineArch[] {
    return ["x86_64", "aarch64"];
  }
}

/** The native side of a library, for this folder's own modules. */
export function internalsOf(library: UnicornLibrary): UnicornInternals {
  return readInternals(library);
}

/** Options of {@linkcode loadUnicorn}. */
export interface LoadUnicornOptions {
  /** Path of the library; nothing else is tried. */
  path?: string;
}

const loaded = new Map<string, UnicornLibrary>();

/**
 * Finds libunicorn, checks its version and its behavior, and keeps it for the life of the process.
 *
 * Places, in order: `options.path`; the environment variable `TRAPLINE_UNICORN`; the cache that
 * {@linkcode ensureUnicorn} fills (the checkout's, then the user's); the system's own names. A
 * place that was named explicitly (the first two) and does not serve is an error: no other library
 * is taken in its stead.
 *
 * @example Which library there is
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { loadUnicorn } from "@trapline/trapline/unicorn";
 *
 * const { path, version } = loadUnicorn(); // or loadUnicorn({ path: "/usr/lib/libunicorn.so.2" })
 * console.log(path, version);
 * ```
 *
 * @throws {UnicornNotFoundError} When none serves; it lists every place with its reason.
 */
export function loadUnicorn(options: LoadUnicornOptions = {}): UnicornLibrary {
  const key = options.path ?? "";
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const library = search(options.path);
  loaded.set(key, library);
  return library;
}

function search(path: string | undefined): UnicornLibrary {
  const tried: TriedPlace[] = [];
  const explicit = path ?? environment("TRAPLINE_UNICORN", tried);
  for (const place of explicit === undefined ? candidates() : [explicit]) {
    const same = loaded.get(place);
    if (same !== undefined) return same;
    try {
      const library = tryPlace(place);
      loaded.set(place, library);
      return library;
    } catch (error) {
      tried.push({ place, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  throw new UnicornNotFoundError(tried, explicit !== undefined);
}

function candidates(): string[] {
  const file = libraryFileName();
  return [...cacheDirectories().map((directory) => `${directory}/${file}`), ...systemNames()];
}

function environment(name: string, tried: TriedPlace[]): string | undefined {
  try {
    const value = Deno.env.get(name);
    if (value) return value;
    tried.push({ place: name, reason: "Not set" });
    return undefined;
  } catch {
    tried.push({ place: name, reason: "Not readable without --allow-env" });
    return undefined;
  }
}

function systemNames(): string[] {
  switch (Deno.build.os) {
    case "darwin":
      return [
        "libunicorn.2.dylib",
        "/opt/homebrew/lib/libunicorn.2.dylib",
        "/usr/local/lib/libunicorn.2.dylib",
      ];
    case "windows":
      return ["unicorn.dll"];
    default:
      return ["libunicorn.so.2", "libunicorn.so"];
  }
}

/** Opens one candidate. The library stays open only if it serves. */
function tryPlace(place: string): UnicornLibrary {
  if (Deno.build.os === "darwin" && Deno.build.arch === "aarch64") {
    throw new Error(
      "Not usable on Apple silicon: its variadic functions take their arguments another way than Deno passes them",
    );
  }
  const dynamic = openSymbols(place);
  try {
    const { symbols } = dynamic;
    if (symbols.mincore === null) {
      throw new Error(`No way to probe memory on ${Deno.build.os}: mincore is missing`);
    }
    const version = checkVersion(symbols.uc_version(null, null));
    const x86 = findX86Layout(symbols);
    const aarch64 = findAArch64Layout(symbols);
    const images = {
      x86_64: findX86Image(symbols, x86),
      aarch64: findAArch64Image(symbols, aarch64),
    };
    return new UnicornLibrary(place, version, { symbols, x86, aarch64, images });
  } catch (error) {
    dynamic.close();
    throw error;
  }
}

/**
 * The version as text.
 *
 * @param word What `uc_version` returns: major, minor, patch and extra, a byte each from the top.
 * @throws {Error} When it is older than 2.1, with what that version cannot do.
 */
export function checkVersion(word: number): string {
  const [major, minor, patch] = [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff];
  const version = `${major}.${minor}.${patch}`;
  if (major < 2 || (major === 2 && minor < 1)) {
    throw new Error(
      `Version ${version} is too old, 2.1 or later is needed: before it, x86 paging maps identically only, AArch64 ` +
        "exception levels cannot be changed, and flushing the TLB flushes translations instead",
    );
  }
  return version;
}
