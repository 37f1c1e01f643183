/**
 * Every piece of guest code, and how it is built. `deno task build:guest` reads this list and
 * nothing else; the list, the sources and the flags go into the hash that each generated module
 * carries.
 *
 * @module
 */
import type { GuestArch, GuestKind } from "./embedded.ts";
import { COMPILE_FLAGS, CXX_FLAGS, LINK_FLAGS, PAGED_FLAGS, PROGRAM_LINK_FLAGS } from "./flags.ts";

/** One ELF file to build. All paths are relative to the project's root. */
export interface GuestBuild {
  /** Name of the program, or `kernel`. */
  readonly name: string;
  /** The architecture to build for. */
  readonly arch: GuestArch;
  /** A kernel image or a program for user mode. */
  readonly kind: GuestKind;
  /**
   * Assembly (`.S`), C (`.c`) and C++ (`.cc`) files, in link order; a `*` in the file name stands
   * for all, sorted.
   */
  readonly sources: readonly string[];
  /** Linker script, if the linker's own layout does not do. */
  readonly linkerScript?: string;
  /** Version of the Rust compiler, major and minor, for sources in Rust. */
  readonly rust?: string;
  /** Major version of the compiler, if it is not Debian's own; a newer one will do. */
  readonly clang?: number;
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

/** Compiler of C and C++ for AArch64, where Debian's own is too old (`OLDEST_CLANG`). */
const AARCH64_CLANG = 16;

/** The flags of all code, and what makes its bytes depend on nothing but its sources. */
const COMMON_FLAGS: readonly string[] = [...COMPILE_FLAGS, "-g0", "-fno-ident", "-Werror"];

const COMMON_LINK_FLAGS: readonly string[] = [...LINK_FLAGS, "--fatal-warnings"];

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
  /**
   * Sources; `{arch}` in a path stands for the architecture. By default all C files of
   * `guest/NAME`.
   */
  readonly sources?: readonly string[];
  /** Optimization level. */
  readonly optimize?: "-O0" | "-O1" | "-O2";
  /** Further compiler flags. */
  readonly compileFlags?: readonly string[];
  /** Further linker flags. */
  readonly linkFlags?: readonly string[];
  /** Linker script, if the linker's own layout does not do. */
  readonly linkerScript?: string;
  /** The architectures to build for. */
  readonly arches?: readonly GuestArch[];
}

/** Whether a source is more than assembly. */
function isCompiled(source: string): boolean {
  return !source.endsWith(".S");
}

/** A program for user mode, entered at `_start`, from its sources in `guest/NAME`. */
export function program(name: string, options: ProgramOptions = {}): GuestBuild[] {
  const {
    sources = [`guest/${name}/*.c`],
    optimize = "-O1",
    compileFlags = [],
    linkFlags = [],
    linkerScript,
    arches = ARCHES,
  } = options;
  return arches.map((arch) => ({
    name,
    arch,
    kind: "program",
    sources: sources.map((source) => source.replaceAll("{arch}", arch)),
    ...(linkerScript === undefined ? {} : { linkerScript }),
    ...(arch === "aarch64" && sources.some(isCompiled) ? { clang: AARCH64_CLANG } : {}),
    compileFlags: [...COMMON_FLAGS, optimize, ...compileFlags],
    cxxFlags: CXX_FLAGS,
    linkFlags: [...COMMON_LINK_FLAGS, ...PROGRAM_LINK_FLAGS, ...linkFlags],
    output: `guest/images/${name}_${arch}.gen.ts`,
  }));
}

/** Thread-local storage, for programs of user mode. */
const TLS = "guest/include/tls.c";

/** Entry code, thread-local storage, cache maintenance and console output of C programs. */
const C_RUNTIME: readonly string[] = ["crt0.S", "tls.c", "clear_cache.c", "format.c"]
  .map((file) => `guest/include/${file}`);

/**
 * A C program of `guest/programs`, with its segments on pages of the file, too; without floating
 * point unless it says so.
 */
function cProgram(name: string, options: ProgramOptions = {}): GuestBuild[] {
  return program(name, {
    compileFlags: ["-mgeneral-regs-only"],
    linkFlags: PAGED_FLAGS,
    ...options,
    sources: [...C_RUNTIME, ...(options.sources ?? [`guest/programs/${name}.c`])],
  });
}

/** Switches between stacks and coroutines over them. */
const CORO: readonly string[] = ["guest/coro/coro_switch.S", "guest/coro/coro.c"];

/** Stacks for them, and what their CPU exceptions come to. */
const CORO_TRAPS: readonly string[] = [
  "guest/coro/coro_stack.c",
  "guest/coro/coro_trap.c",
  "guest/include/exception.S",
];

/** What lets a host drive a program's coroutines. */
const CORO_AGENT: readonly string[] = [
  "guest/coro/coro_agent_call.S",
  "guest/coro/coro_agent.c",
  "guest/include/string.c",
];

