/**
 * Frames of a walk as frames whose variables are read.
 *
 * @module
 */
import { bytesOfInteger, toBigAddress } from "../../../bytes/mod.ts";
import type { Entry } from "../../../elf/dwarf/mod.ts";
import type { Frame, MemoryReader } from "../../../unwind/walk/mod.ts";
import type { TargetThread } from "../../target/mod.ts";
import { threadStorage } from "./thread_storage.ts";
import type { VariableFrame } from "./variable_frame.ts";

/** What a frame of a walk does not know itself. */
export interface PhysicalFrameOptions {
  /** The thread that was walked. */
  readonly thread: Pick<TargetThread, "threadPointer" | "vector"> | undefined;
  /** Memory of the program. */
  readonly memory: MemoryReader;
  /** The out-of-line function that the frame is of. */
  readonly function: Entry | undefined;
  /** Finds the frame of the caller when it is asked for. */
  readonly caller: () => VariableFrame | undefined;
}

/** First and last of the registers whose low halves AArch64's functions save: `v8` to `v15`. */
const SAVED_VECTORS = [72, 79] as const;

/** The frame of a walk, for its variables. */
export function physicalFrame(frame: Frame, options: PhysicalFrameOptions): VariableFrame {
  return new PhysicalFrame(frame, options);
}

class PhysicalFrame implements VariableFrame {
  readonly #frame: Frame;
  readonly #options: PhysicalFrameOptions;
  readonly #registers: Frame["registers"];
  readonly bias: bigint;
  readonly lookup: bigint;
  readonly cfa: bigint | undefined;
  #caller: VariableFrame | undefined | null = null;

  constructor(frame: Frame, options: PhysicalFrameOptions) {
    this.#frame = frame;
    this.#options = options;
    this.#registers = frame.registers;
    const { module } = frame;
    this.bias = module === undefined ? 0n : toBigAddress(module.bias);
    this.lookup = BigInt.asUintN(64, frame.lookupAddress - this.bias);
    this.cfa = frame.cfa;
  }

  get machine(): VariableFrame["machine"] {
    return this.#registers.machine;
  }

  get memory(): MemoryReader {
    return this.#options.memory;
  }

  get function(): Entry | undefined {
    return this.#options.function;
  }

  get pc(): bigint {
    return BigInt.asUintN(64, this.#frame.pc - this.bias);
  }

  get caller(): VariableFrame | undefined {
    if (this.#caller === null) this.#caller = this.#options.caller();
    return this.#caller;
  }

  get threadStorage(): bigint | undefined {
    const { module } = this.#frame;
    const pointer = this.#options.thread?.threadPointer;
    if (module === undefined || pointer === undefined) return undefined;
    return threadStorage(module, { machine: this.machine, pointer, memory: this.memory });
  }

  register(number: number): bigint | undefined {
    if (isVector(this.machine, number)) return undefined;
    return this.#registers.get(number);
  }

  vector(number: number): Uint8Array | undefined {
    if (!isVector(this.machine, number)) return undefined;
    if (this.#frame.index === 0) return this.#options.thread?.vector(number);
    // Functions keep but the low halves of some for their callers.
    const [first, last] = SAVED_VECTORS;
    if (this.machine !== "aarch64" || number < first || number > last) return undefined;
    const low = this.#registers.get(number);
    return low === undefined ? undefined : bytesOfInteger(low, 8);
  }
}

/** Whether a register is one of vectors or floating-point numbers. */
function isVector(machine: VariableFrame["machine"], number: number): boolean {
  if (machine === "aarch64") return number >= 64 && number <= 95;
  return number >= 17 && number <= 40 || number >= 67 && number <= 82;
}
