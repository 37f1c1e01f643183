/**
 * Runs Boost.Context's and glibc's context switches, unmodified, in a machine, and the same file as
 * a process of this host or under QEMU: both must print the same and end alike.
 *
 * @module
 */
import { archByName } from "../../../arch/mod.ts";
import type { GuestArch } from "../../../guest/embedded.ts";
import { Machine, type MachineOptions } from "../../../kernel/mod.ts";
import type { KernelEvent } from "../../../trace/events.ts";
import { formatJsonLine } from "../../../trace/json_lines.ts";
import { missingOf, QEMU_USER } from "../processor/aarch64/toolchain.ts";
import { type CheckResult, Differences } from "../tool.ts";
import { buildForeign, type ForeignName, type ForeignProgram } from "./build.ts";

/** What runs a program of an architecture outside of a machine, beside the program itself. */
const RUNNERS: Readonly<Record<GuestArch, readonly string[]>> = {
  x86_64: [],
  aarch64: [QEMU_USER],
};

/** Members that hold the routines a program is about; what they call comes with them. */
const MEMBERS: Readonly<Record<ForeignName, Readonly<Record<GuestArch, readonly string[]>>>> = {
  fcontext: {
    x86_64: ["_exit", "errno", ...boost("x86_64_sysv_elf_gas")],
    aarch64: ["_exit", "errno", ...boost("arm64_aapcs_elf_gas")],
  },
  ucontext: {
    x86_64: [
      ...["__start_context", "_exit", "errno", "errno-loc", "getcontext", "makecontext"],
      ...["pthread_sigmask", "setcontext", "sigprocmask", "swapcontext"],
    ],
    aarch64: [
      ...["_exit", "errno", "errno-loc", "getcontext", "makecontext", "pthread_sigmask"],
      ...["setcontext", "sigprocmask", "swapcontext", "sysdep"],
    ],
  },
  setjmp: {
    x86_64: [
      ...["__longjmp", "__longjmp_cancel", "__start_context", "_exit", "bsd-_setjmp", "errno"],
      ...["getcontext", "jmp-unwind", "longjmp", "makecontext", "pthread_cleanup_upto"],
      ...["pthread_sigmask", "setcontext", "setjmp", "sigjmp", "sigprocmask", "swapcontext"],
    ],
    aarch64: [
      ...["__longjmp", "_exit", "errno", "getcontext", "jmp-unwind", "longjmp", "makecontext"],
      ...["pthread_cleanup_upto", "pthread_sigmask", "setcontext", "setjmp", "sigjmp"],
      ...["sigprocmask", "swapcontext", "sysdep"],
    ],
  },
};

function boost(machine: string): string[] {
  return ["jump", "make", "ontop"].map((routine) => `${routine}_${machine}`);
}

/** What programs say no to: everything they ask is whether something is kept. */
const NOT_KEPT: Readonly<Record<ForeignName, Readonly<Record<GuestArch, readonly string[]>>>> = {
  fcontext: {
    x86_64: [],
    aarch64: [
      "rounding: kept by the one who jumps",
      "rounding: kept by the fiber",
      "rounding: kept where a function was on top",
    ],
  },
  ucontext: { x86_64: [], aarch64: [] },
  setjmp: { x86_64: ["rounding: kept"], aarch64: ["rounding: kept"] },
};

/** Ways to run a machine: undisturbed, and preempted as often as can be. */
const RUNS: readonly Partial<MachineOptions>[] = [
  {},
  { quantum: 250, seed: 1, load: "demand" },
  { quantum: 250, seed: 2, policy: "priority" },
];

/** Instructions after which a program is taken to hang. */
const BUDGET = 50_000_000;

/** What a program printed, and the code it ended with, or what else became of it. */
interface Ending {
  readonly text: string;
  readonly end: string;
}

/** Compares; undefined if a tool or the libraries are missing. */
export async function checkForeign(
  name: ForeignName,
  { arch, directory }: { arch: GuestArch; directory: string },
): Promise<CheckResult | undefined> {
  if (missingOf(RUNNERS[arch]).length > 0) return undefined;
  const program = await buildForeign(name, { arch, directory });
  if (program === undefined) return undefined;
  const differences = new Differences();
  const members = program.members.join(" ");
  const expected = [...MEMBERS[name][arch]].sort().join(" ");
  if (members !== expected) differences.add(`Linked ${members}, expected ${expected}`);
  const outside = runOutside(program);
  if (outside.end !== "exit 0") differences.add(`Outside it ended with ${outside.end}`);
  const lost = Array.from(outside.text.matchAll(/^(.*) no$/gm), ([, what]) => what).join(", ");
  const expectedLost = NOT_KEPT[name][arch].join(", ");
  if (lost !== expectedLost) differences.add(`Not kept: ${lost}; expected ${expectedLost}`);
  let calls = 0;
  for (const options of RUNS) {
    const inside = runInside(program, options);
    const again = runInside(program, options);
    const how = JSON.stringify(options);
    for (const what of ["text", "end"] as const) {
      if (inside[what] === outside[what]) continue;
      differences.add(`${what} with ${how}: ${inside[what]}, outside ${outside[what]}`);
    }
    if (inside.stream !== again.stream) differences.add(`Another stream of events with ${how}`);
    for (const unknown of inside.unknown) differences.add(`System call ${unknown} is not known`);
    calls += inside.calls;
  }
  const lines = outside.text.split("\n").length - 1;
  return {
    name: `${name} ${arch}`,
    figures: `${lines} lines, ${calls} of Linux's system calls in ${RUNS.length} runs`,
    differences: differences.texts,
  };
}

function runOutside({ arch, path }: ForeignProgram): Ending {
  const [command = "", ...args] = [...RUNNERS[arch], path];
  const { code, signal, stdout } = new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).outputSync();
  return { text: new TextDecoder().decode(stdout), end: signal ?? `exit ${code}` };
}

/** A run in a machine. */
interface Inside extends Ending {
  /** Its events. */
  readonly stream: string;
  /** How many of Linux's system calls it made. */
  readonly calls: number;
  /** Numbers of those that are not known. */
  readonly unknown: readonly number[];
}

function runInside(
  { name, arch, path }: ForeignProgram,
  options: Partial<MachineOptions>,
): Inside {
  const events: KernelEvent[] = [];
  using machine = new Machine({
    arch: archByName(arch),
    modules: [{ commandLine: name, bytes: Deno.readFileSync(path), abi: "linux" }],
    sinks: [{ write: (event) => void events.push(event) }],
    ...options,
  });
  machine.run(BUDGET);
  const status = machine.kernel.tasks[1]?.status ?? null;
  const end = status === null
    ? "nothing: it goes on"
    : status.kind === "exit"
    ? `exit ${status.code}`
    : status.reason;
  const calls = events.filter((event) => event.type === "syscall");
  return {
    text: events.map((event) => event.type === "console" ? event.text : "").join(""),
    end,
    stream: events.map(formatJsonLine).join(""),
    calls: calls.length,
    unknown: calls.filter((event) => event.name === "linux_unknown").map(({ number }) => number),
  };
}
