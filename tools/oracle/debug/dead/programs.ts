/**
 * The programs of whose deaths cores are made: how each is built, and how it dies.
 *
 * @module
 */
import { cachedFolder } from "../../../cached.ts";

/** A way to build a program and to have it die. */
export interface DyingProgram {
  /** What it shows. */
  readonly name: string;
  /** Sources in `testdata/debug/cores`; none if the program is there already. */
  readonly sources?: readonly string[];
  /** Compiler; the first of several that is installed. */
  readonly compilers?: readonly string[];
  /** Its options. */
  readonly options?: readonly string[];
  /** What is done with the built program: `$0` is its file. */
  readonly afterwards?: string;
  /** The program, if it is not built. */
  readonly program?: string;
  /** Its arguments. */
  readonly args?: readonly string[];
  /** Signals that it handles itself. */
  readonly handles?: readonly string[];
  /** Whether it is a child of the program that dies. */
  readonly inChild?: boolean;
  /** Where gdb does not find out where it is loaded. */
  readonly moved?: boolean;
}

const O2 = ["-O2", "-g"];
const RUST = [`${cachedFolder("rust")}/bin/rustc`, "rustc"];
const CTYPES = "import ctypes\n" +
  "kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)\n" +
  "compare = kind(lambda a, b: len(ctypes.string_at(16)))\n" +
  "numbers = (ctypes.c_int * 4)(4, 3, 2, 1)\n" +
  "ctypes.CDLL(None).qsort(numbers, 4, 4, compare)\n";

/** Programs of this machine. */
export const PROGRAMS: readonly DyingProgram[] = [
  { name: "callback of the C library", sources: ["callback.c"], options: ["-O1", "-g"] },
  {
    name: "callback, no frame pointer, clang, DWARF 4, old relocations",
    sources: ["callback.c"],
    compilers: ["clang"],
    options: ["-O2", "-gdwarf-4", "-fomit-frame-pointer", "-Wl,-z,lazy"],
  },
  { name: "callback, static PIE", sources: ["callback.c"], options: [...O2, "-static-pie"] },
  { name: "callback, static", sources: ["callback.c"], options: ["-O0", "-g", "-static"] },
  {
    name: "callback, separate debug file",
    sources: ["callback.c"],
    options: [...O2, "-fomit-frame-pointer", "-Wl,--build-id=none"],
    afterwards: 'objcopy --only-keep-debug "$0" "$0.debug" && strip "$0" && ' +
      'objcopy --add-gnu-debuglink="$0.debug" "$0"',
  },
  {
    name: "signal handler",
    sources: ["signal_stack.c"],
    options: O2,
    handles: ["SIGUSR1"],
  },
  {
    name: "signal handler on a stack of its own",
    sources: ["signal_stack.c"],
    options: ["-O0", "-g"],
    args: ["alternate"],
    handles: ["SIGUSR1"],
  },
  { name: "end of the stack", sources: ["overflow.c"], options: O2 },
  {
    name: "end of the stack, handled",
    sources: ["overflow.c"],
    options: [...O2, "-fomit-frame-pointer"],
    args: ["handled"],
    handles: ["SIGSEGV"],
  },
  { name: "threads", sources: ["threads.c"], options: [...O2, "-pthread"] },
  {
    name: "exception, -O0",
    sources: ["exception.cpp"],
    compilers: ["g++"],
    options: ["-O0", "-g"],
    args: [],
  },
  { name: "exception, -O2", sources: ["exception.cpp"], compilers: ["g++"], options: O2 },
  {
    name: "pure virtual call, split DWARF",
    sources: ["exception.cpp"],
    compilers: ["g++"],
    options: ["-O1", "-g", "-gsplit-dwarf"],
    args: ["pure"],
  },
  { name: "call of a null pointer", sources: ["jumps.c"], options: O2, args: ["null"] },
  { name: "call of no code", sources: ["jumps.c"], options: O2, args: ["wild"] },
  {
    name: "stub of the linker",
    sources: ["jumps.c"],
    options: [...O2, "-Wl,-z,lazy"],
    args: ["stub"],
  },
  {
    name: "call of a null pointer by a stub",
    sources: ["jumps.c"],
    options: [...O2, "-Wl,-z,lazy"],
    args: ["gone"],
  },
  { name: "vDSO", sources: ["jumps.c"], options: O2, args: ["vdso"] },
  { name: "vfork, abort", sources: ["family.c"], options: O2, inChild: true },
  { name: "heap", sources: ["heap.c"], options: [...O2, "-gz"] },
  {
    name: "inlined, LTO",
    sources: ["inlined.c", "inlined_other.c"],
    options: [...O2, "-flto"],
  },
  { name: "inlined, -O0", sources: ["inlined.c", "inlined_other.c"], options: ["-O0", "-g"] },
  {
    name: "Rust, panic",
    sources: ["panic.rs"],
    compilers: RUST,
    options: ["-g", "-C", "opt-level=2", "-C", "panic=abort"],
  },
  {
    name: "Rust, panic, -O0",
    sources: ["panic.rs"],
    compilers: RUST,
    options: ["-g", "-C", "panic=abort"],
  },
  { name: "python3", program: "/usr/bin/python3", args: ["-c", CTYPES] },
];

const ARM_C = ["aarch64-linux-gnu-gcc"];
const ARM_CXX = ["aarch64-linux-gnu-g++"];
const FIXED = ["-no-pie"];

/**
 * Programs for AArch64, which die in QEMU. None dies in a signal handler: of QEMU's signal frames gdb
 * 13 reads the same record for ever.
 */
export const ARM_PROGRAMS: readonly DyingProgram[] = [
  {
    name: "callback of the C library",
    sources: ["callback.c"],
    compilers: ARM_C,
    options: [...O2, ...FIXED],
  },
  {
    name: "callback, static",
    sources: ["callback.c"],
    compilers: ARM_C,
    options: [...O2, "-static", "-fomit-frame-pointer"],
  },
  {
    name: "callback, static PIE",
    sources: ["callback.c"],
    compilers: ARM_C,
    options: [...O2, "-static-pie"],
    moved: true,
  },
  {
    name: "threads",
    sources: ["threads.c"],
    compilers: ARM_C,
    options: [...O2, ...FIXED, "-pthread"],
  },
  { name: "exception", sources: ["exception.cpp"], compilers: ARM_CXX, options: [...O2, ...FIXED] },
  {
    name: "pure virtual call",
    sources: ["exception.cpp"],
    compilers: ARM_CXX,
    options: ["-O0", "-g", ...FIXED],
    args: ["pure"],
  },
  {
    name: "call of a null pointer",
    sources: ["jumps.c"],
    compilers: ARM_C,
    options: [...O2, ...FIXED],
    args: ["null"],
  },
  { name: "heap", sources: ["heap.c"], compilers: ARM_C, options: [...O2, ...FIXED] },
];
