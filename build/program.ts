/**
 * From sources in C, C++ and assembly to a program that a machine can boot.
 *
 * @module
 */

import type { GuestArch } from "../guest/embedded.ts";
import {
  COMPILE_FLAGS,
  CXX_FLAGS,
  LINK_FLAGS,
  OLDEST_CLANG,
  PAGED_FLAGS,
  PROGRAM_LINK_FLAGS,
} from "../guest/flags.ts";
import { BuildError } from "./errors.ts";
import { PROGRAM_FILES } from "./program_files.gen.ts";
import { chooseClang, chooseLinker, runTool, type Tool } from "./tools.ts";

/** What to build. */
export interface BuildOptions {
  /** Architecture the program is for. */
  readonly arch: GuestArch;
  /** Names of files: C (`.c`), C++ (`.cc`, `.cpp`, `.cxx`), assembly (`.S`); in link order. */
  readonly sources: readonly string[];
  /** Further flags for the compiler, such as `-O2` or `-DNAME=1`; the default level is `-O1`. */
  readonly flags?: readonly string[];
}

/** A program and what was said while it was built. */
export interface BuiltProgram {
  /** The ELF file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Warnings, in the compiler's words; empty if there are none. */
  readonly warnings: string;
}

const CXX = /\.(?:cc|cpp|cxx)$/;
const SOURCE = /\.(?:c|cc|cpp|cxx|S)$/;

/**
 * What every program is linked with. `TRAPLINE_PROGRAM` tells the C++ runtime that the C part is
 * there.
 */
const C_PARTS: readonly string[] = [
  ...sourcesIn("include/", /\.(?:c|S)$/),
  ...sourcesIn("coro/", /\.(?:c|S)$/),
];
const CXX_PARTS: readonly string[] = [
  ...sourcesIn("runtime/", /\.(?:cc|S)$/),
  ...sourcesIn("coro/", CXX),
];

function sourcesIn(folder: string, pattern: RegExp): string[] {
  return Object.keys(PROGRAM_FILES).filter((name) => name.startsWith(folder) && pattern.test(name));
}

/**
 * Builds a program with this host's clang and lld: static, for user mode, entered at `main`. C++
 * comes with exceptions and without a standard library.
 * With `-g` among the flags the program says which lines of the sources its code is of.
 *
 * Needs `--allow-run=clang,ld.lld`, and to read the sources and write temporary files
 * (`--allow-read --allow-write`).
 *
 * @example From a file in C to a running machine
 * ```ts
 * // deno run --allow-ffi --allow-env --allow-read --allow-write --allow-run=clang,ld.lld x.ts
 * import { archByName, Machine } from "@trapline/trapline";
 * import { buildProgram } from "@trapline/trapline/build";
 *
 * await Deno.writeTextFile("seven.c", "int main(void) { return SEVEN; }");
 * const flags = ["-O2", "-DSEVEN=7"];
 * const { bytes } = await buildProgram({ arch: "x86_64", sources: ["seven.c"], flags });
 * using machine = new Machine({
 *   arch: archByName("x86_64"),
 *   modules: [{ commandLine: "seven", bytes }],
 * });
 * console.log(machine.run(), machine.tasks[1]?.status);
 * ```
 *
 * @throws {BuildError} of kind `tools`, naming the package to install; `sources`, `compile`, `link`
 */
