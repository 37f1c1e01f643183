/**
 * Files with debug information in all the ways that compilers, linkers and packers have of writing
 * it: made of the sources in `testdata/debug`, and Debian's own.
 *
 * @module
 */
import { type DebugInfo, debugInfoOf, splitInfoOf } from "../../../../elf/dwarf/mod.ts";
import { type ElfFile, parseElf } from "../../../../elf/mod.ts";
import { cachedFolder } from "../../../cached.ts";
import { systemDebugFiles } from "../../files.ts";
import { textOf } from "../../tool.ts";
import type { EntriesCase } from "./entries_check.ts";

/** Largest of Debian's files that is compared, in bytes, and how many. */
const SYSTEM_LIMIT = 2 ** 21;
const SYSTEM_COUNT = 2;

const SOURCES = new URL("../../../../testdata/debug/", import.meta.url).pathname;
const FILES = ["entries", "entries_other"];

/** A program to be made: names of a compiler and of what is done with its output. */
export interface ProgramRecipe {
  /** Compiler. */
  readonly compiler: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** What becomes of the objects. */
  readonly then:
    | "link"
    | "object"
    | "zstd"
    | "split"
    | "package"
    | "llvm-package"
    | "dwz"
    | "dwz-shared";
}

const GXX = "g++";
const CLANG14 = "clang++-14";
const CLANG16 = "clang++-16";
const TYPES = "-fdebug-types-section";

/** What is made. */
export const RECIPES: readonly ProgramRecipe[] = [
  { compiler: GXX, args: ["-gdwarf-2", "-gstrict-dwarf", "-O0"], then: "link" },
  { compiler: GXX, args: ["-gdwarf-3", "-O2"], then: "link" },
  { compiler: GXX, args: ["-gdwarf-4", "-O2", TYPES], then: "link" },
  { compiler: GXX, args: ["-gdwarf-5", "-O2", TYPES], then: "link" },
  { compiler: GXX, args: ["-gdwarf-5", "-gdwarf64", "-O2"], then: "link" },
  { compiler: GXX, args: ["-gdwarf-5", "-O2", "-gz=zlib"], then: "link" },
  { compiler: GXX, args: ["-gdwarf-4", "-O1", TYPES], then: "object" },
  { compiler: GXX, args: ["-gdwarf-5", "-O2", TYPES], then: "object" },
  { compiler: "aarch64-linux-gnu-g++", args: ["-gdwarf-5", "-O2"], then: "link" },
  { compiler: CLANG14, args: ["-gdwarf-4", "-O2"], then: "link" },
  { compiler: CLANG14, args: ["-gdwarf-5", "-gdwarf64", "-O1"], then: "link" },
  { compiler: CLANG16, args: ["-gdwarf-5", "-O2", TYPES], then: "link" },
  { compiler: CLANG16, args: ["-gdwarf-5", "-O2", "-gpubnames"], then: "link" },
  { compiler: CLANG16, args: ["-gdwarf-5", "-O0"], then: "zstd" },
  { compiler: CLANG16, args: ["-gdwarf-5", "-O2"], then: "object" },
  ...([[GXX, "4"], [GXX, "5"], [CLANG14, "4"], [CLANG16, "5"]] as const)
    .flatMap(([compiler, version]) =>
      // The GNU packer knows version 4 only.
      (["split", ...(version === "4" ? ["package"] as const : []), "llvm-package"] as const)
        .map((then): ProgramRecipe => ({
          compiler,
          args: [`-gdwarf-${version}`, "-O2", "-gsplit-dwarf", TYPES],
          then,
        }))
    ),
  ...["4", "5"].flatMap((version) =>
    (["dwz", "dwz-shared"] as const).map((then): ProgramRecipe => ({
      compiler: GXX,
      args: [`-gdwarf-${version}`, "-O2"],
      then,
    }))
  ),
];