/** Where kernel-mode programs are linked: the back-ends' program regions. */
const KERNEL_PROGRAM_BASE: Readonly<Record<GuestArch, string>> = {
  x86_64: "0xffff805000000000",
  aarch64: "0xffff005000000000",
};

/**
 * The same sources as a program for user mode, built to run at the kernel's privilege in the kernel
 * half: position independent because the addresses do not fit in 32 bits, without vector registers,
 * and without a red zone because interrupts push on its stack.
 */
function kernelProgram(name: string, options: ProgramOptions = {}): GuestBuild[] {
  return ARCHES.flatMap((arch) =>
    program(name, {
      ...options,
      arches: [arch],
      compileFlags: [
        "-DKERNEL_MODE",
        "-fpie",
        "-mgeneral-regs-only",
        ...(arch === "x86_64" ? ["-mno-red-zone"] : []),
      ],
      linkFlags: [`--image-base=${KERNEL_PROGRAM_BASE[arch]}`],
    })
  );
}

/**
 * Green threads, built without optimization so that their frames are as large as the log says they
 * were.
 */
function green(name: string, compileFlags: readonly string[] = []): GuestBuild[] {
  return cProgram(name, {
    sources: ["guest/green/*.c", "guest/green/*.S", "guest/include/string.c"],
    optimize: "-O0",
    compileFlags: ["-mgeneral-regs-only", ...compileFlags],
  });
}

/** The exception ABI of C++. */
const CXX_RUNTIME: readonly string[] = ["guest/runtime/cxxabi.cc", "guest/runtime/*.S"];

/** Sources of the program that unwinds. */
const UNWIND_SOURCES: readonly string[] = [
  "guest/unwind/*.cc",
  "guest/unwind/*.S",
  ...CXX_RUNTIME,
];

/** Sources of the program that cleans up for ever. */
const STUBBORN_SOURCES: readonly string[] = ["guest/stubborn/*.cc", ...CXX_RUNTIME];

/**
 * The chain of calls in Rust. The core library's debug information is left out, and so is what the program does not
 * use.
 */
const RUST_UNWIND: readonly GuestBuild[] = program("unwind-rust", {
  sources: [
    "guest/unwind-rust/*.rs",
    "guest/unwind-rust/*.c",
    "guest/runtime/entry.S",
    TLS,
    "guest/unwind/leaf.S",
  ],
  compileFlags: ["-fno-builtin"],
  linkFlags: ["--gc-sections", "--strip-debug"],
}).map((build) => ({ ...build, rust: "1.96" }));

