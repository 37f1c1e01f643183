/**
 * A program of the VM in a machine and in the reference interpreter, in lockstep: at every
 * instruction of its threads the stack is walked, and what the walk finds must be the truth.
 *
 * @module
 */
import type { ElfFile } from "../../elf/mod.ts";
import { KernelError } from "../../kernel/errors.ts";
import type { Machine } from "../../kernel/machine.ts";
import type { Task } from "../../kernel/thread/task.ts";
import type { Thread } from "../../kernel/thread/thread.ts";
import type { VmProgram } from "../bytecode/mod.ts";
import { Reference } from "../reference/mod.ts";
import type { Frame } from "../../unwind/walk/mod.ts";
import { ThreadFollower } from "./follower.ts";
import { Identities } from "./identities.ts";
import type { ObservedStack } from "./observed.ts";
import { vmOf } from "./vm_task.ts";
import { StackWatcher } from "./watcher.ts";

/** How to follow. */
export interface LockstepOptions {
  /** Most instructions to execute; default 10 million. */
  readonly limit?: number;
  /**
   * In native code every how many instructions the stack is walked; default 1. The first one of
   * native code always counts, and so do all in published code. While there is only one thread, those
   * between are run, not stepped.
   */
  readonly every?: number;
  /** Threads that run the main method, as the program's settings say; default 1. */
  readonly threads?: number;
  /** Called before each instruction that is looked at. */
  readonly beforeEach?: (machine: Machine) => void;
  /** Called with each frame that the walk of the thread that runs finds. */
  readonly onFrame?: (frame: Frame) => void;
}

/** What has been found. */
export interface LockstepReport {
  /** The first difference, in words; undefined if there is none. */
  readonly mismatch: string | undefined;
  /** How the machine came to stop, if it did. */
  readonly halted: string | null;
  /** Instructions of the VM's threads. */
  readonly instructions: number;
  /** Walks that were compared. */
  readonly walks: number;
  /** Frames in them. */
  readonly frames: number;
  /** Most methods on a stack. */
  readonly deepest: number;
  /** Walks by what the innermost frame was. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Walks from the thread's anchor alone, of the same instants. */
  readonly anchored: number;
  /**
   * Walks of threads that had been preempted or waited, by what the innermost frame was: `system
   * call` if it waited there, an adapter's name without that of its method.
   */
  readonly stopped: Readonly<Record<string, number>>;
  /** Changes of state that were seen. */
  readonly states: number;
  /** The reference interpreter, where the machine is. */
  readonly reference: Reference;
}

/** Labels of the guest that say what happens. */
const LABELS = {
  /** The VM calls a method. */
  enter: "vm_enter",
  /** Published code has changed. */
  published: "__jit_debug_register_code",
  /** An exception is about to land in a method. */
  land: "vm_land",
  /** A method finds no room on the stack. */
  overflow: "vm_stub_overflow",
} as const;

/**
 * Runs a machine with the program, which must be its only one, and compares.
 *
 * @throws {KernelError} of kind `misuse` if the machine's program is not the VM
 */
export function lockstep(
  machine: Machine,
  program: VmProgram,
  options: LockstepOptions = {},
): LockstepReport {
  return new Lockstep(machine, program, options).run();
}

class Lockstep {
  readonly #machine: Machine;
  readonly #task: Task;
  readonly #labels: Readonly<Record<keyof typeof LABELS, bigint>>;
  readonly #reference: Reference;
  readonly #watcher: StackWatcher;
  readonly #identities = new Identities();
  readonly #followers = new Map<number, ThreadFollower>();
  readonly #kinds: Record<string, number> = {};
  readonly #limit: number;
  readonly #every: number;
  readonly #beforeEach: ((machine: Machine) => void) | undefined;
  readonly #onFrame: ((frame: Frame) => void) | undefined;
  #instructions = 0;
  #frames = 0;
  #deepest = 0;
  #sinceWalk = 0;
  #anchored = 0;
  #isInNative = false;
  #isLanding = false;
  readonly #stops = new Map<bigint, Disposable>();
  readonly #stopped: Record<string, number> = {};
  /** The thread that was looked at last, and its number in the VM. */
  #last: { readonly thread: Thread; readonly number: number } | undefined;
  #mismatch: string | undefined;

