/**
 * The files that are compared: what a Debian system has of libraries, programs and their debug
 * information, its AArch64 cross libraries, Rust's, and small ones made from the sources in
 * `testdata/unwind`.
 *
 * @module
 */
import { cachedFolder } from "../cached.ts";
import { bytesOfCommand, outputOf } from "./tool.ts";

const NATIVE = "/usr/lib/x86_64-linux-gnu/";
const CROSS = "/usr/aarch64-linux-gnu/lib/";

const NATIVE_LIBRARIES = [
  "libc.so.6",
  "libm.so.6",
  "ld-linux-x86-64.so.2",
  "libstdc++.so.6",
  "libgcc_s.so.1",
  "libpthread.so.0",
  "libresolv.so.2",
  "libnsl.so.1",
  "libz.so.1",
  "libzstd.so.1",
  "liblzma.so.5",
  "libbz2.so.1.0",
  "libcrypto.so.3",
  "libssl.so.3",
  "libsqlite3.so.0",
  "libpython3.11.so.1.0",
  "libelf.so.1",
  "libdw.so.1",
  "libncursesw.so.6",
  "libtinfo.so.6",
  "libgomp.so.1",
  "libasan.so.8",
  "libLLVM-14.so.1",
  "libclang-cpp.so.14",
  "crt1.o",
  "Scrt1.o",
  "crti.o",
];

const NATIVE_PROGRAMS = [
  "bash",
  "ls",
  "sleep",
  "perl",
  "git",
  "gdb",
  "python3",
  "tar",
  "grep",
  "x86_64-linux-gnu-readelf",
  "x86_64-linux-gnu-as",
  "x86_64-linux-gnu-gcc-12",
  "openssl",
  "dpkg",
];

const CROSS_LIBRARIES = [
  "libc.so.6",
  "libm.so.6",
  "ld-linux-aarch64.so.1",
  "libstdc++.so.6",
  "libgcc_s.so.1",
  "libgomp.so.1",
  "libatomic.so.1",
  "libresolv.so.2",
  "libnsl.so.1",
  "libthread_db.so.1",
  "libasan.so.8",
  "libubsan.so.1",
  "libitm.so.1",
  "crt1.o",
  "crti.o",
];

/** Paths of those that this system has. */
export function systemFiles(): string[] {
  return [
    ...NATIVE_LIBRARIES.map((name) => `${NATIVE}${name}`),
    ...NATIVE_PROGRAMS.map((name) => `/usr/bin/${name}`),
    ...CROSS_LIBRARIES.map((name) => `${CROSS}${name}`),
  ].filter(isFile);
}

/**
 * Object files made from the sources of this project with whatever assemblers and compilers there
 * are.
 */
export function assembledFiles(sources: string, directory: string): string[] {
  const recipes: [compiler: string, source: string, args: string[]][] = [
    ["gcc", "rules_x86_64.s", []],
    ["aarch64-linux-gnu-gcc", "rules_aarch64.s", []],
    ["clang", "exceptions.cpp", ["-std=c++14", "-w", "-O1"]],
    ["g++", "exceptions.cpp", ["-std=c++14", "-w", "-O2", "-g", "-gz"]],
    ["aarch64-linux-gnu-g++", "exceptions.cpp", [
      "-std=c++14",
      "-w",
      "-O2",
      "-mbranch-protection=standard",
    ]],
    ["gcc", "signal.c", ["-O1", "-fno-asynchronous-unwind-tables", "-g"]],
  ];
  const files: string[] = [];
  recipes.forEach(([compiler, source, args], i) => {
    const out = `${directory}/${i}-${source}.o`;
    const command = [...args, "-c", `${sources}${source}`, "-o", out];
    if (outputOf(compiler, command) !== undefined) files.push(out);
  });
  return [...files, ...files.flatMap((file) => compressedCopies(file))];
}

/** Copies of a file with its `.debug_frame` compressed in each way that `objcopy` has. */
function compressedCopies(file: string): string[] {
  const copies: string[] = [];
  for (const way of ["zlib-gabi", "zlib-gnu", "zstd"]) {
    const out = `${file}.${way}`;
    const command = [`--compress-debug-sections=${way}`, file, out];
    if (outputOf("objcopy", command) !== undefined) copies.push(out);
  }
  return copies;
}

