/**
 * Variables compared with gdb's.
 *
 * @module
 */
import type { GuestArch } from "../../../../guest/embedded.ts";
import { isInstalled } from "../../tool.ts";
import type { NamedCheck } from "../../walk_checks.ts";
import { die, nativeCore, qemuCore } from "../dead/core_of.ts";
import { ARM_PROGRAMS, type DyingProgram, PROGRAMS } from "../dead/programs.ts";
import { checkValues, type ValueCase } from "./compare.ts";
import { buildsFor, makeCase } from "./programs.ts";

/** Programs whose deaths have left variables of libraries, too, and of several threads. */
const DEAD: ReadonlySet<string> = new Set([
  "callback, no frame pointer, clang, DWARF 4, old relocations",
  "callback, separate debug file",
  "signal handler on a stack of its own",
  "threads",
  "exception, -O0",
  "exception, -O2",
  "pure virtual call, split DWARF",
  "call of a null pointer",
  "heap",
  "inlined, LTO",
  "python3",
]);

const THREAD_LOCALS =
  new URL("../../../../testdata/debug/cores/thread_locals.c", import.meta.url).pathname;

/** Thread-local variables of a program, and of a library that it loads. */
const THREADS: DyingProgram = {
  name: "thread-local variables",
  sources: ["thread_locals.c"],
  options: ["-O0", "-g", "-pthread"],
  afterwards: `gcc -O0 -g -fPIC -shared -DLIBRARY '${THREAD_LOCALS}' -o "$0.so"`,
};

/** Classes whose description `dwz` has moved to another file, without their language. */
const SHARED: DyingProgram = {
  name: "exception, dwz",
  sources: ["exception.cpp"],
  compilers: ["g++"],
  options: ["-O0", "-gdwarf-4"],
  afterwards: 'cp "$0" "$0.other" && dwz -m "$0.shared" "$0" "$0.other"',
};

/** Functions that have left by tail calls, whose variables are found in what they passed on. */
const TAIL_CALLS = [
  ["gcc"],
  ["gcc", "-DITSELF"],
  // LLVM says where its tail calls are in this version's form only.
  ["clang", "-gdwarf-4"],
].map(([compiler = "", ...options]): DyingProgram => ({
  name: `stack_arguments.c ${compiler} ${options}`,
  sources: ["../frames/stack_arguments.c"],
  compilers: [compiler],
  options: ["-O2", "-g", ...options],
}));

/** One check for each machine, and two of dead programs, with files in a directory. */
export function valueChecks(directory: string): NamedCheck[] {
  return [
    ...machineChecks(directory),
    deadCheck("of dead programs", {
      programs: [...PROGRAMS.filter(({ name }) => DEAD.has(name)), THREADS, SHARED, ...TAIL_CALLS],
      directory: `${directory}/values-dead`,
      dump: nativeCore,
    }),
    deadCheck("of programs that died in QEMU", {
      // gdb does not find where QEMU loads what may be loaded anywhere.
      programs: ARM_PROGRAMS.filter(({ moved }) => moved !== true),
      directory: `${directory}/values-arm`,
      dump: qemuCore,
    }),
  ];
}

function deadCheck(
  name: string,
  { programs, directory, dump }: {
    readonly programs: readonly DyingProgram[];
    readonly directory: string;
    readonly dump: typeof nativeCore;
  },
): NamedCheck {
  return {
    kind: "values",
    name,
    check() {
      const cases = programs.flatMap((each, i) => {
        const made = die(each, `${directory}-${i}`, dump);
        return made === undefined ? [] : [{ ...made, name: each.name }];
      });
      if (cases.length === 0) return undefined;
      return checkValues(name, {
        cases,
        directory: directory.slice(0, directory.lastIndexOf("/")),
      });
    },
  };
}

function machineChecks(directory: string): NamedCheck[] {
  return (["x86_64", "aarch64"] as const).map((arch: GuestArch): NamedCheck => ({
    kind: "values",
    name: arch,
    check() {
      const place = `${directory}/values-${arch}`;
      Deno.mkdirSync(place);
      const builds = buildsFor(arch);
      const missing = new Set<string>();
      const refused: string[] = [];
      const cases: ValueCase[] = [];
      for (const each of builds) {
        if (!isInstalled(each.compiler)) missing.add(each.compiler);
        else {
          const made = makeCase(each, { arch, directory: place });
          if (typeof made === "string") refused.push(made);
          else cases.push(made);
        }
      }
      const result = checkValues(arch, { cases, directory: place });
      const notes = Array.from(missing, (compiler) => `left out: what ${compiler} builds`);
      if (result === undefined) return undefined;
      return { ...result, notes, differences: [...refused, ...result.differences] };
    },
  }));
}
