/**
 * The segment registers a program can load, for each thread: in 64-bit mode only the bases of FS
 * and GS mean anything, but a program sees every selector (SDM vol. 1, 3.4.2.1).
 *
 * @module
 */

import { X86SegmentIndex, type X86State, X86TableIndex } from "../../unicorn/mod.ts";
import type { GuestImage } from "../guest_image.ts";
import type { KernelSpace } from "../kernel_space.ts";
import { UPPER_HALF } from "../page_tables.ts";
import { decodeSegment, type HiddenPart, NULL_SEGMENT } from "./descriptors.ts";

const { DS, ES, FS, GS } = X86SegmentIndex;
/** In the order of the thread object. */
const SEGMENTS = [DS, ES, FS, GS];
const NAMES = ["ds", "es", "fs", "gs"];
/** Bytes of a selector. */
const SELECTOR_SIZE = 2;

/** Selectors in the order of a thread object, and the bases of FS and GS. */
function byName(
  { selectors, bases }: { selectors: readonly number[]; bases: readonly [bigint, bigint] },
): Readonly<Record<string, bigint>> {
  const named = NAMES.map((name, i) => [name, BigInt(selectors[i] ?? 0)]);
  return { ...Object.fromEntries(named), fs_base: bases[0], gs_base: bases[1] };
}

/**
 * Saves and loads them while the guest kernel runs: the user's base of GS is then what SWAPGS
 * brings back.
 */
export class ThreadSegments {
  readonly #state: X86State;
  readonly #space: KernelSpace;
  readonly #bases: number;
  readonly #selectors: number;
  readonly #size: number;

  /** Those of a CPU. */
  constructor(state: X86State, options: { space: KernelSpace; image: GuestImage }) {
    const { space, image } = options;
    this.#state = state;
    this.#space = space;
    this.#bases = image.constant("TH_POINTER");
    this.#selectors = image.constant("TH_SELECTORS");
    this.#size = image.constant("TH_SIZE");
  }

  /** The base of FS. */
  get fsBase(): bigint {
    return this.#state.segmentBase(FS);
  }
  set fsBase(value: bigint) {
    this.#state.setSegmentBase(FS, value);
  }

  /**
   * Those of the program, by name. The base of GS changes places with the kernel's, which is in the
   * upper half, in the instruction after an entry to the kernel and in the one before the exit.
   */
  held(userMode: boolean): Readonly<Record<string, bigint>> {
    const state = this.#state;
    const base = state.segmentBase(GS);
    const isPrograms = userMode || (base & UPPER_HALF) === 0n;
    return byName({
      selectors: SEGMENTS.map((index) => state.selector(index)),
      bases: [state.segmentBase(FS), isPrograms ? base : state.kernelGsBase],
    });
  }

  /** Those of a thread object, by name. */
  saved(thread: bigint): Readonly<Record<string, bigint>> {
    const { view } = this.#space.memory;
    const at = this.#space.offset(thread, this.#size);
    const selector = (_: number, i: number) =>
      view.getUint16(at + this.#selectors + i * SELECTOR_SIZE, true);
    const base = (i: number) => view.getBigUint64(at + this.#bases + 8 * i, true);
    return byName({ selectors: SEGMENTS.map(selector), bases: [base(0), base(1)] });
  }

  /** Saves them in a thread object. */
  save(thread: bigint): void {
    const state = this.#state;
    const { view, onWrite } = this.#space.memory;
    const at = this.#space.offset(thread, this.#size);
    if (onWrite !== null) {
      onWrite(at + this.#bases, 16);
      onWrite(at + this.#selectors, SEGMENTS.length * SELECTOR_SIZE);
    }
    view.setBigUint64(at + this.#bases, state.segmentBase(FS), true);
    view.setBigUint64(at + this.#bases + 8, state.kernelGsBase, true);
    for (let i = 0; i < SEGMENTS.length; i++) {
      const selector = state.selector(SEGMENTS[i] ?? DS);
      view.setUint16(at + this.#selectors + i * SELECTOR_SIZE, selector, true);
    }
  }

  /** Loads those of a thread object. */
  load(thread: bigint): void {
    const state = this.#state;
    const { view } = this.#space.memory;
    const at = this.#space.offset(thread, this.#size);
    for (let i = 0; i < SEGMENTS.length; i++) {
      const index = SEGMENTS[i] ?? DS;
      const selector = view.getUint16(at + this.#selectors + i * SELECTOR_SIZE, true);
      if (selector !== state.selector(index)) this.#loadSelector(index, selector);
    }
    state.setSegmentBase(FS, view.getBigUint64(at + this.#bases, true));
    state.kernelGsBase = view.getBigUint64(at + this.#bases + 8, true);
  }

  /** As `mov` to a segment register does, but for GS's base, which is the kernel's now. */
  #loadSelector(index: number, selector: number): void {
    const state = this.#state;
    const base = state.segmentBase(index);
    const segment = selector < 4 ? NULL_SEGMENT : this.#descriptor(selector);
    state.setSegment(index, { ...segment, selector, base: index === GS ? base : segment.base });
  }

  #descriptor(selector: number): HiddenPart {
    const at = this.#state.tableBase(X86TableIndex.GDTR) + BigInt(selector & ~7);
    const { view } = this.#space.memory;
    const low = this.#space.offset(at, 8);
    return decodeSegment(view.getUint32(low, true), view.getUint32(low + 4, true));
  }
}