  constructor(
    machine: Machine,
    program: VmProgram,
    { limit = 10_000_000, every = 1, threads = 1, beforeEach, onFrame }: LockstepOptions,
  ) {
    this.#machine = machine;
    const { task, file } = vmOf(machine);
    this.#task = task;
    this.#labels = {
      enter: address(file, LABELS.enter),
      published: address(file, LABELS.published),
      land: address(file, LABELS.land),
      overflow: address(file, LABELS.overflow),
    };
    this.#reference = new Reference(program, { threads, eager: true });
    this.#watcher = new StackWatcher(machine, { task, file });
    this.#limit = limit;
    this.#every = every;
    this.#beforeEach = beforeEach;
    this.#onFrame = onFrame;
  }

  run(): LockstepReport {
    try {
      return this.#run();
    } finally {
      for (const stop of this.#stops.values()) stop[Symbol.dispose]();
    }
  }

  #run(): LockstepReport {
    const { cpu } = this.#machine;
    this.#runToFirst();
    while (this.#mismatch === undefined && this.#instructions < this.#limit) {
      if (cpu.userMode && this.#machine.kernel.cpus[0]!.current.task === this.#task) this.#look();
      if (this.#mismatch !== undefined) break;
      if (this.#machine.run(this.#isFree() ? this.#every : 1).kind === "halted") break;
    }
    const followers = [...this.#followers.values()];
    return {
      mismatch: this.#mismatch,
      halted: this.#machine.kernel.halted,
      instructions: this.#instructions,
      walks: followers.reduce((sum, { walks }) => sum + walks, 0),
      frames: this.#frames,
      deepest: this.#deepest,
      kinds: this.#kinds,
      anchored: this.#anchored,
      stopped: this.#stopped,
      states: followers.reduce((sum, { seen }) => sum + seen, 0),
      reference: this.#reference,
    };
  }

  /** Up to the first call of a method nothing is to be seen. */
  #runToFirst(): void {
    for (const label of ["enter", "published", "land"] as const) this.#stopAt(this.#labels[label]);
    while (this.#machine.run(this.#limit).kind === "breakpoint") {
      if (this.#machine.cpu.pc === this.#labels.enter) break;
    }
    this.#discover();
  }

  /** Has runs end at an address: one where native code goes over to published code. */
  #stopAt(address: bigint): void {
    if (this.#stops.has(address)) return;
    this.#stops.set(address, this.#machine.addBreakpoint(address));
  }

  /** Whether the only thread is in native code, so that nothing is to be seen before a stop. */
  #isFree(): boolean {
    return this.#isInNative && this.#reference.threads.length === 1;
  }

  #discover(): void {
    const [problem] = this.#watcher.discover();
    if (problem !== undefined) this.#fail(`What is published is damaged: ${problem.message}`);
  }

  #look(): void {
    const { pc } = this.#machine.cpu;
    if (pc === this.#labels.published) this.#discover();
    const { thread } = this.#watcher;
    this.#lookAtOther(thread);
    if (this.#mismatch !== undefined || thread === 0) return;
    this.#instructions++;
    const follower = this.#followerOf(thread);
    if (follower === undefined) return this.#fail(`Nobody has started thread ${thread}`);
    if (pc === this.#labels.overflow) follower.overflow();
    const isInCode = this.#watcher.isInCode;
    const isSeldom = !isInCode && !this.#isLanding && !this.#isFree();
    if (isSeldom && this.#sinceWalk !== 0 && this.#sinceWalk++ < this.#every) return;
    this.#sinceWalk = isInCode ? 0 : 1;
    // Landing leads to published code without a stop.
    if (pc === this.#labels.land) this.#isLanding = true;
    if (isInCode) this.#isLanding = false;
    this.#isInNative = !isInCode && !this.#isLanding;
    this.#beforeEach?.(this.#machine);
    const stack = this.#watcher.walk(this.#onFrame);
    // The anchor may lead further out: vm_enter's is its caller's again while it waits for a scan.
    const back = isInCode ? undefined : stack.frames.find(({ kind }) => kind !== "native")?.pc;
    if (back !== undefined) this.#stopAt(back);
    const kind = count(this.#kinds, stack);
    this.#frames += stack.frames.length;
    this.#deepest = Math.max(this.#deepest, stack.frames.length);
    const wrong = follower.observe(stack);
    if (wrong !== undefined) return this.#fail(wrong);
    if (kind !== "native" && kind !== "native-stub") {
      const { anchorPc } = this.#watcher;
      if (anchorPc === undefined || kind === "none") return;
      return this.#fail(`The anchor is set in ${kind} code: 0x${anchorPc.toString(16)}`);
    }
    const anchored = this.#watcher.walkFromAnchor();
    if (anchored === undefined) return;
    this.#anchored++;
    const other = follower.confirm(anchored);
    if (other !== undefined) this.#fail(`From the anchor: ${other}`);
  }

  /** When another thread runs than before, the one before is walked once more, where it stopped. */
  #lookAtOther(number: number): void {
    const thread = this.#machine.kernel.cpus[0]!.current;
    const last = this.#last;
    if (last?.thread === thread) return;
    this.#last = number === 0 ? undefined : { thread, number };
    if (last === undefined || last.thread.state === "dead") return;
    const follower = this.#followers.get(last.number);
    if (follower === undefined) return;
    const stack = this.#watcher.walkOf(last.thread);
    const place = placeOf(stack, last.thread);
    this.#stopped[place] = (this.#stopped[place] ?? 0) + 1;
    const wrong = follower.observe(stack);
    if (wrong !== undefined) this.#fail(`Stopped: ${wrong}`);
  }

  #followerOf(thread: number): ThreadFollower | undefined {
    const known = this.#followers.get(thread);
    if (known !== undefined) return known;
    const started = this.#reference.threads[thread - 1];
    if (started === undefined) return undefined;
    const follower = new ThreadFollower(started, this.#identities);
    this.#followers.set(thread, follower);
    return follower;
  }

  #fail(why: string): void {
    const { cpu } = this.#machine;
    this.#mismatch = `Before instruction ${cpu.instructions} at 0x${cpu.pc.toString(16)}: ${why}`;
  }
}

/** Counts a walk by what the innermost frame is, and gives that. */
function count(by: Record<string, number>, { frames: [innermost] }: ObservedStack): string {
  const kind = innermost?.kind ?? "none";
  by[kind] = (by[kind] ?? 0) + 1;
  return kind;
}

/** Where a thread has stopped. */
function placeOf({ frames: [innermost] }: ObservedStack, { state }: Thread): string {
  if (innermost === undefined) return "none";
  const { kind, name } = innermost;
  if (kind === "adapter") return name.slice(name.indexOf("@"));
  return kind === "native" && state === "blocked" ? "system call" : kind;
}

function address(file: ElfFile, name: string): bigint {
  const symbol = file.symbolNamed(name);
  if (symbol !== undefined) return symbol.value;
  throw new KernelError("misuse", `Cannot follow a machine without the VM: it has no ${name}`);
}
