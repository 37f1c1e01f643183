/**
 * What a machine can be built from, and what is wrong with the rest.
 *
 * @module
 */

import type { Arch } from "../arch/arch.ts";
import { hex } from "../arch/physical_memory.ts";
import {
  createSpecifiedPolicy,
  parsePolicySpec,
  type PolicySpec,
} from "../sched/policies/policy_spec.ts";
import { policyTakes } from "../sched/policies/registry.ts";
import type { ParameterOptions, ThreadParameters } from "../sched/parameters.ts";
import type { Policy } from "../sched/policy.ts";
import type { EventSink } from "../trace/events.ts";
import { parseScriptLine } from "./boot/boot_script.ts";
import { scriptVariables } from "./boot/bootstrap.ts";
import { KernelError } from "./errors.ts";
import { LOAD_MODES, type LoadMode } from "./program/load_mode.ts";
import {
  type BootOptions,
  type Program,
  PROGRAM_ABIS,
  type ProgramAbi,
  type ProgramMode,
  readProgram,
} from "./program/loader.ts";
import { LEAST_QUANTUM, threadParameters, USER_PRIORITY } from "./thread/parameters.ts";
import type { TimerKind } from "./scheduling/timers.ts";

/** A program to boot with. */
export interface ModuleOptions {
  /** Bootstrap script line: program name, arguments, functions. */
  readonly commandLine: string;
  /** The ELF file. */
  readonly bytes: Uint8Array;
  /**
   * `user`, the default, or `kernel` for a program linked to run at the kernel's privilege in its
   * address space.
   */
  readonly mode?: ProgramMode;
  /**
   * `trapline`, the default, or `linux` for a program of user mode that makes Linux's system calls,
   * of which the kernel has a few.
   */
  readonly abi?: ProgramAbi;
  /**
   * Scheduling parameters of its first thread; by default those of
   * {@linkcode ParameterOptions}, and priority 32. Threads made later have their maker's.
   */
  readonly parameters?: ParameterOptions;
}

/** What a machine tells the function that makes its policy. */
export interface PolicyConditions {
  /** Instructions between two calls of `tick`, on average; see `MachineOptions.quantum`. */
  readonly quantum: number;
}

/** Makes the policy of one machine. */
export type PolicyFactory = (conditions: PolicyConditions) => Policy;

/** How to build a machine. */
export interface MachineOptions {
  /** Architecture. */
  readonly arch: Arch;
  /**
   * CPU model: of x86-64 `opteron-g5`, the default, or `epyc-rome`, which has SMAP, UMIP and
   * FSGSBASE beside; of AArch64 `cortex-a72`, the default, `cortex-a53`, `cortex-a57`, or `max`,
   * which has PAN and most of what later versions of the architecture have.
   */
  readonly cpuModel?: string;
  /** Programs, started in order. */
  readonly modules: readonly ModuleOptions[];
  /**
   * Scheduling policy: one of the names `policyNames` of `./sched` returns (`rr` if absent), with
   * options as `parsePolicySpec` reads them, such as `mlfq:levels=3,boost=100000`; or one of your
   * own, as an object for this machine alone or as a function that makes one.
   */
  readonly policy?: string | Policy | PolicyFactory;
  /**
   * Instructions between timer interrupts, at least 250; default 10,000. Taking an interrupt,
   * switching threads and swapping floating-point state take up to 200: with less than that between
   * two interrupts nobody would get anywhere.
   */
  readonly quantum?: number;
  /**
   * Seed of the variation of the timer's period, a 32-bit integer; 0, the default, for a strictly
   * periodic timer.
   */
  readonly seed?: number;
  /**
   * How the timer works. `periodic` interrupts every `quantum` instructions, and all that is due
   * between two interrupts waits for the next, but for releases of periodic threads. `one-shot`
   * interrupts exactly when something is due, and only then: the end of a slice, of a sleep, or a
   * time that the policy has asked for. By default it is `one-shot` for a policy that says when it
   * is to be asked (`slice`) and does not count on ticks, and for one by name with a `quantum` of
   * its own.
   */
  readonly timer?: TimerKind;
  /** Bytes of RAM, a multiple of 2 MiB from 8 MiB to 2046 MiB; default 64 MiB. */
  readonly memory?: number;
  /**
   * Most user threads that have a kernel stack at a time, 1 to 4096; the others wait. Default 64.
   */
  readonly stackLimit?: number;
  /** Instructions a page-in takes, default 2,000. */
  readonly ioLatency?: number;
  /** How programs are loaded; default `copyout`. */
  readonly load?: LoadMode;
  /** Kernel command line, for the log. */
  readonly commandLine?: string;
  /** Where events go. */
  readonly sinks?: readonly EventSink[];
}

