/**
 * Builds the programs of `guest/foreign`: our sources, linked with Debian's static libraries as they
 * are. Only what is asked for is taken out of the archives, and the linker says what that was.
 *
 * @module
 */
import { runTool } from "../../../build/tools.ts";
import type { GuestArch } from "../../../guest/embedded.ts";
import { findToolchain, type Toolchain } from "../../guest_build.ts";
import { staticLibs } from "../../static_libs.ts";

/** Programs by the names of their sources. */
export const FOREIGN_PROGRAMS = ["fcontext", "ucontext", "setjmp"] as const;

/** Name of a program. */
export type ForeignName = typeof FOREIGN_PROGRAMS[number];

/** How much the compiler optimizes. */
export type OptimizationLevel = "-O1" | "-O2";

/** A program that has been built. */
export interface ForeignProgram {
  /** Its name. */
  readonly name: string;
  /** Architecture. */
  readonly arch: GuestArch;
  /** The ELF file. */
  readonly path: string;
  /** Members of the archives that are in it, sorted. */
  readonly members: readonly string[];
}

const SOURCES = new URL("../../../guest/foreign/", import.meta.url).pathname;

/** Every function of the programs has a canary, but what sets canaries up. */
const COMPILED = [
  { file: "start.S", flags: [] },
  { file: "registers.S", flags: [] },
  { file: "start.c", flags: ["-ffreestanding", "-fno-stack-protector"] },
];
const PROGRAM_FLAGS = ["-fstack-protector-all"];
const FLAGS = ["-g", "-fno-pic", "-nostdinc", "-Wall", "-Wextra", "-Werror"];

let toolchain: Promise<Toolchain> | undefined;

/**
 * Builds a program into a directory; undefined if the libraries have not been fetched.
 *
 * @throws {BuildError} if there is no compiler, or it refuses
 */
export async function buildForeign(
  name: string,
  options: { arch: GuestArch; directory: string; level?: OptimizationLevel },
): Promise<ForeignProgram | undefined> {
  const { arch, directory, level = "-O1" } = options;
  const libs = staticLibs(arch);
  if (libs === undefined) return undefined;
  const { clangs: [clang], lld } = await (toolchain ??= findToolchain());
  const { out } = await runTool(clang.command, ["-print-resource-dir"], { kind: "compile" });
  const headers = [`${out.trim()}/include`, ...libs.headers].flatMap((at) => ["-isystem", at]);
  const base = `${directory}/${arch} ${name} ${level}`;
  const objects: string[] = [];
  for (const { file, flags } of [...COMPILED, { file: `${name}.c`, flags: PROGRAM_FLAGS }]) {
    const object = `${base} ${file}.o`;
    const how = [`--target=${arch}-linux-gnu`, level, ...FLAGS, ...headers, ...flags];
    const args = [...how, "-c", `${SOURCES}${file}`, "-o", object];
    await runTool(clang.command, args, { kind: "compile" });
    objects.push(object);
  }
  const path = `${base}.elf`;
  const map = `${path}.map`;
  const archives = [libs.boostContext, libs.libc];
  const args = ["-static", "--fatal-warnings", ...objects, ...archives, "-o", path, `-Map=${map}`];
  await runTool(lld.command, args, { kind: "link" });
  const text = Deno.readTextFileSync(map);
  const members = new Set(Array.from(text.matchAll(/\.a\(([^)]+)\.o\)/g), ([, member]) => member!));
  return { name, arch, path, members: [...members].sort() };
}
