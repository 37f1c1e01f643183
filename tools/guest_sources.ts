/**
 * What a piece of guest code is built from, found without a compiler: a test can say whether an
 * image is up to date on a machine that has none.
 *
 * @module
 */
import type { GuestBuild } from "../guest/manifest.ts";

/** The sources of one build. */
export interface SourceSet {
  /** The files to compile, in link order. */
  readonly compiled: readonly string[];
  /** Every file that has a part in the result, sorted. */
  readonly files: readonly string[];
  /** SHA-256, in hexadecimal, over all files with their names, and the flags. */
  readonly hash: string;
}

/** A source that is named but not there. */
export class GuestSourceError extends Error {
  override readonly name = "GuestSourceError";

  /**
   * @param file The missing file or the pattern without a match, relative to the root.
   * @param from The file that names it, or the name of the build.
   */
  constructor(readonly file: string, readonly from: string) {
    super(`Cannot find guest source "${file}", named by ${from}`);
  }
}

// `#include "x"` of C and `.include "x"` or `.incbin "x"` of the assembler, at the beginning of a
// line.
const INCLUDE = /^[ \t]*(?:#[ \t]*include|\.include|\.incbin)[ \t]+"([^"\n]+)"/gm;

/**
 * Lists and hashes the sources of a build.
 *
 * @param build An entry of the manifest.
 * @param root The project's root, with a slash at its end.
 * @throws {GuestSourceError} If a file is missing.
 */
export async function guestSources(build: GuestBuild, root: URL): Promise<SourceSet> {
  const compiled = build.sources.flatMap((pattern) => expand(pattern, build, root));
  const files = new Set<string>();
  for (const file of compiled) addWithIncludes(file, build.name, root, files);
  if (build.linkerScript !== undefined) {
    addWithIncludes(build.linkerScript, build.name, root, files);
  }
  const sorted = [...files].sort();
  return { compiled, files: sorted, hash: await hash(build, sorted, root) };
}

function expand(pattern: string, build: GuestBuild, root: URL): string[] {
  const slash = pattern.lastIndexOf("/") + 1;
  const folder = pattern.slice(0, slash);
  const [begin, end] = pattern.slice(slash).split("*");
  if (begin === undefined || end === undefined) return [pattern];
  const found: string[] = [];
  try {
    for (const { name, isFile } of Deno.readDirSync(new URL(folder, root))) {
      if (isFile && name.startsWith(begin) && name.endsWith(end)) found.push(folder + name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (found.length === 0) throw new GuestSourceError(pattern, `${build.name} (${build.arch})`);
  return found.sort();
}

/**
 * Adds a file and what it includes; names are tried in the including file's folder, then in the
 * root, as clang does.
 */
function addWithIncludes(file: string, from: string, root: URL, files: Set<string>): void {
  if (files.has(file)) return;
  if (!exists(file, root)) throw new GuestSourceError(file, from);
  files.add(file);
  if (!/\.(?:S|c|cc|h|inc)$/.test(file)) return;
  const folder = file.slice(0, file.lastIndexOf("/") + 1);
  for (const [, name] of Deno.readTextFileSync(new URL(file, root)).matchAll(INCLUDE)) {
    const beside = normalize(folder + name, root);
    addWithIncludes(exists(beside, root) ? beside : name!, file, root, files);
  }
}

/** Takes `.` and `..` out of a path below the root, so that each file has one name. */
export function normalize(file: string, root: URL): string {
  return new URL(file, root).href.slice(root.href.length);
}

function exists(file: string, root: URL): boolean {
  try {
    return Deno.statSync(new URL(file, root)).isFile;
  } catch {
    return false;
  }
}

async function hash(build: GuestBuild, files: readonly string[], root: URL): Promise<string> {
  const encoder = new TextEncoder();
  // Where the module goes has no part in what is in it.
  const { output: _, ...recipe } = build;
  const parts = [encoder.encode(JSON.stringify(recipe))];
  for (const file of files) {
    const bytes = Deno.readFileSync(new URL(file, root));
    // The length keeps text from moving between a file and its neighbor without changing the hash.
    parts.push(encoder.encode(`\n${file} ${bytes.length}\n`), bytes);
  }
  const all = new Uint8Array(await new Blob(parts).arrayBuffer());
  return new Uint8Array(await crypto.subtle.digest("SHA-256", all)).toHex();
}
