/**
 * Programs with variables of every kind, built for this check, and core files of them: of a machine
 * in which they run until they trap, with all registers.
 *
 * @module
 */
import { archByName } from "../../../../arch/mod.ts";
import type { GuestArch } from "../../../../guest/embedded.ts";
import { Machine } from "../../../../kernel/mod.ts";
import { cachedFolder } from "../../../cached.ts";
import { outputOf } from "../../tool.ts";
import type { ValueCase } from "./compare.ts";

const SOURCES = new URL("../../../../testdata/debug/", import.meta.url).pathname;

/** Instructions after which a program is taken to hang. */
const LIFE = 5_000_000;

/** What C and C++ are given: there is no library, and no runtime. */
const COMMON = ["-g", "-ffreestanding", "-nostdlib", "-static", "-fno-stack-protector", "-w"];
const CPP = ["-std=c++20", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"];

/** What Rust is given. */
const RUST = [
  ...["-g", "--edition", "2021", "-C", "panic=abort", "-C", "relocation-model=static"],
  ...["-nostdlib", "-static", "-nostartfiles"].flatMap((arg) => ["-C", `link-arg=${arg}`]),
];

/** A way to build a program. */
export interface Build {
  /** Name of the source. */
  readonly source: string;
  /** The compiler. */
  readonly compiler: string;
  /** What it is given always. */
  readonly common: readonly string[];
  /** What it is given this time. */
  readonly flags: readonly string[];
}

/** A compiler with what it needs for a machine. */
type Compiler = readonly [command: string, ...common: readonly string[]];

const COMPILERS: Readonly<Record<GuestArch, readonly Compiler[]>> = {
  x86_64: [["gcc"], ["clang"]],
  aarch64: [
    ["aarch64-linux-gnu-gcc"],
    ["clang", "--target=aarch64-linux-gnu", "-fuse-ld=lld"],
  ],
};

const RUST_TARGETS: Readonly<Record<GuestArch, readonly string[]>> = {
  x86_64: [],
  aarch64: ["--target=aarch64-unknown-linux-gnu", "-C", "linker=aarch64-linux-gnu-gcc"],
};

/** Versions and levels, and once each: split information, and types in units of their own. */
const VARIANTS: readonly (readonly string[])[] = [
  ...["-gdwarf-4", "-gdwarf-5"].flatMap((version) => [[version, "-O0"], [version, "-O2"]]),
  ["-gdwarf-4", "-O2", "-gsplit-dwarf"],
  ["-gdwarf-4", "-O0", "-fdebug-types-section"],
];

/** gdb 13 takes all for optimized out that LLVM puts into lists of split DWARF 5. */
const GCC_ONLY: readonly (readonly string[])[] = [["-gdwarf-5", "-O2", "-gsplit-dwarf"]];

/** All builds for a machine. */
export function buildsFor(arch: GuestArch): Build[] {
  const builds: Build[] = [];
  for (const source of ["values.c", "values.cpp"]) {
    for (const [compiler, ...own] of COMPILERS[arch]) {
      const common = [...own, ...COMMON, ...source.endsWith(".cpp") ? CPP : []];
      const variants = compiler === "clang" ? VARIANTS : [...VARIANTS, ...GCC_ONLY];
      for (const flags of variants) builds.push({ source, compiler, common, flags });
    }
  }
  const compiler = `${cachedFolder("rust")}/bin/rustc`;
  for (const level of ["0", "2"]) {
    const flags = ["-C", `opt-level=${level}`];
    const common = [...RUST, ...RUST_TARGETS[arch]];
    builds.push({ source: "values.rs", compiler, common, flags });
  }
  return builds;
}

/** Builds a program and makes a core file of it; an error as text if the compiler refuses. */
export function makeCase(
  { source, compiler, common, flags }: Build,
  { arch, directory }: { readonly arch: GuestArch; readonly directory: string },
): ValueCase | string {
  const tool = compiler.split("/").at(-1);
  const name = `${source} ${tool} ${flags.join(" ")}`;
  // Split information is written to where the compiler runs, under the source's name.
  const cwd = `${directory}/${name}`.replaceAll(" ", "_");
  Deno.mkdirSync(cwd);
  const program = `${cwd}/program`;
  const args = [...common, ...flags, `${SOURCES}${source}`, "-o", program];
  if (outputOf(compiler, args, { cwd }) === undefined) {
    return `${tool} does not build ${name}`;
  }
  const core = `${program}.core`;
  Deno.writeFileSync(core, coreOf(program, arch));
  return { name, program, core };
}

/** A core file of a program when it traps. */
function coreOf(program: string, arch: GuestArch): Uint8Array {
  let bytes: Uint8Array | undefined;
  using machine: Machine = new Machine({
    arch: archByName(arch),
    modules: [{ commandLine: program, bytes: Deno.readFileSync(program), abi: "linux" }],
    memory: 16 * 2 ** 20,
    sinks: [{
      write(event) {
        const isEnd = event.type === "panic" || event.type === "task-exit";
        if (isEnd) bytes ??= machine.core({ task: 1, file: program });
      },
    }],
  });
  machine.run(LIFE);
  if (bytes === undefined) throw new Error(`Program ${program} has not trapped`);
  return bytes;
}
