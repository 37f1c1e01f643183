/**
 * The CPU as a value: everything of it that later execution depends on, in plain data.
 *
 * The library keeps a CPU's state in one structure. An image is a copy of it without the host
 * pointers among its fields, so that it means the same in any engine of the same library, in this
 * process or another. Restoring copies it back. The pointers belong to breakpoints in debug
 * registers: they stay where the same breakpoints are in force, and `debug_registers.ts` has the
 * library make others where not.
 *
 * @module
 */
import { type DebugRegisters, makeDebugRegisters } from "./debug_registers.ts";
import { type EngineArch, EngineUsageError } from "../errors.ts";
import { type ImageLayout, imageOffset, rangesSize } from "./image_layout.ts";
import { stateAddress } from "../layout/layout.ts";
import { internalsOf, type UnicornLibrary } from "../library.ts";
import type { NativeEngine } from "../native_engine.ts";
import { viewMemory } from "../native_memory.ts";

/**
 * What {@linkcode Engine.saveCpu} returns. General, vector and system registers, flags, hidden
 * parts of segments, debug and model-specific registers, the exclusive monitor, the interrupt
 * shadow, the mode code is translated for, and the clock. RAM, code hooks, translations and the TLB
 * are not part of it, nor is AArch64's syndrome of the exit the last run came back with, which is
 * to be dealt with first. It does not change when the engine goes on.
 */
export interface CpuImage {
  /** Architecture of the guest. */
  readonly arch: EngineArch;
  /** CPU model. */
  readonly model: string;
  /** Version of the library. */
  readonly library: string;
  /** Says how the library lays its structure out. */
  readonly layout: string;
  /** Instructions executed so far. */
  readonly instructions: number;
  /** The structure's bytes, without what is no state. */
  readonly state: Uint8Array<ArrayBuffer>;
}

/** Where one range of the structure is: in place, and in an image. */
interface Piece {
  readonly live: Uint8Array;
  readonly begin: number;
  readonly end: number;
}

/** Saves and restores the CPU of one engine. */
export class CpuImageStore {
  readonly #native: NativeEngine;
  readonly #library: string;
  readonly #layout: ImageLayout;
  readonly #size: number;
  readonly #pieces: readonly Piece[];
  readonly #debug: DebugRegisters;

  /** Attaches to an engine; valid until that is closed. */
  constructor(native: NativeEngine, library: UnicornLibrary) {
    const internals = internalsOf(library);
    const { arch } = native;
    const layout = internals.images[arch];
    this.#native = native;
    this.#library = library.version;
    this.#layout = layout;
    this.#size = rangesSize(layout.ranges);
    const [, span] = layout.ranges.at(-1) ?? [0, 0];
    const own = arch === "x86_64" ? internals.x86 : internals.aarch64;
    const structure = new Uint8Array(viewMemory(stateAddress(native, own), span));
    let at = 0;
    this.#pieces = layout.ranges.map(([from, to]) => {
      const begin = at;
      at += to - from;
      return { live: structure.subarray(from, to), begin, end: at };
    });
    this.#debug = makeDebugRegisters(native, {
      layout,
      live: structure.subarray(...layout.debug),
      write: (state) => this.#write(state),
    });
  }

  /** Copies the CPU's state. */
  save(instructions: number): CpuImage {
    const state = new Uint8Array(this.#size);
    for (const { live, begin } of this.#pieces) state.set(live, begin);
    this.#layout.settle?.(state);
    return {
      arch: this.#native.arch,
      model: this.#native.model,
      library: this.#library,
      layout: this.#layout.fingerprint,
      instructions,
      state,
    };
  }

  /**
   * Makes the CPU's state that of an image.
   *
   * @returns Whether breakpoints had to be made or removed, which drops all translations and leaves
   * a TLB that is to be emptied.
   * @throws {EngineUsageError} When the image is of another architecture, model or library, or
   * damaged.
   */
  restore(image: CpuImage): boolean {
    this.#check(image);
    const changed = this.#debug.prepare(image.state);
    this.#write(image.state);
    return changed;
  }

  /** Sets DR0 … DR3 or DR7 with what follows from it. @returns As {@linkcode restore}. */
  setDebugRegister(index: number, value: bigint): boolean {
    const image = this.save(0);
    const at = imageOffset(this.#layout, this.#layout.debug[0]) + 8 * index;
    new DataView(image.state.buffer).setBigUint64(at, value, true);
    return this.restore(image);
  }

  #write(state: Uint8Array): void {
    for (const { live, begin, end } of this.#pieces) live.set(state.subarray(begin, end));
  }

  #check(image: CpuImage): void {
    const { arch, model } = this.#native;
    const expected = { arch, model, library: this.#library, layout: this.#layout.fingerprint };
    for (const key of ["arch", "model", "library", "layout"] as const) {
      if (image[key] === expected[key]) continue;
      throw new EngineUsageError(
        "image",
        `Cannot restore the CPU: the image's ${key} is ${image[key]}, the engine's ${
          expected[key]
        }`,
      );
    }
    const { state, instructions } = image;
    if (!(state instanceof Uint8Array) || state.length !== this.#size) {
      throw new EngineUsageError(
        "image",
        `Cannot restore the CPU: its state is not ${this.#size} bytes`,
      );
    }
    if (!Number.isSafeInteger(instructions) || instructions < 0) {
      throw new EngineUsageError("image", `Cannot restore the CPU: its clock is ${instructions}`);
    }
  }
}