/** What to compare of a recipe, made in a directory of its own; undefined if a tool is missing. */
export function casesOf(recipe: ProgramRecipe, directory: string): EntriesCase[] | undefined {
  const { compiler, args, then } = recipe;
  const at = (name: string) => `${directory}/${name}`;
  for (const name of FILES) {
    const command = ["-std=c++17", "-fPIC", ...args, "-c", `${SOURCES}${name}.cpp`];
    if (!made(compiler, [...command, "-o", at(`${name}.o`)], at(`${name}.o`))) return undefined;
  }
  const objects = FILES.map((name) => at(`${name}.o`));
  if (then === "object") return objects.map((path) => ({ ...caseOf(path), relocatable: true }));
  const program = at("program");
  const link = ["-shared", "-nostdlib", ...objects, "-o", program];
  if (
    !made(compiler, [...link, ...(compiler.includes("clang") ? ["-fuse-ld=lld"] : [])], program)
  ) {
    return undefined;
  }
  switch (then) {
    case "link":
      return [caseOf(program)];
    case "zstd": {
      const packed = at("packed");
      const pack = ["--compress-debug-sections=zstd", program, packed];
      // LLVM's tool (14) does not know the method: it reads the file as it was.
      return made("objcopy", pack, packed) ? [{ ...caseOf(packed), path: program }] : undefined;
    }
    case "split":
      return splitCases(program, FILES.map((name) => at(`${name}.dwo`)));
    case "package":
    case "llvm-package": {
      const packed = at("program.dwp");
      const packer = then === "package" ? "dwp" : "llvm-dwp";
      const isMade = made(packer, ["-e", program, "-o", packed], packed);
      return isMade ? splitCases(program, [packed]) : undefined;
    }
    case "dwz":
      return made("dwz", [...dwzArgs(args), program], program) ? [caseOf(program)] : undefined;
    case "dwz-shared": {
      const copy = at("copy");
      Deno.copyFileSync(program, copy);
      const shared = at("shared");
      if (!made("dwz", [...dwzArgs(args), "-m", shared, program, copy], shared)) return undefined;
      return [caseOf(program, { shared }), caseOf(shared)];
    }
  }
}

/** An object of Rust; undefined without its compiler. */
export function rustCases(directory: string): EntriesCase[] | undefined {
  const object = `${directory}/rust.o`;
  const args = ["-g", "-O", "--emit=obj", `${SOURCES}entries.rs`, "-o", object];
  const compilers = ["rustc", `${cachedFolder("rust")}/bin/rustc`];
  if (!compilers.some((compiler) => made(compiler, args, object))) return undefined;
  return [{ ...caseOf(object), relocatable: true }];
}

/** Debian's files with debug information that is not too much for LLVM's text. */
export function systemCases(): EntriesCase[] {
  return systemDebugFiles(Infinity).flatMap((path) => {
    const { size } = Deno.statSync(path);
    if (size > SYSTEM_LIMIT) return [];
    const file = elfOf(path);
    // LLVM's tool breaks off in large files that refer to one of dwz's.
    if (file.section(".gnu_debugaltlink") !== undefined) return [];
    const info = debugInfoOf(file);
    return info === undefined ? [] : [{ name: path, path, info }];
  }).slice(0, SYSTEM_COUNT);
}

/** Without it `dwz` leaves files of that version alone. */
function dwzArgs(args: readonly string[]): string[] {
  return args.includes("-gdwarf-5") ? ["--dwarf-5"] : [];
}

/** Whether a command has left a file. */
function made(command: string, args: readonly string[], file: string): boolean {
  if (textOf(command, args) === undefined) return false;
  try {
    return Deno.statSync(file).size > 0;
  } catch {
    return false;
  }
}

/** A file, with the one that `dwz` has made for it. */
function caseOf(path: string, files: { readonly shared?: string } = {}): EntriesCase {
  const { shared } = files;
  const info = debugInfoOf(elfOf(path), {
    supplementary: () => shared === undefined ? undefined : debugInfoOf(elfOf(shared)),
  });
  return caseWith(path, info);
}

function elfOf(path: string): ElfFile {
  return parseElf(Deno.readFileSync(path), { name: path });
}

/** Throws if there is no debug information. */
function caseWith(path: string, info: DebugInfo | undefined): EntriesCase {
  if (info === undefined) throw new Error(`${path} has no debug information`);
  return { name: path, path, info };
}

/** A program and its split files, whose units have been found through their skeletons. */
function splitCases(program: string, files: readonly string[]): EntriesCase[] {
  const splits = files.map((path) => caseWith(path, splitInfoOf(elfOf(path))));
  const info = debugInfoOf(elfOf(program), {
    split: ({ id }) => splits.find((each) => each.info.splitUnit(id) !== undefined)?.info,
  });
  const own = caseWith(program, info);
  const found = own.info.units.filter((unit) =>
    unit.kind === "skeleton" && unit.split !== undefined
  );
  if (found.length < FILES.length) throw new Error(`${program}: split units are not found`);
  return [own, ...splits];
}
