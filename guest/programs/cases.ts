/**
 * What becomes of each case of the program `bad` (`guest/programs/bad/`): the code it exits with,
 * or why its task is killed. Either way the kernel goes on.
 *
 * An exit code of 0 says that the kernel refused a system call as it should, or that the deed was
 * none of its business; 100 and more say that a misbehavior had no consequence.
 *
 * @module
 */
import type { GuestArch } from "../embedded.ts";

/** How a task ends. */
export type Ending =
  | {
    /** Code it exits with, 32 bits, signed. */
    readonly exit: number;
  }
  | {
    /** What the reason it is killed for looks like, as a whole. */
    readonly killed: RegExp;
  };

/** One case of the program. */
export interface BadCase {
  /** The program's argument. */
  readonly name: string;
  /**
   * How it ends by the architecture's manual; an architecture that is absent does not have the
   * case.
   */
  readonly expect: Readonly<Partial<Record<GuestArch, Ending>>>;
}

const HEX = "0x[0-9a-f]+";

/** The reason of a fault that user code did not survive. */
function fault(
  access: "read" | "write" | "execute",
  why: "not mapped" | "not allowed" | "outside the user's half",
  address = HEX,
): Ending {
  return { killed: new RegExp(`^${access} of ${address}: ${why}, at ${HEX}$`) };
}

/** The reason of any other exception. */
function trap(meaning: string): Ending {
  return { killed: new RegExp(`^${meaning}, at ${HEX}$`) };
}

function both(ending: Ending, names: readonly string[]): BadCase[] {
  return names.map((name) => ({ name, expect: { x86_64: ending, aarch64: ending } }));
}

function only(arch: GuestArch, options: { ending: Ending; names: readonly string[] }): BadCase[] {
  return options.names.map((name) => ({ name, expect: { [arch]: options.ending } }));
}

const UNMAPPED = "0x5555deadb000";
const REFUSED: Ending = { exit: 0 };
const PROTECTION = trap("general protection(: (GDT|LDT|IDT) entry \\d+)?");
const UNDEFINED = trap("undefined instruction");

/** The case of an address x86-64 calls non-canonical and AArch64 merely does not map. */
function nonCanonical(access: "read" | "write" | "execute"): BadCase["expect"] {
  return {
    x86_64: trap("general protection"),
    aarch64: fault(access, "outside the user's half", "0x1000000000000"),
  };
}

const MEMORY: readonly BadCase[] = [
  ...both(fault("read", "not mapped", "0x0"), ["read-null"]),
  ...both(fault("write", "not mapped", "0x0"), ["write-null"]),
  ...both(fault("execute", "not mapped", "0x0"), ["jump-null"]),
  ...both(fault("read", "not mapped", UNMAPPED), ["read-unmapped"]),
  ...both(fault("write", "not mapped", UNMAPPED), ["write-unmapped"]),
  ...both(fault("execute", "not mapped", UNMAPPED), ["jump-unmapped"]),
  ...both(fault("read", "outside the user's half"), [
    "read-kernel",
    "read-last-word",
    "read-across-end",
  ]),
  ...both(fault("write", "outside the user's half"), ["write-kernel"]),
  ...both(fault("execute", "outside the user's half"), ["jump-kernel"]),
  { name: "read-non-canonical", expect: nonCanonical("read") },
  { name: "write-non-canonical", expect: nonCanonical("write") },
  { name: "jump-non-canonical", expect: nonCanonical("execute") },
  ...both(fault("read", "not mapped"), ["read-above-allocation"]),
  ...both(fault("write", "not allowed"), ["write-text", "write-constants"]),
  ...both(fault("write", "not mapped"), ["write-below-stack", "recurse"]),
  ...both(fault("execute", "not allowed"), [
    "jump-data",
    "jump-zeros",
    "jump-constants",
    "jump-stack",
    "jump-allocated",
  ]),
];

const VM: readonly BadCase[] = [
  ...both(REFUSED, [
    "allocate-absurd",
    "map-file-absurd",
    "map-file-unaligned",
    "map-file-past-end",
    "map-file-last-page",
    "map-file-protection",
    "deallocate-absurd",
    "protect-absurd",
    "protect-bits",
    "protect-huge-bits",
  ]),
  ...both(fault("write", "not mapped"), ["deallocate-stack"]),
  ...both(fault("execute", "not mapped"), ["deallocate-text", "deallocate-everything"]),
  ...both(fault("execute", "not allowed"), ["protect-text", "protect-text-data"]),
  ...both(fault("write", "not allowed"), ["protect-stack", "write-mapped-file"]),
  ...both(fault("read", "not allowed"), ["read-protected"]),
  ...both(fault("read", "not mapped"), ["read-deallocated"]),
];

const CALLS: readonly BadCase[] = [
  ...both(REFUSED, [
    ...[
      "null",
      "unmapped",
      "kernel",
      "non-canonical",
      "user-end",
      "last-word",
      "across",
      "protected",
      "huge",
      "too-long",
      "longest",
      "wrapping",
    ].map((what) => `print-${what}`),
    ...[
      "null",
      "unmapped",
      "kernel",
      "non-canonical",
      "user-end",
      "constants",
      "text",
      "across",
      "kernel-task",
      "nobody",
    ].map((what) => `task-info-${what}`),
    ...["null", "kernel", "non-canonical", "constants", "across"].map((what) =>
      `host-info-${what}`
    ),
    ...["huge", "longest", "short"].map((what) => `info-${what}`),
    ...["nobody", "huge", "kernel", "self"].map((what) => `task-wait-${what}`),
    ...["kernel", "nobody", "negative", "huge"].map((what) => `terminate-${what}`),
    ...["unknown", "negative", "32-bits", "32-bits-exit", "many"].map((what) => `call-${what}`),
    ...["sleep-huge", "sleep-longest"],
    ...["null", "kernel", "ones"].map((what) => `every-call-${what}`),
  ]),
  ...both({ killed: /^terminated by bad$/ }, ["terminate-self"]),
  ...both({ exit: 7 }, ["exit-7"]),
  ...both({ exit: 255 }, ["exit-255"]),
  ...both({ exit: -1 }, ["exit-negative"]),
  ...both({ exit: -(2 ** 31) }, ["exit-minimum"]),
];

