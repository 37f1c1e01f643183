/**
 * Looks at the stack of the thread that runs in a machine.
 *
 * @module
 */
import { fromBigAddress, InputError } from "../../bytes/mod.ts";
import type { ElfFile } from "../../elf/mod.ts";
import type { Machine } from "../../kernel/machine.ts";
import { threadRegisters } from "../../kernel/core/task_core.ts";
import type { Task } from "../../kernel/thread/task.ts";
import type { Thread } from "../../kernel/thread/thread.ts";
import { LiveState } from "../../kernel/unwind/live_state.ts";
import { programFrame, registersOf, taskMemory } from "../../kernel/unwind/unwind_stack.ts";
import {
  discoverCode,
  type Frame,
  FrameIterator,
  type ManagedFrame,
  managedFrame,
  type MemoryReader,
  moduleFromElf,
  ModuleList,
  readWord,
  RegisterSet,
  type WalkInput,
  type WalkOptions,
} from "../../unwind/walk/mod.ts";
import type { ObservedFrame, ObservedObject, ObservedStack } from "./observed.ts";

/** From a thread's anchor to its number: see `guest/runtimes/vm/thread.h`. */
const NUMBER_FROM_ANCHOR = 80n;

/** A view of the VM's task in a machine. */
export class StackWatcher {
  readonly #machine: Machine;
  readonly #modules: ModuleList;
  readonly #live: LiveState;
  readonly #memory: MemoryReader;

  /** Looks at a task of a machine, which runs a file. */
  constructor(machine: Machine, { task, file }: { readonly task: Task; readonly file: ElfFile }) {
    this.#machine = machine;
    this.#modules = new ModuleList([moduleFromElf(file)]);
    this.#live = new LiveState(machine.kernel, machine.cpu);
    this.#memory = taskMemory(machine.kernel, task);
  }

  /** Brings what is known of the code up to date. */
  discover(): readonly InputError[] {
    return discoverCode({ memory: this.#memory, modules: this.#modules }).problems;
  }

  /** Whether the next instruction is in code of a kind: published code. */
  get isInCode(): boolean {
    return this.#modules.code.at(fromBigAddress(this.#machine.cpu.pc)) !== undefined;
  }

  /** Number of the VM's thread that runs, 0 if it is none of its own. */
  get thread(): number {
    return this.#number(this.#machine.cpu.threadPointer(0));
  }

  /** The same of any thread. */
  numberOf(thread: Thread): number {
    return this.#number(this.#threadPointer(thread));
  }

  #number(threadPointer: bigint): number {
    const [anchor] = this.#modules.code.anchors;
    if (anchor === undefined) return 0;
    const at = threadPointer + BigInt(anchor) + NUMBER_FROM_ANCHOR;
    return Number(readWord(this.#memory, at) ?? 0n);
  }

  #threadPointer(thread: Thread): bigint {
    const k = this.#machine.kernel;
    return threadRegisters(k, thread)[k.arch.core.threadPointer] ?? 0n;
  }

  /** What a walk of the stack of the thread that runs begins with. */
  get input(): WalkInput & { readonly threadPointer: bigint } {
    return {
      registers: this.#live.registers(),
      threadPointer: this.#machine.cpu.threadPointer(0),
      memory: this.#memory,
      modules: this.#modules,
    };
  }

  /** Walks it. */
  walk(onFrame?: (frame: Frame) => void): ObservedStack {
    return this.#walk(this.input, {}, onFrame);
  }

  /** The two words of the anchor of the thread that runs, set or not; zeros if there is none. */
  get anchor(): { readonly sp: bigint; readonly pc: bigint } {
    const [offset] = this.#modules.code.anchors;
    if (offset === undefined) return { sp: 0n, pc: 0n };
    const at = this.#machine.cpu.threadPointer(0) + BigInt(offset);
    const [sp, pc] = [at, at + 8n].map((address) => readWord(this.#memory, address) ?? 0n);
    return { sp: sp!, pc: pc! };
  }

  /** Where the last managed frame goes on; undefined if the thread runs managed code. */
  get anchorPc(): bigint | undefined {
    return this.anchor.pc || undefined;
  }

  /**
   * Walks it as another thread does, which has nothing but its anchor; undefined if it has none, as
   * it runs managed code.
   */
  walkFromAnchor(): ObservedStack | undefined {
    const { sp, pc } = this.anchor;
    if (pc === 0n) return undefined;
    const threadPointer = this.#machine.cpu.threadPointer(0);
    const registers = new RegisterSet(this.#machine.kernel.arch.elfMachine);
    registers.set(registers.numbers.programCounter, pc);
    registers.set(registers.numbers.stackPointer, sp);
    return this.#walk({ registers, threadPointer }, { start: "return-address" });
  }

  /** Walks the stack of a thread that does not run. */
  walkOf(thread: Thread, onFrame?: (frame: Frame) => void): ObservedStack {
    const k = this.#machine.kernel;
    const registers = registersOf(k, programFrame(k, thread));
    return this.#walk({ registers, threadPointer: this.#threadPointer(thread) }, {}, onFrame);
  }

  #walk(
    from: Pick<WalkInput, "registers" | "threadPointer">,
    options: WalkOptions,
    onFrame?: (frame: Frame) => void,
  ): ObservedStack {
    const frames: ObservedFrame[] = [];
    let error: string | undefined;
    const failed = (thrown: unknown): void => {
      if (!(thrown instanceof InputError)) throw thrown;
      error ??= thrown.message;
    };
    try {
      const iterator = new FrameIterator(
        { ...from, memory: this.#memory, modules: this.#modules },
        { framePointer: false, maxFrames: 100_000, ...options },
      );
      for (const frame of iterator) {
        frames.push(observed(frame, failed));
        onFrame?.(frame);
      }
    } catch (thrown) {
      failed(thrown);
    }
    return { frames, error, object: (address) => this.#object(address) };
  }

  #object(address: bigint): ObservedObject | undefined {
    if (address % 8n !== 0n) return undefined;
    const word = readWord(this.#memory, address);
    if (word === undefined) return undefined;
    return { class: Number(word & 0xffffffffn), id: Number(word >> 32n) };
  }
}

function observed(frame: Frame, failed: (thrown: unknown) => void): ObservedFrame {
  const { pc, code } = frame;
  if (code === undefined) {
    const name = frame.function?.name ?? "?";
    return { kind: "native", name, pc, method: undefined, bci: undefined, variables: [] };
  }
  let managed: ManagedFrame | undefined;
  try {
    managed = managedFrame(frame);
  } catch (thrown) {
    failed(thrown);
  }
  return {
    kind: code.kind.name,
    name: code.kind.name === "interpreter" ? managed?.method?.name ?? code.name : code.name,
    pc,
    method: managed?.method?.id,
    bci: managed?.bci,
    variables: (managed?.variables ?? []).map(({ plan, value, absence }) => {
      const { role, index, name, type } = plan;
      return { role, index, name, type, value, absence };
    }),
  };
}