const MIB = 2 ** 20;

const DEFAULTS = {
  quantum: 10_000,
  memory: 64 * MIB,
  stackLimit: 64,
  ioLatency: 2_000,
  seed: 0,
} as const;

/** A boot module that can be used. */
export interface CheckedProgram {
  /** What it was given as. */
  readonly module: ModuleOptions;
  /** Its name: the first word of its script line. */
  readonly name: string;
  /** What of its file is loaded. */
  readonly program: Program;
  /** Parameters of its first thread. */
  readonly parameters: ThreadParameters;
}

/** What a machine is built from, with every choice made. */
export interface CheckedOptions {
  /** Architecture. */
  readonly arch: Arch;
  /** CPU model. */
  readonly cpuModel: string;
  /** Scheduling policy. */
  readonly policy: Policy;
  /** Its name, with options of its own as they were given. */
  readonly policyText: string;
  /** Whether the user gave it. */
  readonly ownPolicy: boolean;
  /** How the timer works. */
  readonly timer: TimerKind;
  /** Boot modules in order. */
  readonly programs: readonly CheckedProgram[];
  /** Bytes of RAM. */
  readonly memory: number;
  /** Instructions between timer interrupts. */
  readonly quantum: number;
  /** Seed of the timer's variation. */
  readonly seed: number;
  /** Most user threads with a kernel stack at a time. */
  readonly stackLimit: number;
  /** Instructions a page-in takes. */
  readonly ioLatency: number;
  /** How the bootstrap script is carried out. */
  readonly boot: BootOptions;
}

/**
 * Finds out whether a machine can be built, and makes the choices that were left open.
 * @throws {KernelError} of kind `misuse`, `script` or `program`
 * @throws {SchedError} if there is no such policy, or parameters make no sense
 */
export function checkOptions(options: MachineOptions): CheckedOptions {
  const { arch } = options;
  const cpuModel = checkModel(arch, options.cpuModel);
  const number = (
    name: keyof typeof DEFAULTS,
    bounds: { least: number; most: number; multiple: number },
  ): number => checkNumber(name, options[name] ?? DEFAULTS[name], bounds);
  const quantum = number("quantum", { least: LEAST_QUANTUM, most: 2 ** 40, multiple: 1 });
  // V8 compiles comparisons with the length of an array of 2 GiB or more wrongly.
  const memory = number("memory", { least: 8 * MIB, most: 2046 * MIB, multiple: 2 * MIB });
  const stackLimit = number("stackLimit", { least: 1, most: 4096, multiple: 1 });
  const seed = number("seed", { least: 0, most: 2 ** 32 - 1, multiple: 1 });
  const ioLatency = number("ioLatency", { least: 1, most: 2 ** 40, multiple: 1 });
  const choice = choosePolicy(options, quantum);
  const boot = { commandLine: options.commandLine ?? "", load: options.load ?? "copyout" };
  if (!LOAD_MODES.includes(boot.load)) {
    throw new KernelError(
      "misuse",
      `Cannot load programs by "${boot.load}": expected ${LOAD_MODES.join(" or ")}`,
    );
  }
  const programs = options.modules.map((module) => checkModule(module, { arch, boot }));
  checkApart(programs.filter(({ module }) => module.mode === "kernel"));
  const limits = { memory, quantum, seed, stackLimit, ioLatency };
  return { arch, cpuModel, ...choice, programs, ...limits, boot };
}