/** All guest code. */
export const MANIFEST: readonly GuestBuild[] = [
  ...ARCHES.map(kernel),
  // Instructions that trap, one case a label, for the conformance tables of the back-ends.
  ...program("conformance", { sources: ["guest/conformance/{arch}.S"] }),
  // C++ with every way to end a chain of calls, for unwinding.
  ...program("unwind", { sources: [...UNWIND_SOURCES, TLS] }),
  ...RUST_UNWIND,
  // Exceptions as C++ has them; what compilers warn of is what handlers are to be told apart by.
  ...program("unwind-types", {
    sources: [
      "guest/unwind_types/*.cc",
      "guest/unwind_types/*.S",
      ...CXX_RUNTIME,
      TLS,
    ],
    compileFlags: ["-Wno-exceptions", "-Wno-dynamic-exception-spec", "-Wno-infinite-recursion"],
  }),
  ...kernelProgram("unwind-kernel", { sources: UNWIND_SOURCES }),
  // Cleanups that never return, for killing twice.
  ...program("stubborn", { sources: [...STUBBORN_SOURCES, TLS] }),
  ...kernelProgram("stubborn-kernel", { sources: STUBBORN_SOURCES }),
  // The program of the boot log: floating point where it says so and nowhere else, one function a
  // page.
  ...cProgram("module-hello", {
    sources: ["guest/module-hello/*.c"],
    compileFlags: ["-mno-implicit-float", "-ffunction-sections"],
    linkFlags: ["--gc-sections"],
    linkerScript: "guest/module-hello/module-hello.ld",
  }),
  ...cProgram("spinner"),
  ...cProgram("threads"),
  ...cProgram("fpmix", { compileFlags: ["-mno-implicit-float"] }),
  ...cProgram("sleeper"),
  ...cProgram("tls"),
  ...cProgram("jit"),
  ...cProgram("mapfile"),
  ...cProgram("jobs"),
  // Work for schedulers: all at once, in bursts, or each period.
  ...["busy", "bursts", "periodic"].flatMap((name) =>
    cProgram(name, {
      sources: ["guest/programs/scheduling/work.c", `guest/programs/scheduling/${name}.c`],
    })
  ),
  // Exceptions and kills that pass objects with mutexes.
  ...program("guards", { sources: ["guest/programs/guards/*.cc", ...CXX_RUNTIME, TLS] }),
  // Locks under contention.
  ...cProgram("locking", {
    sources: ["guest/programs/scheduling/locking.c", "guest/include/string.c"],
  }),
  // The inversion of priorities on Mars.
  ...cProgram("pathfinder", { sources: ["guest/programs/scheduling/pathfinder.c"] }),
  // Threads that do what the arguments say, as a simulator's workload.
  ...cProgram("steps", {
    sources: ["guest/programs/scheduling/steps.c", "guest/include/string.c"],
  }),
  // Coroutines in C++, with exceptions.
  ...program("coro-cxx", {
    sources: [
      "guest/programs/coro_cxx/*.cc",
      "guest/programs/coro_cxx/*.c",
      ...CORO,
      ...CXX_RUNTIME,
      "guest/coro/coro_unwind.cc",
      TLS,
    ],
  }),
  // And in C.
  ...cProgram("switch-forms", {
    sources: [...CORO, "guest/programs/switch_forms.c"],
    // For walks by frame pointers, too.
    compileFlags: ["-fno-omit-frame-pointer"],
  }),
  ...cProgram("coro", { sources: [...CORO, "guest/programs/coro.c"] }),
  ...cProgram("coronest", { sources: [...CORO, "guest/programs/coronest.c"] }),
  // Functions for a host to drive.
  ...cProgram("coro-host", {
    sources: [...CORO, ...CORO_TRAPS, ...CORO_AGENT, "guest/programs/coro_host/*.c"],
  }),
  ...program("coro-host-cxx", {
    sources: [
      ...C_RUNTIME.filter((file) => file !== TLS),
      ...CORO,
      ...CORO_TRAPS,
      ...CORO_AGENT,
      "guest/coro/coro_agent_catch.cc",
      ...CXX_RUNTIME,
      "guest/coro/coro_unwind.cc",
      "guest/unwind_types/abi.cc",
      TLS,
      "guest/programs/coro_host/*.cc",
    ],
    compileFlags: ["-DTRAPLINE_PROGRAM"],
    linkFlags: PAGED_FLAGS,
  }),
  // Green threads, sound or with the defect its argument names; and with the switch they died of.
  ...green("green"),
  ...green("green-crash", ["-DENTER_BY_CALL"]),
  // Stacks of coroutines, what they do wrong, and several threads.
  ...cProgram("coroutines", {
    sources: [...CORO, ...CORO_TRAPS, "guest/include/string.c", "guest/programs/coroutines/*.c"],
  }),
  // A thousand of them, in C++.
  ...program("coro-stress", {
    sources: [
      "guest/programs/coro_stress/*.cc",
      ...CORO,
      ...CORO_TRAPS,
      "guest/include/format.c",
      ...CXX_RUNTIME,
      "guest/coro/coro_unwind.cc",
      TLS,
    ],
  }),
  // Handlers of CPU exceptions, which also see the registers that only assembly loads.
  ...cProgram("handlers", {
    sources: [
      "guest/include/exception.S",
      "guest/include/string.c",
      "guest/programs/handlers/*.c",
      "guest/programs/handlers/{arch}.S",
    ],
    compileFlags: ["-mno-implicit-float"],
  }),
  // Loops that stack switches are measured in.
  ...cProgram("switches", { sources: [...CORO, "guest/bench/switches/*.c"], optimize: "-O2" }),
  // The same in C++, where unwinding goes through a handler.
  ...program("handlers-cxx", {
    sources: [
      "guest/programs/handlers_cxx/*.cc",
      "guest/programs/handlers/{arch}.S",
      "guest/include/exception.S",
      ...CXX_RUNTIME,
      TLS,
    ],
  }),
  // Loops that the paths of the kernel are measured in.
  ...cProgram("bench", { sources: ["guest/bench/main.c", "guest/bench/{arch}.S"] }),
  // A VM whose methods run interpreted and compiled, without a program (`docs/virtual-machine.md`).
  ...cProgram("vm", {
    sources: [
      "guest/include/string.c",
      ...[
        "code",
        "exceptions",
        "heap",
        "memory",
        "natives",
        "program",
        "threads",
        "walk",
        "compiler",
      ]
        .map((folder) => `guest/runtimes/vm/${folder}/*.c`),
      "guest/runtimes/vm/{arch}/*.c",
      "guest/runtimes/vm/{arch}/*.S",
      "guest/runtimes/vm/*.S",
    ],
    optimize: "-O2",
    linkerScript: "guest/runtimes/vm/vm.ld",
  }),
  // Misbehaves in the way its argument names; it pushes and pops in inline assembly, so there is no
  // red zone.
  ...cProgram("bad", {
    sources: [
      ...["main", "memory", "vm", "calls", "threads"].map((file) => `guest/programs/bad/${file}.c`),
      "guest/programs/bad/processor_{arch}.c",
    ],
    compileFlags: ["-mgeneral-regs-only", "-mno-red-zone"],
  }),
];
