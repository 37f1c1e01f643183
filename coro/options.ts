/**
 * What hosts and coroutines are made of, and what is wrong with the rest.
 *
 * @module
 */
import { archByName, type ArchName } from "../arch/mod.ts";
import { ElfError, type ElfFile, parseElf } from "../elf/mod.ts";
import type { MachineOptions } from "../kernel/mod.ts";
import type { EventSink } from "../trace/mod.ts";
import type { Codecs } from "./coroutine.ts";
import type { Stop } from "./agent/exchange.ts";
import { CoroutineError } from "./errors.ts";
import { ROOM } from "./agent/record.ts";
import type { HostFunction } from "./yielder.ts";

/** What stays with a host whatever program and machine it has. */
export interface HostOptions {
  /** Host functions that the program calls (`CORO_IMPORT` in `coro_agent.h`), by name. */
  readonly imports?: Readonly<Record<string, HostFunction>>;
  /**
   * Instructions that a call of the host's may take, with all that runs in the meantime; default
   * 100,000,000.
   */
  readonly budget?: number;
  /**
   * Told of each stop of the machine at a breakpoint or watchpoint that is not the host's own; the
   * machine goes on afterwards. Without it, such a stop is a {@linkcode CoroutineError} of kind
   * `stopped`, and {@linkcode CoroutineHost.proceed} goes on.
   */
  readonly onStop?: (stop: Stop) => void;
  /** Where events go. */
  readonly sinks?: readonly EventSink[];
}

/** How to boot a host's machine. */
export interface CoroutineHostOptions
  extends HostOptions, Partial<Omit<MachineOptions, "arch" | "modules" | "sinks" | "commandLine">> {
  /** Architecture. */
  readonly arch: ArchName;
  /** The program, an ELF file: see `buildProgram`, and `coro_agent.h` in the guide. */
  readonly program: Uint8Array;
  /** Bootstrap script line: name and arguments of the program; default `coroutines`. */
  readonly commandLine?: string;
}

/** What a coroutine is made with. */
export interface CoroutineOptions<Y, R> extends Codecs<Y, R> {
  /**
   * Bytes that the body finds on its stack, aligned to 16; its third argument is their address. At
   * most 512.
   */
  readonly object?: Uint8Array;
  /** Name of the guest function that is called once with that address when it is dropped. */
  readonly drop?: string;
  /** Bytes of its stack, a multiple of 16; default 65,536. Below it is a guard page. */
  readonly stackSize?: number;
}

const DEFAULT_BUDGET = 100_000_000;
const DEFAULT_STACK = 65_536;
const STACK_ALIGNMENT = 16;
/** Most bytes of a stack: what the kernel can map at once by far exceeds the memory there is. */
const STACK_LIMIT = 2 ** 30;

/**
 * The program as an ELF file for an architecture.
 * @throws {CoroutineError} of kind `program`
 */
export function readProgram(bytes: Uint8Array, arch: ArchName, name: string): ElfFile {
  let elf: ElfFile;
  try {
    elf = parseElf(bytes, { name });
    void elf.segments;
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    throw new CoroutineError("program", `Cannot drive ${name}: ${error.message}`, { cause: error });
  }
  if (elf.machine === archByName(arch).elfMachine) return elf;
  throw new CoroutineError(
    "program",
    `Cannot drive ${name}: it is for ${elf.machine}, expected a program for ${arch}`,
  );
}

/** The budget of an operation, checked. */
export function checkBudget(budget: number = DEFAULT_BUDGET): number {
  if (Number.isSafeInteger(budget) && budget > 0) return budget;
  throw new CoroutineError(
    "value",
    `Cannot use budget ${budget}: expected a positive integer of instructions`,
  );
}

/** The size of a stack, checked. */
export function checkStack(size: number = DEFAULT_STACK): bigint {
  const fits = Number.isSafeInteger(size) && size > 0 && size <= STACK_LIMIT;
  if (fits && size % STACK_ALIGNMENT === 0) return BigInt(size);
  throw new CoroutineError(
    "stack",
    `Cannot make a stack of ${size} bytes: expected a multiple of ${STACK_ALIGNMENT} from ` +
      `${STACK_ALIGNMENT} to ${STACK_LIMIT}`,
  );
}

/** The bytes of an initial object, checked. */
export function checkObject(object: Uint8Array = new Uint8Array()): Uint8Array {
  if (object.length <= ROOM) return object;
  throw new CoroutineError(
    "value",
    `Cannot use an object of ${object.length} bytes: expected at most ${ROOM}; allocate what is ` +
      "more and hand its address over",
  );
}
