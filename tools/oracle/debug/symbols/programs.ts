/**
 * Large programs and libraries whose symbols are compared, and one whose debug information is moved
 * to other files in every way there is.
 *
 * @module
 */
import { cachedFolder } from "../../../cached.ts";
import { DebugFiles } from "../../../../debug/files/mod.ts";
import { buildIdOf, parseElf } from "../../../../elf/mod.ts";
import { entriesOf, isFile } from "../../files.ts";
import { outputOf } from "../../tool.ts";
import type { Comparison } from "./compare.ts";

const SOURCE = new URL("../../../../testdata/debug/templates.cpp", import.meta.url).pathname;

const LIBC = "/lib/x86_64-linux-gnu/libc.so.6";
const LIBSTDCXX = "/usr/lib/x86_64-linux-gnu/debug/libstdc++.so.6";
const PYTHON = "/usr/bin/python3.11";

/** Addresses that are looked up in each variant of a program. */
const VARIANT_LOOKUPS = 2_000;

/** What a comparison is made of; undefined if a tool or a file is missing. */
export type Make = () => Comparison | undefined;

/** What is compared. */
export interface SymbolPrograms {
  /** Large programs and libraries, by name. */
  readonly large: Readonly<Record<string, Make>>;
  /** One whose debug information is moved; undefined without a compiler. */
  readonly program: () => string | undefined;
  /** The same with its debug information elsewhere, by where that is. */
  readonly moved: Readonly<Record<string, Make>>;
}

/** Programs and libraries; files are made in a directory. */
export function symbolPrograms(directory: string): SymbolPrograms {
  const built = once(() => compiled("g++", ["-O2", "-g", "-flto"], `${directory}/templates`));
  const split = once(() => splitProgram(directory));
  const large: Record<string, Make> = {
    "C library": () => systemProgram(LIBC),
    "C++ library": () => isFile(LIBSTDCXX) ? { path: LIBSTDCXX } : undefined,
    "python3.11": () => systemProgram(PYTHON),
    "Rust library x86_64": () => rustLibrary("x86_64", directory),
    "Rust library aarch64": () => rustLibrary("aarch64", directory),
    "C++ program, g++ -flto": () => {
      const path = built();
      return path === undefined ? undefined : { path };
    },
    "C++ program, clang++ .dwo": split,
    "C++ program, clang++ .dwp": () => packed(split()),
  };
  const moved = Object.entries(VARIANTS).map(([name, make]): [string, Make] => [
    `C++ program, ${name}`,
    () => {
      const theirs = built();
      const elsewhere = theirs === undefined ? undefined : make(theirs, directory);
      return elsewhere && { ...elsewhere, theirs, count: VARIANT_LOOKUPS };
    },
  ]);
  return { large, program: built, moved: Object.fromEntries(moved) };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** A program of the system and, for LLVM, its debug file. */
function systemProgram(path: string): Comparison | undefined {
  if (!isFile(path)) return undefined;
  const id = buildIdOf(parseElf(Deno.readFileSync(path), { name: path }));
  const theirs = `/usr/lib/debug/.build-id/${id?.slice(0, 2)}/${id?.slice(2)}.debug`;
  return isFile(theirs) ? { path, theirs } : undefined;
}

/** Rust's core, alloc and std libraries as one shared library. */
function rustLibrary(machine: string, directory: string): Comparison | undefined {
  const folder = `${cachedFolder("rust")}/usr/lib/rustlib/${machine}-unknown-linux-gnu/lib/`;
  const libraries = entriesOf(folder)
    .filter((name) => /^lib(core|alloc|std)-.*\.rlib$/.test(name));
  if (libraries.length === 0) return undefined;
  const path = `${directory}/rust-${machine}.so`;
  const paths = libraries.map((name) => `${folder}${name}`);
  const args = ["-shared", "--unresolved-symbols=ignore-all", "--whole-archive", ...paths];
  return outputOf("ld.lld", [...args, "-o", path]) === undefined ? undefined : { path };
}

function compiled(compiler: string, args: readonly string[], path: string): string | undefined {
  const all = ["-std=c++17", "-Wl,--build-id", ...args, SOURCE, "-o", path];
  return outputOf(compiler, all) === undefined ? undefined : path;
}

/** A program whose unit is in a `.dwo` file. */
function splitProgram(directory: string): Comparison | undefined {
  const folder = `${directory}/split`;
  Deno.mkdirSync(folder);
  const path = `${folder}/program`;
  const split = ["-std=c++17", "-O2", "-g", "-gdwarf-5", "-gsplit-dwarf", "-c", SOURCE];
  const made = run("clang++-16", ...split, "-o", `${path}.o`) &&
    run("clang++-16", `${path}.o`, "-o", path);
  return made ? { path } : undefined;
}

/** The same with its unit in a `.dwp` file instead. */
function packed(program: Comparison | undefined): Comparison | undefined {
  if (program === undefined) return undefined;
  const { path } = program;
  if (!run("llvm-dwp", "-e", path, "-o", `${path}.dwp`)) return undefined;
  Deno.removeSync(`${path}.dwo`);
  return program;
}

/** Ways to move debug information elsewhere; LLVM looks into the program as it was. */
const VARIANTS: Record<
  string,
  (program: string, directory: string) => Pick<Comparison, "path" | "files"> | undefined
> = {
  "debuglink": (program, directory) => {
    const path = `${directory}/linked`;
    const debug = `${directory}/linked.debug`;
    const made = run("objcopy", "--only-keep-debug", program, debug) &&
      run("objcopy", "-S", "--remove-section=.note.gnu.build-id", program, path) &&
      run("objcopy", `--add-gnu-debuglink=${debug}`, path);
    return made ? { path } : undefined;
  },
  "build-id": (program, directory) => {
    const path = `${directory}/stripped`;
    const id = buildIdOf(parseElf(Deno.readFileSync(program)))!;
    const folder = `${directory}/debug/.build-id/${id.slice(0, 2)}`;
    Deno.mkdirSync(folder, { recursive: true });
    const made = run("objcopy", "--only-keep-debug", program, `${folder}/${id.slice(2)}.debug`) &&
      run("objcopy", "-S", program, path);
    return made
      ? { path, files: new DebugFiles({ directories: [`${directory}/debug`] }) }
      : undefined;
  },
  "zlib": (program, directory) => compressed(program, directory, "zlib"),
  "zstd": (program, directory) => compressed(program, directory, "zstd"),
  "dwz": (program, directory) => {
    const [path, other] = [`${directory}/dwz-1`, `${directory}/dwz-2`];
    Deno.copyFileSync(program, path);
    Deno.copyFileSync(program, other);
    return run("dwz", "-m", `${directory}/dwz-shared`, "-M", "dwz-shared", path, other)
      ? { path }
      : undefined;
  },
};

function compressed(program: string, directory: string, way: string) {
  const path = `${directory}/${way}`;
  return run("objcopy", `--compress-debug-sections=${way}`, program, path) ? { path } : undefined;
}

function run(command: string, ...args: string[]): boolean {
  return outputOf(command, args) !== undefined;
}
