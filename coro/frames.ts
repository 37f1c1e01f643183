/**
 * Stack frames across linked stacks.
 *
 * @module
 */
import {
  backtrace,
  type Frame,
  FrameIterator,
  type MemoryReader,
  type ModuleList,
  RegisterSet,
} from "../unwind/walk/mod.ts";

/** The stack a frame is on. */
export interface StackPlace {
  /** Whose: a coroutine's, or the one that the program's thread began on. */
  readonly kind: "coroutine" | "thread";
  /** Address of the parent link, 16 below the base of the stack; 0 of a thread's. */
  readonly link: bigint;
  /** Function of the coroutine, if the host made it; those that the guest made have none. */
  readonly name: string | undefined;
}

/** One stack frame. */
export interface CoroutineFrame {
  /** Program counter. */
  readonly pc: bigint;
  /** Function, or an empty text if no symbol covers it. */
  readonly function: string;
  /** Offset of the program counter into the function. */
  readonly offset: number;
  /** Canonical frame address: the stack pointer of the caller before the call. */
  readonly cfa: bigint | undefined;
  /** The stack it is on. */
  readonly stack: StackPlace;
  /** The frame as the unwinder has it, with its registers and how sure it is. */
  readonly frame: Frame;
}

/** Outermost function of every coroutine, whose frame pointer is the parent link. */
const ROOT = "coro_init_trampoline";

/**
 * How a suspended stack begins at its stack pointer (`guest/coro/coro_*.inc`): words at which
 * offsets hold which registers by their DWARF numbers, the bytes to drop, and how far before the
 * place to go on at the call is that the switch stands for.
 */
const SUSPENDED = {
  x86_64: { registers: [[3, 8], [6, 16]], size: 24n, back: 2n },
  aarch64: { registers: [[19, 16], [29, 8]], size: 32n, back: 4n },
} as const;

/** What stacks are walked with. */
export interface WalkContext {
  /** Architecture. */
  readonly arch: "x86_64" | "aarch64";
  /** Memory of the program as it is now. */
  readonly memory: MemoryReader;
  /** Reads a word of it. */
  word(address: bigint): bigint;
  /** Code of the program. */
  readonly modules: ModuleList;
  /** Function of the host's coroutine with a link. */
  nameOf(link: bigint): string | undefined;
}

/** Most frames of a walk. */
const LIMIT = 4096;

/** The frames of a program from its registers on, to the end of the outermost of its stacks. */
export function runningFrames(context: WalkContext, registers: RegisterSet): CoroutineFrame[] {
  return placed(context, backtrace({ ...context, registers }, { maxFrames: LIMIT }).frames);
}

/**
 * The frames of a suspended coroutine, from where it yielded to its root: its link is that of the
 * last time. Coroutines that were suspended with it come first.
 */
export function suspendedFrames(
  context: WalkContext,
  { sp, link }: { sp: bigint; link: bigint },
): CoroutineFrame[] {
  const layout = SUSPENDED[context.arch];
  const registers = new RegisterSet(context.arch);
  for (const [number, offset] of layout.registers) {
    registers.set(number, context.word(sp + BigInt(offset)));
  }
  registers.set(registers.numbers.programCounter, context.word(sp) - layout.back);
  registers.set(registers.numbers.stackPointer, sp + layout.size);
  const frames: Frame[] = [];
  const walk = new FrameIterator({ ...context, registers }, {
    maxFrames: LIMIT,
    start: "return-address",
  });
  for (const frame of walk) {
    frames.push(frame);
    if (linkOf(frame) === link) break;
  }
  return placed(context, frames);
}

/** The link of a coroutine's outermost frame. */
function linkOf(frame: Frame): bigint | undefined {
  if (frame.function?.name !== ROOT) return undefined;
  const { registers } = frame;
  return registers.get(registers.numbers.framePointer);
}

/** Says of frames which stack each is on: a coroutine's ends with its outermost frame. */
function placed(context: WalkContext, frames: readonly Frame[]): CoroutineFrame[] {
  const all: CoroutineFrame[] = [];
  let stack: StackPlace = { kind: "thread", link: 0n, name: undefined };
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i] as Frame;
    const link = linkOf(frame);
    if (link !== undefined) stack = { kind: "coroutine", link, name: context.nameOf(link) };
    const { pc, cfa, function: named } = frame;
    const offset = Number(named?.offset ?? 0n);
    all.push({ pc, function: named?.name ?? "", offset, cfa, stack, frame });
  }
  return all.reverse();
}
