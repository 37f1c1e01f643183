/**
 * Boost.Context's and glibc's context switches under the verifier of switches: what walks find at
 * each of their instructions, which registers and what of the floating-point unit they keep, what
 * they write, and whether an interrupt changes anything. Each of them lacks something, which is no
 * defect of theirs; that it is this and no more is what is checked.
 *
 * @module
 */
import { archByName } from "../../../arch/mod.ts";
import {
  type SwitchProblem,
  type SwitchWrite,
  verifySwitches,
} from "../../../check/switches/mod.ts";
import { parseElf } from "../../../elf/mod.ts";
import type { GuestArch } from "../../../guest/embedded.ts";
import { Machine } from "../../../kernel/mod.ts";
import { type CheckResult, Differences } from "../tool.ts";
import { buildForeign, type ForeignName } from "./build.ts";

/** How often each program goes to and fro. */
const ROUNDS = 3;

/** Of how many switches by each routine interrupts are tried. */
const INTERRUPTED = 3;

/** Bytes of `ucontext_t` and `jmp_buf`. */
const SIZES: Readonly<Record<GuestArch, { readonly context: bigint; readonly buffer: bigint }>> = {
  x86_64: { context: 968n, buffer: 200n },
  aarch64: { context: 4560n, buffer: 312n },
};

/** Bytes at the top of a stack that `make_fcontext` prepares. */
const FRESH = 256n;

/** What is verified of a program. */
interface Case {
  /** Functions that are switches, or that these call. */
  readonly routines: readonly string[];
  /** What is found. */
  readonly lacks: readonly string[];
}

const BOOST = ["jump_fcontext", "ontop_fcontext", "make_fcontext"];
const SETJMP = [
  ...["_setjmp", "__sigsetjmp", "__sigjmp_save", "longjmp", "__longjmp", "_longjmp_unwind"],
  ...["__pthread_cleanup_upto", "sigprocmask", "pthread_sigmask"],
];

/** A routine whose instructions no table describes, or describes wrongly. */
function unwound(routine: string, instructions: number, from: string, to: string): string {
  return `${routine} is not unwound at ${instructions} instructions, ${from} to ${to}`;
}

const CASES: Readonly<Record<ForeignName, Readonly<Record<GuestArch, Case>>>> = {
  // No tables at all.
  fcontext: {
    x86_64: {
      routines: BOOST,
      lacks: [
        unwound("jump_fcontext", 24, "0x0", "0x67"),
        unwound("make_fcontext", 11, "0x0", "0x2b"),
        unwound("ontop_fcontext", 24, "0x0", "0x65"),
      ],
    },
    aarch64: {
      routines: BOOST,
      lacks: [
        "jump_fcontext does not keep fpcr",
        unwound("jump_fcontext", 28, "0x0", "0x6c"),
        unwound("make_fcontext", 6, "0x0", "0x14"),
        unwound("ontop_fcontext", 27, "0x0", "0x68"),
      ],
    },
  },
  // Tables that do not say where registers are that have been given other values.
  ucontext: {
    x86_64: {
      routines: ["getcontext", "swapcontext", "setcontext", "__start_context"],
      lacks: [
        unwound("__start_context", 4, "0x3", "0xc"),
        unwound("setcontext", 30, "0x0", "0x7f"),
        unwound("swapcontext", 30, "0x6a", "0xf2"),
      ],
    },
    aarch64: {
      routines: ["getcontext", "swapcontext", "setcontext", "__startcontext"],
      lacks: [
        unwound("setcontext", 41, "0x0", "0xa4"),
        unwound("swapcontext", 42, "0xc", "0xbc"),
      ],
    },
  },
  setjmp: {
    x86_64: {
      routines: SETJMP,
      lacks: ["longjmp does not keep fcw", "longjmp does not keep mxcsr"],
    },
    aarch64: {
      routines: SETJMP,
      lacks: ["longjmp does not keep fpcr", unwound("__longjmp", 22, "0x4", "0x58")],
    },
  },
};

/** Verifies the switches of a program; undefined if the libraries are missing. */
export async function checkSwitches(
  name: ForeignName,
  { arch, directory }: { arch: GuestArch; directory: string },
): Promise<CheckResult | undefined> {
  const built = await buildForeign(name, { arch, directory });
  if (built === undefined) return undefined;
  const { routines, lacks } = CASES[name][arch];
  const bytes = Deno.readFileSync(built.path);
  using machine = new Machine({
    arch: archByName(arch),
    modules: [{ commandLine: `${name} ${ROUNDS}`, bytes, abi: "linux" }],
  });
  const report = verifySwitches(machine, {
    program: parseElf(bytes, { name }),
    routines,
    interrupts: INTERRUPTED,
    linked: false,
    owns: (write) => owns(arch, write),
  });
  const { result, switches, resumed, instructions, interrupts, problems } = report;
  const found = describe(problems);
  const differences = new Differences();
  for (const each of found) if (!lacks.includes(each)) differences.add(`Not expected: ${each}`);
  for (const each of lacks) if (!found.includes(each)) differences.add(`Not found: ${each}`);
  for (const routine of routines) {
    if (!report.routines.includes(routine)) differences.add(`${routine} was not entered`);
  }
  if (result.kind !== "halted") differences.add(`The machine has not halted but ${result.kind}`);
  if (resumed * 2 < switches) differences.add(`Only ${resumed} of ${switches} switches came back`);
  return {
    name: `${name} ${arch}`,
    figures: `${switches} switches, ${instructions} instructions, ${interrupts} interrupts`,
    notes: found,
    differences: differences.texts,
  };
}

/** Whether a routine writes where it is told to, or on a stack that it ends. */
function owns(arch: GuestArch, { routine, address, arguments: words }: SwitchWrite): boolean {
  const { context, buffer } = SIZES[arch];
  const [first = 0n, , third = 0n] = words;
  const within = (from: bigint, size: bigint) => address >= from && address < from + size;
  switch (routine) {
    case "make_fcontext":
      return within(first - FRESH, FRESH);
    case "getcontext":
    case "swapcontext":
      return within(first, context);
    case "_setjmp":
    case "__sigsetjmp":
      return within(first, buffer);
    case "sigprocmask":
      return within(third, 8n);
    case "__start_context":
      return true;
    default:
      return false;
  }
}

/** Problems in a line for each routine and subject. */
function describe(problems: readonly SwitchProblem[]): string[] {
  const walks = new Map<string, number[]>();
  const lines: string[] = [];
  for (const { kind, routine, offset, subject, reason } of problems) {
    if (kind === "walk" && subject === "") {
      walks.set(routine, [...walks.get(routine) ?? [], offset]);
    } else if (kind === "register" || kind === "fp-control") {
      lines.push(`${routine} does not keep ${subject}`);
    } else {
      lines.push(`${routine}+0x${offset.toString(16)}: ${kind}, ${reason}`);
    }
  }
  for (const [routine, offsets] of walks) {
    const [first, last] = [Math.min(...offsets), Math.max(...offsets)].map((at) => at.toString(16));
    lines.push(
      `${routine} is not unwound at ${offsets.length} instructions, 0x${first} to 0x${last}`,
    );
  }
  return lines.sort();
}
