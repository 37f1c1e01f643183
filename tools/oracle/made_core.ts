/**
 * Core files of machines, and what the machine itself says of the same instant.
 *
 * @module
 */
import { UPPER_HALF } from "../../arch/page_tables.ts";
import { KernelError, type Machine, type Task, type Thread } from "../../kernel/mod.ts";
import {
  type Backtrace,
  backtrace,
  type MemoryReader,
  RegisterSet,
} from "../../unwind/walk/mod.ts";
import { walkInput } from "../../debug/mod.ts";
import { machineTarget } from "../../debug/machine/mod.ts";
import type { Random } from "../../util/random.ts";
import type { GdbRequest } from "./gdb/cores.ts";

/** A thread as the machine has it. */
export interface MadeThread {
  /** Its number. */
  readonly id: number;
  /** Its general registers by the machine's names. */
  readonly registers: Readonly<Record<string, bigint>>;
  /** Its vector registers, low half first, and what controls them by gdb's names. */
  readonly floating: FloatingPoint | undefined;
  /** Whether it is about to return, and gdb takes it to have nothing else on the stack. */
  readonly returns: boolean;
  /** Its stack, from the machine's memory. */
  readonly walk: Backtrace;
}

/** Floating-point registers. */
interface FloatingPoint {
  readonly vectors: readonly (readonly [low: bigint, high: bigint])[];
  readonly control: Readonly<Record<string, bigint>>;
}

/** A core file and what must be in it. */
export interface MadeCore {
  /** What it is of, and when. */
  readonly name: string;
  /** The file. */
  readonly bytes: Uint8Array;
  /** The program. */
  readonly program: Uint8Array;
  /** What gdb is asked. */
  readonly request: GdbRequest;
  /** Threads by number. */
  readonly threads: readonly MadeThread[];
  /** The memory that gdb is asked for, in hexadecimal. */
  readonly memory: readonly string[];
  /** Number of the signal it must say, or `null`. */
  readonly signal: number | null;
  /** Where the code ends whose frames are compared: of a core of the kernel, below its half. */
  readonly least: bigint;
}

/** Where a core file is to be made. */
export interface CorePlace {
  /** What it is of. */
  readonly name: string;
  /** The program's file and its bytes. */
  readonly program: { readonly path: string; readonly bytes: Uint8Array };
  /** Name of the core file. */
  readonly path: string;
  /** Chooses samples of memory. */
  readonly random: Random;
  /** Number of the signal it must say, or `null`. */
  readonly signal: number | null;
}

/** Samples of memory in each mapping. */
const SAMPLES = 3;
const SAMPLE_SIZE = 24;
const PAGE = 4096n;

/** Writes a core file of a machine's first task, and notes what the machine says. */
export function makeCore(machine: Machine, place: CorePlace): MadeCore {
  const { random } = place;
  const task = machine.kernel.task(1);
  const threads = machine.kernel.threadsOf(task)
    .filter(({ userReady, state }) => userReady && (state !== "dead" || task.ending !== null))
    .map((thread) => madeThread(machine, thread));
  const samples = threads.map(({ walk }) => walk.frames[0]?.registers.sp ?? 0n)
    .map((address): [bigint, number] => [address, SAMPLE_SIZE]);
  for (const { begin, end, protection } of machine.tasks[1]?.mappings ?? []) {
    if (!protection.startsWith("r")) continue;
    for (let i = 0; i < SAMPLES; i++) {
      const page = begin + BigInt(random.below(Number((end - begin) / PAGE))) * PAGE;
      samples.push([page + BigInt(random.below(4096 - SAMPLE_SIZE)), SAMPLE_SIZE]);
    }
  }
  return written(machine, place, { task: 1, threads, samples, least: 0n });
}

/**
 * Writes a core file of a machine, and notes what the machine says: the CPU and the kernel's side of
 * every thread, up to where the kernel was entered.
 */
export function makeKernelCore(machine: Machine, place: CorePlace): MadeCore {
  const { random } = place;
  const { kernel } = machine;
  const [process] = machineTarget(machine).processes;
  if (process === undefined) throw new Error("A machine has no kernel");
  const threads = process.threads.map((thread): MadeThread => {
    const { id, registers } = thread;
    const { names, programCounter } = registers.numbers;
    const walk = backtrace(walkInput(process, thread), process.walk);
    return {
      id,
      registers: Object.fromEntries(
        Array.from(registers.entries(), ([number, value]) => [
          number === programCounter ? names[number] ?? "pc" : names[number] ?? "",
          value,
        ]).filter(([register]) => kernel.arch.registerNames.includes(`${register}`)),
      ),
      floating: undefined,
      returns: isReturn(machine, registers.pc ?? 0n),
      walk: { ...walk, error: undefined, frames: framesFrom(walk.frames, UPPER_HALF) },
    };
  });
  const { memory: ram, directMap } = kernel.kernelSpace;
  const samples = threads.flatMap(({ registers: { sp, rsp = sp ?? 0n } }): [bigint, number][] =>
    rsp === 0n ? [] : [[rsp, SAMPLE_SIZE]]
  );
  for (let i = 0; i < 8 * SAMPLES; i++) {
    const at = ram.base + BigInt(random.below(ram.size - SAMPLE_SIZE));
    samples.push([directMap + at, SAMPLE_SIZE]);
  }
  return written(machine, place, { task: 0, threads, samples, least: UPPER_HALF });
}

