/**
 * Watching the guest's loads and stores.
 *
 * @module
 */
import * as uc from "./constants.ts";
import type { EngineStructure } from "./engine_structure.ts";
import { accessCallback } from "./hooks.ts";
import type { NativeEngine } from "./native_engine.ts";
import { PAGE_SIZE, type RamMap } from "./ram.ts";

const PAGE_SHIFT = 12n;
const PAGE_OFFSET = PAGE_SIZE - 1;

/**
 * Bytes of a page to watch, whatever page frame it is in. An access that overlaps them in a watched
 * frame, or runs over from the frame before, ends the run.
 */
export interface WatchWindow {
  /** Offset of the first byte in its page, 0 to 4095. */
  readonly begin: number;
  /** Offset behind the last byte, up to 4096. */
  readonly end: number;
  /** Whether reads count. */
  readonly reads: boolean;
  /** Whether writes count. */
  readonly writes: boolean;
}

/** One load or store, or one part of an instruction that makes several. */
export interface MemoryAccess {
  /** Whether it is a store. */
  readonly write: boolean;
  /** Physical address of its first byte. The rest of an access across pages is anywhere. */
  readonly address: bigint;
  /** Bytes, 1 to 16. */
  readonly size: number;
  /** What was there just before; only what is in the first page, if `rest` is not known. */
  readonly before: Uint8Array;
  /** Physical address of what is in a second page. */
  readonly rest?: bigint;
}

/**
 * Where the rest of an access across two pages is, which the library does not tell: its physical
 * address, given the instruction and the state it began with.
 */
export type FindRest = (
  access: { pc: bigint; state: BigUint64Array; address: bigint; size: number },
) => bigint | undefined;

/** What an instruction did, from its first access to watched bytes on. */
export interface AccessRecord {
  /** Address of the instruction. */
  readonly pc: bigint;
  /** Accesses in the order they were made. Of an instruction that faults some may be missing. */
  readonly accesses: readonly MemoryAccess[];
  /**
   * The CPU's state at the first of them, as the library has it: general registers come first, 16
   * words of x86-64, and 32 of AArch64 after as many 32-bit registers of AArch32.
   */
  readonly state: BigUint64Array;
}

/** What {@linkcode MemoryWatch} needs of its engine. */
export interface MemoryWatchOptions {
  /** RAM. */
  readonly ram: RamMap;
  /** The CPU's state. */
  readonly words: BigUint64Array;
  /** Where PC is in it. */
  readonly pcIndex: number;
  /** Its count of instructions. */
  readonly structure: EngineStructure;
}

/**
 * Records accesses to watched bytes and has the run end behind the instruction that makes them.
 *
 * The library calls a hook of accesses with the physical address of the first byte, and compares
 * its bounds with that. Code that is translated while there is any such hook makes all its accesses
 * by calls into the library, so code is dropped when the first hook comes and when the last one
 * goes. A stop asked for in such a hook comes in the midst of the instruction, between its access
 * and what follows from it; so the run's budget is cut to the instructions that have begun. Hooks
 * cover whole page frames: a store elsewhere in a frame would otherwise take "not dirty" off its
 * TLB entry, after which `DC ZVA` fills memory past every hook.
 */
export class MemoryWatch {
  readonly #native: NativeEngine;
  readonly #options: MemoryWatchOptions;
  readonly #hooks = new Map<number, bigint>();
  #everywhere: bigint | undefined;
  #windows: readonly WatchWindow[] = [];
  #accesses: MemoryAccess[] = [];
  #state = new BigUint64Array(0);
  #pc = 0n;
  #findRest: FindRest | undefined;
  /** Number in its run of the instruction that made an access; 0 if there was none. */
  counted = 0;

  /** Watches nothing yet. */
  constructor(native: NativeEngine, options: MemoryWatchOptions) {
    this.#native = native;
    this.#options = options;
  }