export async function buildProgram(options: BuildOptions): Promise<BuiltProgram> {
  const { arch, sources } = options;
  const flags = options.flags ?? [];
  if (sources.length === 0) throw new BuildError("sources", "Cannot build nothing: expected files");
  for (const source of sources) {
    if (!SOURCE.test(source)) {
      throw new BuildError("sources", `Cannot build ${source}: expected .c, .cc, .cpp, .cxx or .S`);
    }
    await readable(source);
  }
  const purpose = `a program for ${arch}`;
  const clang = await chooseClang(OLDEST_CLANG[arch], purpose);
  const linker = await chooseLinker(purpose);
  const scratch = await Deno.makeTempDir({ prefix: "trapline-build-" });
  try {
    await writeProgramFiles(scratch);
    const compile = new Compiler(clang, { arch, flags, scratch });
    for (const source of sources) await compile.own(source);
    const parts = sources.some((source) => CXX.test(source)) ? [...C_PARTS, ...CXX_PARTS] : C_PARTS;
    for (const part of parts) await compile.part(part);
    const output = `${scratch}/program.elf`;
    const link = [...LINK_FLAGS, ...PROGRAM_LINK_FLAGS, ...PAGED_FLAGS, "--wrap=main"];
    // What a program does not use of its parts is left out.
    const args = [...link, "--gc-sections", "-o", output, ...compile.objects];
    await runTool(linker.command, args, { kind: "link", action: `link ${sources.join(", ")}` });
    return { bytes: await Deno.readFile(output), warnings: compile.warnings };
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function readable(source: string): Promise<void> {
  try {
    await Deno.stat(source);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new BuildError("sources", `Cannot build ${source}: there is no such file`);
  }
}

/** Where debug information says that the headers and the parts of ours are. */
const PARTS_FOLDER = "/trapline";

/** Flags that say what debug information there is to be: the parts of ours have the same. */
const DEBUG_FLAG = /^-g/;

/** Objects of parts, by all that they depend on. */
const PARTS = new Map<string, Uint8Array>();

/** Compiles files into objects of a folder. */
class Compiler {
  readonly #clang: Tool;
  readonly #arch: GuestArch;
  readonly #flags: readonly string[];
  readonly #scratch: string;
  readonly #user: readonly string[];
  /** The objects, in link order. */
  readonly objects: string[] = [];
  /** What the compiler said of the user's files. */
  warnings = "";

  constructor(
    clang: Tool,
    options: { arch: GuestArch; flags: readonly string[]; scratch: string },
  ) {
    this.#clang = clang;
    this.#arch = options.arch;
    this.#scratch = options.scratch;
    this.#user = options.flags;
    this.#flags = [
      `--target=${options.arch}-none-elf`,
      ...COMPILE_FLAGS,
      // The host's own headers are for another system.
      "-nostdlibinc",
      "-ffunction-sections",
      "-fdata-sections",
      "-O1",
      // The folder has another name each time, and is gone when somebody debugs the program.
      `-fdebug-prefix-map=${options.scratch}=${PARTS_FOLDER}`,
    ];
  }

  /** A file of the user's. */
  async own(source: string): Promise<void> {
    // Hosted, so that main is what C++ knows by that name; no function has a meaning of its own.
    const hosted = ["-fhosted", "-fno-builtin"];
    await this.#compile(source, [...hosted, "-I", `${this.#scratch}/include`, ...this.#user]);
  }

  /** A part of ours: compiled once, as nothing it depends on changes while this process runs. */
  async part(name: string): Promise<void> {
    const debug = this.#user.filter((flag) => DEBUG_FLAG.test(flag));
    const { command, version } = this.#clang;
    const key = [command, version, this.#arch, ...debug, name].join("\0");
    const known = PARTS.get(key);
    if (known !== undefined) {
      const object = this.#nextObject();
      await Deno.writeFile(object, known);
      this.objects.push(object);
      return;
    }
    // Of assembly, the map above does not reach the names of its file and its folder.
    const flags = ["-DTRAPLINE_PROGRAM", `-fdebug-compilation-dir=${PARTS_FOLDER}`, ...debug];
    PARTS.set(key, await Deno.readFile(await this.#compile(name, flags, this.#scratch)));
  }

  #nextObject(): string {
    return `${this.#scratch}/${this.objects.length}.o`;
  }

  /** Compiles a file; returns its object. */
  async #compile(source: string, flags: readonly string[], cwd?: string): Promise<string> {
    const object = this.#nextObject();
    // The locks around the initialization of local static objects would be the program's to write.
    const cxx = CXX.test(source) ? [...CXX_FLAGS, "-fno-threadsafe-statics"] : [];
    const { command } = this.#clang;
    const args = [...this.#flags, ...cxx, ...flags, "-c", "-o", object, source];
    const action = `compile ${source}`;
    const how = { kind: "compile", action, ...(cwd === undefined ? {} : { cwd }) } as const;
    this.warnings += (await runTool(command, args, how)).err;
    this.objects.push(object);
    return object;
  }
}

/**
 * Writes the headers and the sources that programs are linked with to a folder, for builds of one's
 * own: `include/`, `coro/` and `runtime/`.
 */
export async function writeProgramFiles(folder: string): Promise<void> {
  for (const [name, text] of Object.entries(PROGRAM_FILES)) {
    const file = `${folder}/${name}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
}
