/**
 * Programs with variables of every kind, built for this check, and core files of them: of a machine
 * in which they run until they trap, with all registers.
 *
 * @module
 */
import { archByName } from "../../../../arch/mod.ts";
import type { GuestArch } from "../../../../guest/embedded.ts";
import { Machine } from "../../../../kernel/mod.ts";
import { outputOf } from "../../tool.ts";
import type { ValueCase } from "./compare.ts";

const SOURCES = new URL("../../../../testdata/debug/", import.meta.url).pathname;

/** Instructions after which a program is taken to hang. */
const LIFE = 5_000_000;

/** What C++ is given: no more of a runtime is there than of a library. */
const CPP = ["-std=c++20", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"];

const COMMON = ["-ffreestanding", "-nostdlib", "-static", "-fno-stack-protector", "-w"];

/** How a program is built. */
export interface Build {
  /** Name of the source. */
  readonly source: string;
  /** The compiler, with what it is always given. */
  readonly compiler: readonly string[];
  /** What it is given this time. */
  readonly flags: readonly string[];
}

/** Compilers of C and C++ for a machine, and the flags that differ. */
const COMPILERS: Readonly<Record<GuestArch, readonly (readonly string[])[]>> = {
  x86_64: [["gcc"], ["clang"]],
  aarch64: [
    ["aarch64-linux-gnu-gcc"],
    ["clang", "--target=aarch64-linux-gnu", "-fuse-ld=lld"],
  ],
};

/** All builds for a machine. */
export function buildsFor(arch: GuestArch): Build[] {
  const variants = ["-gdwarf-4", "-gdwarf-5"].flatMap((version) =>
    ["-O0", "-O2"].map((level) => ["-g", version, level])
  );
  return ["values.c", "values.cpp"].flatMap((source) =>
    COMPILERS[arch].flatMap((compiler) =>
      variants.map((flags): Build => ({ source, compiler, flags }))
    )
  );
}

/** Builds a program and makes a core file of it; undefined if the compiler is missing. */
export function makeCase(
  { source, compiler: [command = "", ...own], flags }: Build,
  { arch, directory }: { readonly arch: GuestArch; readonly directory: string },
): ValueCase | undefined {
  const name = `${source} ${command} ${flags.join(" ")}`;
  const program = `${directory}/${arch} ${name}`.replaceAll(" ", "_");
  const language = source.endsWith(".cpp") ? CPP : [];
  const args = [...own, ...flags, ...COMMON, ...language, `${SOURCES}${source}`, "-o", program];
  if (outputOf(command, args) === undefined) return undefined;
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