/** Writes a core file of a task, and has it with what the machine says. */
function written(
  machine: Machine,
  { name, program, path, signal }: CorePlace,
  { task, threads, samples, least }: Pick<MadeCore, "threads" | "least"> & {
    readonly task: number;
    readonly samples: readonly (readonly [address: bigint, size: number])[];
  },
): MadeCore {
  const bytes = machine.core({ task, file: program.path });
  Deno.writeFileSync(path, bytes);
  return {
    name,
    bytes,
    program: program.bytes,
    request: {
      program: program.path,
      core: path,
      memory: samples.map(([address, size]) => [`${address}`, size]),
    },
    threads,
    memory: samples.map(([address, size]) => memoryText(machine, { task, address, size })),
    signal,
    least,
  };
}

/** Memory of a task as gdb says it. */
function memoryText(
  machine: Machine,
  { task, address, size }: {
    readonly task: number;
    readonly address: bigint;
    readonly size: number;
  },
): string {
  try {
    return machine.readMemory(address, size, { task }).toHex();
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return `Cannot access memory at address 0x${error.address?.toString(16)}`;
  }
}

/** Frames up to the first one of code below an address. */
export function framesFrom<T extends { readonly pc: bigint | string }>(
  frames: readonly T[],
  least: bigint,
): readonly T[] {
  const end = frames.findIndex(({ pc }) => BigInt(pc) < least);
  return end < 0 ? frames : frames.slice(0, end);
}

function madeThread(machine: Machine, thread: Thread): MadeThread {
  const { kernel: k } = machine;
  // One that is dead has nothing to go on with, but its frame is there until its object is freed.
  const registers = thread.state === "dead"
    ? Object.fromEntries(
      k.arch.registerNames.map((name) => [name, k.userFrame(thread).register(name)]),
    )
    : machine.registers({ thread: thread.id });
  const walk = walkOf(machine, registers, thread.task);
  return {
    id: thread.id,
    registers,
    floating: floatingPoint(machine, thread),
    returns: isReturn(machine, walk.frames[0]?.pc ?? 0n),
    walk,
  };
}

/**
 * At a `ret` of x86-64, in a program without line tables, gdb asks no unwind table (its
 * `amd64_stack_frame_destroyed_p`).
 */
function isReturn(machine: Machine, pc: bigint): boolean {
  if (machine.kernel.arch.name !== "x86_64") return false;
  try {
    return machine.readMemory(pc, 1, { task: 1 })[0] === 0xc3;
  } catch (error) {
    if (error instanceof KernelError) return false;
    throw error;
  }
}

/** The stack of a program of the first task. */
export function walkOf(
  machine: Machine,
  registers: Readonly<Record<string, bigint>>,
  task: Task,
): Backtrace {
  return backtrace({
    registers: RegisterSet.named(machine.kernel.arch.elfMachine, registers),
    memory: memoryOfTask(machine),
    modules: task.code.modules,
  });
}

/** The memory of the first task through what the machine offers to everybody. */
function memoryOfTask(machine: Machine): MemoryReader {
  return {
    window(address) {
      const start = address & ~(PAGE - 1n);
      try {
        return { start, bytes: machine.readMemory(start, Number(PAGE), { task: 1 }) };
      } catch (error) {
        if (error instanceof KernelError) return undefined;
        throw error;
      }
    },
  };
}

/** Undefined while the guest is moving it. */
function floatingPoint(machine: Machine, thread: Thread): FloatingPoint | undefined {
  const { arch, cpus, layout } = machine.kernel;
  const [on] = cpus;
  if (on === undefined || on.current.calls.at(-1)?.name === "fp_given") return undefined;
  const state = on.fpOwner === thread
    ? on.cpu.fpState()
    : machine.readMemory(thread.address + BigInt(layout.fp), arch.core.fpSize);
  const view = new DataView(state.buffer, state.byteOffset);
  const u64 = (at: number) => view.getBigUint64(at, true);
  const vectors = (count: number, from: number) =>
    Array.from({ length: count }, (_, i) => [u64(from + 16 * i), u64(from + 16 * i + 8)] as const);
  // The layouts are those of the guest kernel's own code: FXSAVE64, and `fp.S` of AArch64.
  return arch.name === "aarch64"
    ? { vectors: vectors(32, 0), control: { fpcr: u64(512), fpsr: u64(520) } }
    : {
      vectors: vectors(16, 160),
      control: {
        fctrl: BigInt(view.getUint16(0, true)),
        fstat: BigInt(view.getUint16(2, true)),
        mxcsr: BigInt(view.getUint32(24, true)),
      },
    };
}
