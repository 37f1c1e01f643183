/**
 * Stack frames of programs that are compiled at -O2: functions that have left by tail calls,
 * unambiguous and not, functions that are inlined in these, and names of C++, beside gdb's.
 *
 * @module
 */
import type { NamedCheck } from "../../walk_checks.ts";
import { build, nativeCore, qemuCore } from "../dead/core_of.ts";
import { type CheckedCore, checkFrames } from "../dead/frames_check.ts";
import type { DyingProgram } from "../dead/programs.ts";

/** A program that dies in another way for each number it is given. */
interface Source {
  readonly file: string;
  readonly options: readonly string[];
  /** The numbers. */
  readonly ways: readonly number[];
  /** Signals that it handles itself. */
  readonly handles?: readonly string[];
}

const C: Source = {
  file: "../frames/tail_calls.c",
  options: [],
  ways: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  handles: ["SIGUSR1"],
};
const CXX: Source = {
  file: "../frames/shapes.cpp",
  options: ["-std=c++17"],
  ways: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
};

/** A source, and a compiler with its options. */
type Recipe = readonly [source: Source, compiler: string, ...options: string[]];

const NATIVE: readonly Recipe[] = [
  [C, "gcc"],
  [C, "clang"],
  // LLVM says where its tail calls are in this version's form only.
  [{ ...C, ways: [0, 2, 3, 4, 7] }, "clang", "-gdwarf-4"],
  [CXX, "g++"],
  [CXX, "clang++"],
];

/** gdb 13 hangs over QEMU's cores of signal handlers. */
const ARM: readonly Recipe[] = [
  [{ ...C, ways: [0, 1, 2, 3, 4, 7] }, "aarch64-linux-gnu-gcc", "-static"],
  [{ ...CXX, ways: [1, 2, 4, 9] }, "aarch64-linux-gnu-g++", "-static"],
];

/** The checks of both machines. */
export function frameChecks(directory: string): NamedCheck[] {
  return [
    check("of tail calls and inlined functions", NATIVE, `${directory}/frames-x86`),
    check("of tail calls and inlined functions on AArch64", ARM, `${directory}/frames-arm`),
  ];
}

function check(name: string, recipes: readonly Recipe[], directory: string): NamedCheck {
  return {
    kind: "frames",
    name,
    check() {
      Deno.mkdirSync(directory);
      const cores = recipes.flatMap((recipe, i) => coresOf(recipe, `${directory}/${i}`));
      return checkFrames(name, { cores, directory });
    },
  };
}

function coresOf(recipe: Recipe, directory: string): CheckedCore[] {
  const [{ file, ways, handles = [], options: own }, compiler, ...options] = recipe;
  Deno.mkdirSync(directory);
  const name = [file.split("/").at(-1), compiler, ...options].join(" ");
  const built: DyingProgram = {
    name,
    sources: [file],
    compilers: [compiler],
    options: ["-O2", "-g", ...own, ...options],
    handles,
  };
  const program = build(built, directory);
  if (program === undefined) return [];
  const dump = compiler.startsWith("aarch64") ? qemuCore : nativeCore;
  return ways.flatMap((way): CheckedCore[] => {
    const folder = `${directory}/${way}`;
    Deno.mkdirSync(folder);
    const core = dump({ ...built, args: [String(way)] }, { program, directory: folder });
    return core === undefined ? [] : [{ ...core, name: `${name} ${way}` }];
  });
}
