/**
 * What gdb guesses.
 *
 * @module
 */
import type { TargetThread } from "../../../../debug/target/mod.ts";
import type { VariableFrame } from "../../../../debug/values/mod.ts";

/**
 * A frame as gdb has it: of a register that functions need not save and that no table mentions, it
 * believes that it is as it was further in.
 */
export class GuessingFrame implements VariableFrame {
  readonly #frame: VariableFrame;
  readonly #inner: (number: number) => bigint | undefined;
  readonly #caller: () => VariableFrame | undefined;
  readonly #thread: TargetThread;

  /** Makes guesses for a frame: what is `inner` has been known further in. */
  constructor(
    frame: VariableFrame,
    { inner, caller, thread }: {
      readonly inner: (number: number) => bigint | undefined;
      readonly caller: () => VariableFrame | undefined;
      readonly thread: TargetThread;
    },
  ) {
    this.#frame = frame;
    this.#inner = inner;
    this.#caller = caller;
    this.#thread = thread;
  }

  get machine(): VariableFrame["machine"] {
    return this.#frame.machine;
  }

  get memory(): VariableFrame["memory"] {
    return this.#frame.memory;
  }

  get function(): VariableFrame["function"] {
    return this.#frame.function;
  }

  get pc(): bigint {
    return this.#frame.pc;
  }

  get lookup(): bigint {
    return this.#frame.lookup;
  }

  get bias(): bigint {
    return this.#frame.bias;
  }

  get cfa(): bigint | undefined {
    return this.#frame.cfa;
  }

  get caller(): VariableFrame | undefined {
    return this.#caller();
  }

  get threadStorage(): bigint | undefined {
    return this.#frame.threadStorage;
  }

  register(number: number): bigint | undefined {
    return this.#frame.register(number) ?? this.#inner(number);
  }

  vector(number: number): Uint8Array | undefined {
    return this.#frame.vector(number) ?? this.#thread.vector(number);
  }
}