const THREADS: readonly BadCase[] = [
  ...both(fault("execute", "not mapped", "0x0"), ["thread-entry-null"]),
  ...both(fault("execute", "not mapped", UNMAPPED), ["thread-entry-unmapped"]),
  ...both(REFUSED, ["thread-entry-kernel", "thread-entry-non-canonical", "thread-stack-kernel"]),
  ...both(fault("write", "outside the user's half"), ["thread-stack-null"]),
  ...both(fault("write", "not mapped"), ["thread-stack-unmapped", "thread-recurse"]),
  ...both(fault("write", "not mapped", UNMAPPED), ["thread-fault"]),
  ...both(REFUSED, ["thread-spins", "thread-sleeps", "thread-flood", "thread-churn"]),
];
/** Instructions of both architectures, or of one and its nearest relative on the other. */
const PROCESSOR: readonly BadCase[] = [
  { name: "hlt", expect: { x86_64: PROTECTION, aarch64: UNDEFINED } },
  { name: "undefined", expect: { x86_64: trap("invalid opcode"), aarch64: UNDEFINED } },
  { name: "breakpoint", expect: { x86_64: trap("breakpoint"), aarch64: trap("BRK #0") } },
  { name: "divide-by-zero", expect: { x86_64: trap("divide error"), aarch64: trap("BRK #1000") } },
  ...both(REFUSED, [
    "syscall-stack-null",
    "syscall-stack-kernel",
    "spin-stack-null",
    "spin-stack-kernel",
  ]),
];

const X86_64: readonly BadCase[] = [
  ...only("x86_64", {
    ending: PROTECTION,
    names: [
      ...["cli", "sti", "read-cr0", "write-cr0", "write-cr3", "write-cr4", "write-dr7", "clts"],
      ...["lmsw", "rdmsr", "wrmsr", "lgdt", "lidt", "lldt", "ltr", "invlpg", "wbinvd", "swapgs"],
      ...["sysret", "int-0", "int-14", "int-32", "int-66", "int-128", "load-kernel-ss"],
      ...["load-wild-ds", "iret-to-kernel", "lret-to-kernel", "iret-nested", "popf-io-privilege"],
    ],
  }),
  { name: "in", expect: { x86_64: PROTECTION } },
  { name: "out", expect: { x86_64: PROTECTION } },
  {
    name: "lock-mov",
    expect: { x86_64: trap("invalid opcode") },
  },
  ...only("x86_64", { ending: trap("stack-segment fault"), names: ["push-non-canonical"] }),
  ...only("x86_64", {
    ending: trap("debug exception"),
    names: ["single-step", "single-step-syscall"],
  }),
  ...only("x86_64", { ending: trap("divide error"), names: ["divide-overflow"] }),
  ...only("x86_64", { ending: fault("execute", "not mapped"), names: ["syscall-page-end"] }),
  ...only("x86_64", { ending: REFUSED, names: ["syscall-flags", "clear-gs"] }),
];

const AARCH64: readonly BadCase[] = [
  ...only("aarch64", {
    ending: UNDEFINED,
    names: [
      ...["write-vbar", "read-sctlr", "write-sctlr", "write-ttbr0", "write-ttbr1", "write-elr"],
      ...["write-spsr", "read-esr", "write-sp-el0", "write-cpacr", "write-tpidr-el1"],
      ...["read-current-el", "select-sp", "eret", "tlbi", "ic", "at", "hvc", "smc"],
      ...["unallocated", "raise-level"],
    ],
  }),
  // SCTLR_EL1.UMA is 0, so these trap; an implementation may also call them undefined.
  ...only("aarch64", {
    ending: trap("(trapped system instruction|undefined instruction)"),
    names: ["mask-interrupts", "unmask-interrupts"],
  }),
  ...only("aarch64", {
    ending: trap("PC alignment fault"),
    names: ["jump-unaligned-1", "jump-unaligned-2"],
  }),
  ...only("aarch64", { ending: REFUSED, names: ["syscall-stack-unaligned", "syscall-state"] }),
];

/** Every case; a name stands here once. */
export const BAD_CASES: readonly BadCase[] = [
  ...MEMORY,
  ...VM,
  ...CALLS,
  ...THREADS,
  ...PROCESSOR,
  ...X86_64,
  ...AARCH64,
];

/** A case of one architecture, ready to be run. */
export interface ArchCase {
  /** The program's argument. */
  readonly name: string;
  /** How it ends here: as the manual says, or as the engine has it where that differs. */
  readonly ending: Ending;
}

/**
 * The cases of one architecture.
 * @param arch the architecture
 */
export function badCases(arch: GuestArch): readonly ArchCase[] {
  return BAD_CASES.flatMap(({ name, expect }): ArchCase[] => {
    const ending = expect[arch];
    return ending === undefined ? [] : [{ name, ending }];
  });
}

/**
 * Whether a task ended as a case says.
 * @param ending how it should
 * @param found the code it exited with, or the reason it was killed for
 */
export function endsAs(
  ending: Ending,
  found: { readonly code?: number; readonly reason?: string },
): boolean {
  if ("exit" in ending) return found.reason === undefined && found.code === ending.exit;
  return found.reason !== undefined && ending.killed.test(found.reason);
}