/** The policy that is asked for, and the timer that fits it. */
function choosePolicy(
  { policy: wanted = "rr", timer: asked }: MachineOptions,
  quantum: number,
): Pick<CheckedOptions, "policy" | "policyText" | "ownPolicy" | "timer"> {
  if (asked !== undefined && asked !== "periodic" && asked !== "one-shot") {
    throw new KernelError("misuse", `Cannot use timer "${asked}": expected periodic or one-shot`);
  }
  if (typeof wanted !== "string") {
    const policy = typeof wanted === "function" ? wanted({ quantum }) : wanted;
    // What is no policy is refused where it is taken.
    const timer = asked ?? (policy?.slice === undefined ? "periodic" : "one-shot");
    return { policy, policyText: policy?.name ?? "", ownPolicy: true, timer };
  }
  const spec = parsePolicySpec(wanted);
  const own = spec.options["quantum"];
  const timer = asked ??
    (own === undefined && policyTakes(spec.name, "tickInterval") ? "periodic" : "one-shot");
  if (typeof own === "number" && own < LEAST_QUANTUM) {
    throw new KernelError(
      "misuse",
      `Cannot use policy "${wanted}": its quantum is ${own}, expected at least ${LEAST_QUANTUM}`,
    );
  }
  const policy = namedPolicy(spec, { quantum, timer });
  return { policy, policyText: spec.text, ownPolicy: false, timer };
}

/** A policy by name, with what a machine offers its policies. */
export function namedPolicy(
  spec: PolicySpec,
  { quantum, timer }: { quantum: number; timer: TimerKind },
): Policy {
  const ticks = timer === "periodic" ? { tickInterval: quantum } : {};
  // What a thread has that nobody gave a priority is not real-time.
  const realtime = USER_PRIORITY + 1;
  return createSpecifiedPolicy(spec, { quantum, realtime, ...ticks });
}

function checkModel({ name, cpuModels }: Arch, model: string | undefined): string {
  const chosen = model ?? cpuModels[0] ?? "";
  if (cpuModels.includes(chosen)) return chosen;
  throw new KernelError(
    "misuse",
    `Cannot use cpuModel "${chosen}" of ${name}: expected ${cpuModels.join(" or ")}`,
  );
}

/** Finds out whether a module's script line and file can be used at all. */
function checkModule(
  module: ModuleOptions,
  options: { arch: Arch; boot: BootOptions },
): CheckedProgram {
  const { arch, boot } = options;
  const { argv } = parseScriptLine(module.commandLine, scriptVariables(boot));
  const name = argv[0] ?? "";
  const { mode = "user", abi = "trapline" } = module;
  if (!PROGRAM_ABIS.includes(abi)) {
    throw new KernelError(
      "misuse",
      `Cannot use abi "${abi}" for ${name}: expected ${PROGRAM_ABIS.join(" or ")}`,
    );
  }
  if (abi === "linux" && mode === "kernel") {
    throw new KernelError("misuse", `Cannot use abi "linux" for ${name}: it runs in kernel mode`);
  }
  const program = readProgram(module.bytes, { name, arch, mode });
  const parameters = threadParameters(module.parameters ?? {}, `the first thread of ${name}`);
  return { module, name, program, parameters };
}

/** Kernel-mode programs share an address space: no two may use the same page. */
function checkApart(programs: readonly CheckedProgram[]): void {
  const pages = new Map<bigint, string>();
  for (const { name, program } of programs) {
    const own = new Set<bigint>();
    for (const { address, memorySize } of program.segments) {
      for (let page = address >> 12n; page << 12n < address + memorySize; page++) {
        const other = pages.get(page);
        if (other !== undefined) {
          throw new KernelError(
            "program",
            `Cannot load ${name}: the kernel-mode program ${other} is at ${hex(page << 12n)} too`,
            { address: page << 12n },
          );
        }
        own.add(page);
      }
    }
    for (const page of own) pages.set(page, name);
  }
}

function checkNumber(
  name: string,
  value: number,
  bounds: { least: number; most: number; multiple: number },
): number {
  const { least, most, multiple } = bounds;
  if (Number.isSafeInteger(value) && value >= least && value <= most && value % multiple === 0) {
    return value;
  }
  throw new KernelError(
    "misuse",
    `Cannot use ${name} ${value}: expected an integer from ${least} to ${most}` +
      (multiple === 1 ? "" : `, a multiple of ${multiple}`),
  );
}
