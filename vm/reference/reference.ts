/**
 * The reference interpreter: what a program does, without machine, code or stack.
 *
 * @module
 */
import type { Method, ValueType, VmProgram } from "../bytecode/program.ts";
import { ReferenceHeap, type Value, type VmObject } from "./heap.ts";
import { ReferenceThread, type ThreadContext } from "./thread.ts";

/** A program that is interpreted. Its threads go on when they are told to. */
export class Reference {
  /** The program. */
  readonly program: VmProgram;
  /** Its objects. */
  readonly heap: ReferenceHeap = new ReferenceHeap();
  /** Threads in the order of their start; number 1 comes first. */
  readonly threads: ReferenceThread[] = [];
  /** What was printed. */
  readonly output: bigint[] = [];
  #static: VmObject | null = null;
  #semaphore = 0;
  #activations = 0;

  readonly #eager: boolean;

  /**
   * A program before its first bytecode.
   *
   * @param options `threads` run its main method, default 1; with `eager`, what native functions do for other threads is done when they are
   *   called, not when they return: who follows a machine with several threads needs that
   */
  constructor(
    program: VmProgram,
    options: { readonly threads?: number; readonly eager?: boolean } = {},
  ) {
    this.program = program;
    this.#eager = options.eager ?? false;
    const main = program.methods[program.main]!;
    for (let i = 0; i < (options.threads ?? 1); i++) {
      this.#start(main, main.params.length === 0 ? undefined : BigInt(i));
    }
  }

  /** What every thread reaches. */
  get static(): VmObject | null {
    return this.#static;
  }

  /** What is referred to, by threads and the static reference. */
  *roots(): Generator<VmObject> {
    if (this.#static !== null) yield this.#static;
    for (const thread of this.threads) yield* thread.roots();
  }

  /**
   * Runs threads in turns, so many steps each, to the end.
   *
   * @throws {RangeError} If they wait for each other, or if `limit` steps were not enough.
   */
  run(
    { turn = 1, limit = 1_000_000 }: { readonly turn?: number; readonly limit?: number } = {},
  ): void {
    let steps = 0;
    for (;;) {
      let moved = false;
      for (const thread of this.threads) {
        for (let i = 0; i < turn && thread.advance().length > 0; i++) {
          moved = true;
          if (++steps >= limit) throw new RangeError(`The program has not ended in ${limit} steps`);
        }
      }
      if (moved) continue;
      if (this.threads.every(({ ended }) => ended)) return;
      throw new RangeError("All threads wait");
    }
  }

  #start(method: Method, argument: Value | undefined): number {
    const id = this.threads.length + 1;
    this.threads.push(new ReferenceThread(this.#context(id), method, argument));
    return id;
  }

  #context(thread: number): ThreadContext {
    const { program, heap, threads, output } = this;
    const threadOf = (id: Value | undefined): ReferenceThread => {
      const found = threads[Number(id) - 1];
      if (found === undefined) throw new RangeError(`There is no thread ${id}`);
      return found;
    };
    const allocate = (index: number): VmObject => heap.allocate(program.classes[index]!);
    const getStatic = () => this.#static;
    const setStatic = (value: VmObject | null) => this.#static = value;
    return {
      thread,
      program,
      eager: this.#eager,
      serial: () => ++this.#activations,
      allocate,
      throwable: allocate,
      upcallTarget: (id, type) => upcallTarget(program, id, type),
      print: (value) => output.push(value),
      start: (method, argument) => this.#start(method, argument),
      ended: (id) => threadOf(id).ended,
      cancel: (id) => threadOf(id).cancelled = true,
      // Who is to be unwound leaves it to others.
      take: () => !threads[thread - 1]!.cancelled && this.#semaphore > 0 && this.#semaphore-- > 0,
      give: () => this.#semaphore++,
      get static() {
        return getStatic();
      },
      set static(value) {
        setStatic(value);
      },
    };
  }
}

function upcallTarget(program: VmProgram, id: Value | undefined, type: ValueType): Method {
  const method = program.methods[Number(id)];
  const [param, ...others] = method?.params ?? [];
  if (method?.native === undefined && param?.type === type && others.length === 0) {
    if (method?.result === type) return method;
  }
  throw new RangeError(`Cannot call method ${id} from native code: not (${type}): ${type}`);
}