  /**
   * Watches other bytes: windows of pages in these page frames, by number, or in all of memory.
   * Without windows nothing is watched, and nothing costs anything.
   */
  watch(
    windows: readonly WatchWindow[],
    frames: ReadonlySet<number> | "all",
    findRest?: FindRest,
  ): void {
    this.#findRest = findRest;
    const none: ReadonlySet<number> = new Set();
    const wanted = windows.length === 0 || frames === "all" ? none : frames;
    const everywhere = windows.length > 0 && frames === "all";
    this.#windows = windows;
    const before = this.isActive;
    let changed = false;
    for (const [frame, hook] of this.#hooks) {
      if (wanted.has(frame)) continue;
      this.#native.removeHook(hook);
      this.#hooks.delete(frame);
      changed = true;
    }
    for (const frame of wanted) {
      if (this.#hooks.has(frame)) continue;
      const begin = BigInt(frame) << PAGE_SHIFT;
      this.#hooks.set(frame, this.#add({ begin, end: begin + BigInt(PAGE_OFFSET) }));
      changed = true;
    }
    if (everywhere !== (this.#everywhere !== undefined)) {
      if (this.#everywhere !== undefined) this.#native.removeHook(this.#everywhere);
      this.#everywhere = everywhere ? this.#add({}) : undefined;
      changed = true;
    }
    if (this.isActive !== before) this.#native.flushCode();
    if (changed) this.#native.flushTlb();
  }

  /** Whether anything is watched. */
  get isActive(): boolean {
    return this.#hooks.size > 0 || this.#everywhere !== undefined;
  }

  #add(range: { begin?: bigint; end?: bigint }): bigint {
    return this.#native.addHook(
      uc.UC_HOOK_MEM_READ | uc.UC_HOOK_MEM_WRITE,
      accessCallback(),
      range,
    );
  }

  /** A run begins. */
  clear(): void {
    if (this.counted === 0) return;
    this.counted = 0;
    this.#accesses = [];
  }

  /** What has been recorded in the last run. */
  get record(): AccessRecord | undefined {
    if (this.counted === 0) return undefined;
    return { pc: this.#pc, accesses: this.#accesses, state: this.#state };
  }

  /** The guest is about to access memory. It is only recorded, and the run asked to end. */
  onAccess(write: boolean, address: bigint, size: number): void {
    const offset = Number(address & BigInt(PAGE_OFFSET));
    const { words, pcIndex, structure } = this.#options;
    if (this.counted === 0) {
      if (!this.#overlaps(write, offset, size)) return;
      this.counted = structure.counter;
      this.#pc = words[pcIndex] ?? 0n;
      this.#state = words.slice(0, this.#findRest === undefined ? STATE_WORDS : undefined);
      // Behind the instruction that is executed.
      structure.cutBudget(0);
    }
    const part = Math.min(size, PAGE_SIZE - offset);
    const before = this.#bytes(address, part);
    const rest = part === size
      ? undefined
      : this.#findRest?.({ pc: this.#pc, state: this.#state, address, size });
    if (rest === undefined) {
      this.#accesses.push({ write, address, size, before });
      return;
    }
    const whole = new Uint8Array(size);
    whole.set(before);
    whole.set(this.#bytes(rest, size - part), part);
    this.#accesses.push({ write, address, size, before: whole, rest });
  }

  /** What is in RAM; nothing where there is none. */
  #bytes(address: bigint, size: number): Uint8Array {
    return this.#options.ram.slice(address, size)?.slice() ?? new Uint8Array(0);
  }

  /**
   * Undoes what has been recorded, as if the instruction had not begun: memory, and the whole state
   * that was kept.
   */
  undo(): void {
    const { ram, words } = this.#options;
    for (const { write, address, before, rest } of this.#accesses.toReversed()) {
      if (!write) continue;
      const part = Math.min(before.length, PAGE_SIZE - Number(address & BigInt(PAGE_OFFSET)));
      ram.slice(address, part)?.set(before.subarray(0, part));
      if (rest !== undefined) ram.slice(rest, before.length - part)?.set(before.subarray(part));
    }
    words.set(this.#state);
  }

  #overlaps(write: boolean, offset: number, size: number): boolean {
    const end = offset + size;
    for (const { begin, end: behind, reads, writes } of this.#windows) {
      if (!(write ? writes : reads)) continue;
      if (offset < behind && end > begin) return true;
      if (end > PAGE_SIZE + begin) return true;
    }
    return false;
  }
}

/** Up to the general registers of either architecture. */
const STATE_WORDS = 40;
