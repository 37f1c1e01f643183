/**
 * A program of the VM in a machine that runs freely, looked at whenever a collection has moved all
 * objects: its stacks must be those of states that the reference interpreter comes to, and its heap
 * what these states can reach.
 *
 * @module
 */
import type { Machine } from "../../kernel/machine.ts";
import { programThreads } from "../../kernel/core/task_core.ts";
import { taskMemory } from "../../kernel/unwind/unwind_stack.ts";
import type { Frame } from "../../unwind/walk/mod.ts";
import type { VmProgram } from "../bytecode/mod.ts";
import {
  Reference,
  type ReferenceThread,
  type ThreadState,
  type Value,
  type VmObject,
} from "../reference/mod.ts";
import { difference, stateText } from "./compare.ts";
import { HeapCheck } from "./heap_check.ts";
import { Identities } from "./identities.ts";
import { isManaged, type ObservedStack, observedText } from "./observed.ts";
import { vmOf } from "./vm_task.ts";
import { StackWatcher } from "./watcher.ts";

/** What has been found. */
export interface CollectionReport {
  /** The first difference, in words; undefined if there is none. */
  readonly mismatch: string | undefined;
  /** Collections after which stacks and heap were compared. */
  readonly collections: number;
  /** Objects that were alive, in all of them. */
  readonly objects: number;
  /** Frames of methods, in all of them. */
  readonly frames: number;
  /** Why the machine halted, if it did. */
  readonly halted: string | null;
  /** What the program has printed. */
  readonly output: string;
}

/** How to follow. */
export interface CollectionOptions {
  /** Most instructions to execute; default 1000 million. */
  readonly limit?: number;
  /** Most states of a thread from one collection to the next; default 20,000. */
  readonly furthest?: number;
  /** Ends after so many collections; by default when the program does. */
  readonly collections?: number;
  /** Called with each frame that is found. */
  readonly onFrame?: (frame: Frame) => void;
}

/** A function of the guest that is called when objects have been moved. */
const COLLECTED = "vm_free_unseen_code";

/** Runs a machine with a program of one thread to its end. */
export function followCollections(
  machine: Machine,
  program: VmProgram,
  options: CollectionOptions = {},
): CollectionReport {
  const { limit = 1_000_000_000, furthest = 20_000, collections = Infinity, onFrame } = options;
  const { task, file } = vmOf(machine);
  const watcher = new StackWatcher(machine, { task, file });
  const heap = new HeapCheck(program, taskMemory(machine.kernel, task), file);
  const reference = new Reference(program);
  const seeker = new Seeker(reference, furthest);
  using _stop = machine.addBreakpoint(file.symbolNamed(COLLECTED)!.value);
  const sums = { collections: 0, objects: 0, frames: 0 };
  const end = (mismatch?: string): CollectionReport => ({
    mismatch,
    ...sums,
    halted: machine.kernel.halted,
    output: machine.console.text(),
  });
  while (machine.cpu.instructions < limit && sums.collections < collections) {
    const { kind } = machine.run(limit - machine.cpu.instructions);
    if (kind !== "breakpoint") break;
    const [problem] = watcher.discover();
    if (problem !== undefined) return end(`What is published is damaged: ${problem.message}`);
    const thread = programThreads(machine.kernel, task).find((each) =>
      watcher.numberOf(each) === 1
    );
    if (thread === undefined) continue;
    const found = seeker.seek(watcher.walkOf(thread, onFrame), heap);
    if (typeof found === "string") {
      return end(`After ${sums.collections} collections: ${found}`);
    }
    sums.collections++;
    sums.objects += found.objects;
    sums.frames += found.frames;
  }
  return end();
}

/** Has the reference interpreter go on until it is where the machine is. */
class Seeker {
  readonly #reference: Reference;
  readonly #thread: ReferenceThread;
  readonly #identities = new Identities();
  readonly #furthest: number;
  /** States that the last step has led to, and the object that it has made. */
  #states: readonly ThreadState[];
  #fresh: readonly VmObject[] = [];
  #at = 0;

  constructor(reference: Reference, furthest: number) {
    this.#reference = reference;
    this.#thread = reference.threads[0]!;
    this.#states = [this.#thread.state];
    this.#furthest = furthest;
  }

  seek(
    stack: ObservedStack,
    heap: HeapCheck,
  ): { readonly objects: number; readonly frames: number } | string {
    if (stack.error !== undefined) return this.#report(stack, `the walk ended: ${stack.error}`);
    let nearest: string | undefined;
    for (let count = 0; count < this.#furthest; count++) {
      const state = this.#states[this.#at]!;
      if (difference(stack, state, this.#identities) === undefined) {
        const wrong = heap.difference({
          roots: this.#roots(stack, heap.static),
          inFlight: this.#inFlight(state),
        });
        if (typeof wrong === "number") {
          return { objects: wrong, frames: stack.frames.filter(isManaged).length };
        }
        nearest ??= `the heap is not that of\n${stateText(state)}\n${wrong}`;
      }
      if (!this.#next()) break;
    }
    return this.#report(stack, nearest ?? "the reference interpreter comes to no such state");
  }

  #next(): boolean {
    if (++this.#at < this.#states.length) return true;
    const { heap } = this.#reference;
    const before = heap.count;
    this.#states = this.#thread.advance();
    this.#fresh = heap.count === before || heap.last === null ? [] : [heap.last];
    this.#at = 0;
    if (this.#states.length > 0) return true;
    this.#states = [this.#thread.state];
    return false;
  }

  /** Objects that a call or the VM has in its hands: no frame of a method shows them. */
  #inFlight({ top, native }: ThreadState): VmObject[] {
    const values: (Value | undefined)[] = [...this.#fresh, this.#thread.uncaught];
    if (top !== null && top.phase !== "at") values.push(...top.args, top.result);
    for (let call = native; call !== null; call = call.outer) {
      values.push(...call.args, call.returned, call.pending);
    }
    return values.filter((value) => typeof value === "object" && value !== null);
  }

  /** What frames and the static reference refer to. */
  *#roots(
    { frames, object }: ObservedStack,
    fixed: bigint,
  ): Generator<readonly [bigint, VmObject]> {
    const { static: known } = this.#reference;
    if (fixed !== 0n && known !== null) yield [fixed, known];
    for (const { variables, kind } of frames) {
      if (kind === "adapter") continue;
      for (const { type, value } of variables) {
        if (type !== "ref" || value === undefined || value === 0n) continue;
        const id = object(value)?.id;
        const of = id === undefined ? undefined : this.#identities.objectOf(id);
        if (of !== undefined) yield [value, of];
      }
    }
  }

  #report({ frames }: ObservedStack, why: string): string {
    return [why, "  walk:", ...frames.map((frame) => `    ${observedText(frame)}`)].join("\n");
  }
}
