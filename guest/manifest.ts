/**
 * Every piece of guest code, and how it is built. `deno task build:guest` reads this list and nothing else; the list, the
 * sources and the flags go into the hash that each generated module carries.
 *
 * @module
 */
import type { GuestArch, GuestKind } from "./embedded.ts";

/** One ELF file to build. All paths are relative to the project's root. */
export interface GuestBuild {
  /** Name of the program, or `kernel`. */
  readonly name: string;
  /** The architecture to build for. */
  readonly arch: GuestArch;
  /** A kernel image or a program for user mode. */
  readonly kind: GuestKind;
  /** Assembly (`.S`), C (`.c`) and C++ (`.cc`) files, in link order; a `*` in the file name stands for all, sorted. */
  readonly sources: readonly string[];
  /** Linker script, if the linker's own layout does not do. */
  readonly linkerScript?: string;
  /** Flags for every source. */
  readonly compileFlags: readonly string[];
  /** Flags for C++ sources, after those. */
  readonly cxxFlags: readonly string[];
  /** Flags for the linker. */
  readonly linkFlags: readonly string[];
  /** The generated module. */
  readonly output: string;
}

const ARCHES: readonly GuestArch[] = ["x86_64", "aarch64"];

/** Freestanding code at fixed addresses, with unwind tables and without anything that depends on where it was built. */
const COMMON_FLAGS: readonly string[] = [
  "-ffreestanding",
  "-nostdlib",
  "-g0",
  "-fno-ident",
  "-fno-pic",
  "-fno-stack-protector",
  "-fasynchronous-unwind-tables",
  "-Wall",
  "-Wextra",
  "-Werror",
];

/** C++ with exceptions and run-time type information, whose support routines the guest defines. */
const CXX_FLAGS: readonly string[] = ["-std=c++17", "-fexceptions", "-frtti", "-nostdinc++"];

const COMMON_LINK_FLAGS: readonly string[] = [
  "-static",
  "--build-id=none",
  "--eh-frame-hdr",
  "--fatal-warnings",
  "-z",
  "noexecstack",
  "-z",
  "max-page-size=4096",
];

function kernel(arch: GuestArch): GuestBuild {
  return {
    name: "kernel",
    arch,
    kind: "kernel",
    sources: [`arch/${arch}/guest/*.S`],
    linkerScript: `arch/${arch}/guest/kernel.ld`,
    // An interrupt in the kernel pushes its frame where the red zone would be.
    compileFlags: [...COMMON_FLAGS, ...(arch === "x86_64" ? ["-mno-red-zone"] : [])],
    cxxFlags: CXX_FLAGS,
    linkFlags: COMMON_LINK_FLAGS,
    output: `arch/${arch}/guest/kernel_image.gen.ts`,
  };
}

/** The parts of a program that are not the same for all. */
interface ProgramOptions {
  /** Sources; `{arch}` in a path stands for the architecture. By default all C files of `guest/NAME`. */
  readonly sources?: readonly string[];
  /** Optimization level. */
  readonly optimize?: "-O0" | "-O1" | "-O2";
  /** Further compiler flags. */
  readonly compileFlags?: readonly string[];
  /** Further linker flags. */
  readonly linkFlags?: readonly string[];
  /** The architectures to build for. */
  readonly arches?: readonly GuestArch[];
}

/** A program for user mode, entered at `_start`, from its sources in `guest/NAME`. */
export function program(name: string, options: ProgramOptions = {}): GuestBuild[] {
  const {
    sources = [`guest/${name}/*.c`],
    optimize = "-O1",
    compileFlags = [],
    linkFlags = [],
    arches = ARCHES,
  } = options;
  return arches.map((arch) => ({
    name,
    arch,
    kind: "program",
    sources: sources.map((source) => source.replaceAll("{arch}", arch)),
    compileFlags: [...COMMON_FLAGS, optimize, ...compileFlags],
    cxxFlags: CXX_FLAGS,
    linkFlags: [...COMMON_LINK_FLAGS, "--image-base=0x400000", "-e", "_start", ...linkFlags],
    output: `guest/images/${name}_${arch}.gen.ts`,
  }));
}

/** All guest code. */
export const MANIFEST: readonly GuestBuild[] = [
  ...ARCHES.map(kernel),
  // Instructions that trap, one case a label, for the conformance tables of the back-ends.
  ...program("conformance", { sources: ["guest/conformance/{arch}.S"] }),
];