/** Compiles a C program; undefined if there is no compiler, or it lacks what the options name. */
export function compiledProgram(
  source: string,
  out: string,
  how: { readonly compiler?: string; readonly options?: readonly string[] } = {},
): string | undefined {
  const { compiler = "gcc", options = ["-O1", "-g"] } = how;
  return outputOf(compiler, [...options, source, "-o", out]) === undefined ? undefined : out;
}

/** Where Debian has the debug information of its programs, by their build IDs. */
const SYSTEM_DEBUG = "/usr/lib/debug/.build-id/";

/** How many of those files are compared: the largest. */
const SYSTEM_DEBUG_COUNT = 12;

/** Where `tools/fetch_rust.sh` puts the libraries of Rust. */
const RUST_LIBRARIES = "usr/lib/rustlib/";

/** Compilers whose line tables are compared, with the options that choose a target and a linker. */
const LINE_COMPILERS: readonly (readonly [compiler: string, ...options: string[]])[] = [
  ["g++"],
  ["aarch64-linux-gnu-g++"],
  ["clang++", "-fuse-ld=lld"],
  ["clang++-16", "-fuse-ld=lld", "--target=aarch64-linux-gnu"],
];

/** Ways to write line tables; a linker that drops functions leaves their rows. */
const LINE_OPTIONS: readonly (readonly string[])[] = [
  ...["2", "3", "4", "5"].map((version) => ["-O2", `-gdwarf-${version}`]),
  ["-O0", "-gdwarf-5", "-gz"],
  ["-O1", "-gdwarf-5", "-gdwarf64"],
  ["-O1", "-gdwarf-4", "-ffunction-sections", "-Wl,--gc-sections"],
  ["-O1", "-gdwarf-5", "-ffunction-sections", "-Wl,--gc-sections"],
  ["-O1", "-gdwarf-5", `-fdebug-prefix-map=${Deno.cwd()}=.`],
];

/** Files with line tables: Debian's, those of Rust's libraries, and compiled ones. */
export function debugFiles(sources: string, directory: string): string[] {
  return [
    ...systemDebugFiles(SYSTEM_DEBUG_COUNT),
    ...rustObjects(directory),
    ...LINE_COMPILERS.flatMap(([compiler, ...target], i) =>
      LINE_OPTIONS.flatMap((options, j) => {
        const out = `${directory}/lines-${compiler}-${i}${j}`;
        const all = [...target, ...LINE_LIBRARY, ...options];
        return compiledProgram(`${sources}exceptions.cpp`, out, { compiler, options: all }) ?? [];
      })
    ),
  ];
}

/** Links without the C library, which other targets need not have. */
const LINE_LIBRARY = ["-shared", "-nostdlib", "-fPIC", "-std=c++14", "-w"];

/** Debian's files with debug information, the largest first. */
export function systemDebugFiles(count: number): string[] {
  const files: { readonly path: string; readonly size: number }[] = [];
  for (const folder of entriesOf(SYSTEM_DEBUG)) {
    for (const name of entriesOf(`${SYSTEM_DEBUG}${folder}`)) {
      const path = `${SYSTEM_DEBUG}${folder}/${name}`;
      files.push({ path, size: Deno.statSync(path).size });
    }
  }
  files.sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
  return files.slice(0, count).map(({ path }) => path);
}

/** The objects of Rust's core and alloc libraries, of both architectures. */
function rustObjects(directory: string): string[] {
  const libraries = ["x86_64", "aarch64"].flatMap((machine) => {
    const folder = `${cachedFolder("rust")}/${RUST_LIBRARIES}${machine}-unknown-linux-gnu/lib/`;
    return entriesOf(folder).filter((name) => /^lib(core|alloc)-.*\.rlib$/.test(name))
      .map((name) => `${folder}${name}`);
  });
  return libraries.flatMap((library, i) => {
    const objects = outputOf("ar", ["t", library])?.split("\n") ?? [];
    return objects.filter((name) => name.endsWith(".o")).map((name, j) => {
      const out = `${directory}/rust-${i}${j}.o`;
      const bytes = bytesOfCommand("ar", ["p", library, name]);
      if (bytes !== undefined) Deno.writeFileSync(out, bytes);
      return out;
    });
  });
}

/** Names in a folder in order; none if there is no such folder. */
export function entriesOf(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Whether a path is of a file. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
