/**
 * The frame of a function that has left by a tail call, for its variables.
 *
 * @module
 */
import { toBigAddress } from "../../bytes/mod.ts";
import type { Entry } from "../../elf/dwarf/mod.ts";
import type { MemoryReader } from "../../unwind/walk/mod.ts";
import type { VariableFrame } from "../values/mod.ts";
import type { TailCall } from "./tail_calls.ts";

/** Frames around a tail call. */
export interface Neighbors {
  /** The frame of the walk that took its place. */
  readonly callee: () => VariableFrame;
  /** The next frame outwards. */
  readonly caller: () => VariableFrame | undefined;
  /** The next frame of the walk outwards. */
  readonly returned: () => VariableFrame | undefined;
}

/**
 * Of what the function had, the registers are left that it handed on as it had got them: those that
 * its caller finds again, and the place of its frame, which is now its callee's.
 */
export class TailCallFrame implements VariableFrame {
  readonly #call: TailCall;
  readonly #neighbors: Neighbors;

  /** Of that tail call. */
  constructor(call: TailCall, neighbors: Neighbors) {
    this.#call = call;
    this.#neighbors = neighbors;
  }

  /** The machine. */
  get machine(): VariableFrame["machine"] {
    return this.#neighbors.callee().machine;
  }

  /** Memory of the program. */
  get memory(): MemoryReader {
    return this.#neighbors.callee().memory;
  }

  /** The function. */
  get function(): Entry {
    return this.#call.entry;
  }

  /** Address behind the jump, in the file. */
  get pc(): bigint {
    return toBigAddress(this.#call.code.fileAddress(this.#call.pc));
  }

  /** Address in the jump, in the file. */
  get lookup(): bigint {
    return this.pc - 1n;
  }

  /** Address in memory minus address in the file. */
  get bias(): bigint {
    return toBigAddress(this.#call.code.bias);
  }

  /** The callee's: its return address is where the function's was. */
  get cfa(): bigint | undefined {
    return this.#neighbors.callee().cfa;
  }

  /** The next frame outwards. */
  get caller(): VariableFrame | undefined {
    return this.#neighbors.caller();
  }

  /** Thread-local storage, where a frame of the same module knows it. */
  get threadStorage(): bigint | undefined {
    const { callee, returned } = this.#neighbors;
    return [callee(), returned()].find((each) => each?.bias === this.bias)?.threadStorage;
  }

  /** A register, if the caller has got it back. */
  register(number: number): bigint | undefined {
    return this.#neighbors.returned()?.register(number);
  }

  /** A vector register, if the caller has got it back. */
  vector(number: number): Uint8Array | undefined {
    return this.#neighbors.returned()?.vector(number);
  }
}
