/**
 * Interrupt and exception delivery in 64-bit mode (SDM vol. 3, 6.12 to 6.15; vol. 2, INT): from an
 * event to the first instruction of its handler, or to the double fault, or to shutdown.
 *
 * @module
 */

import {
  type Engine,
  X86Register,
  X86SegmentIndex,
  type X86State,
  X86TableIndex,
} from "../../unicorn/mod.ts";
import type { ExceptionEntry } from "../arch.ts";
import type { GuestImage } from "../guest_image.ts";
import type { KernelSpace } from "../kernel_space.ts";
import { hex, PAGE_SIZE, type PhysicalMemory } from "../physical_memory.ts";
import {
  type CodeSegment,
  decodeCodeSegment,
  decodeGate,
  type Gate,
  isCanonical,
} from "./descriptors.ts";
import {
  describeVector,
  hasErrorCode,
  isContributory,
  PageFaultBit,
  Vector,
} from "./exceptions.ts";
import { Cr4 } from "./models.ts";
import { currentRoot, PageWalk } from "./page_walk.ts";
import { Rflags } from "./registers.ts";

/** An event to be delivered through the IDT. */
export interface InterruptEvent {
  /** Vector. */
  readonly vector: number;
  /** Error code, for the exceptions that push one. */
  readonly error: number;
  /**
   * `fault`: RIP is at the instruction, which is to be restarted; `trap`: RIP is behind it;
   * `software`: `int n` or `int3`, RIP is behind it and the gate's privilege is checked;
   * `external`: raised by a device.
   */
  readonly kind: "fault" | "trap" | "software" | "external";
}

/** Delivering an event raised this exception. */
class DeliveryFault {
  constructor(readonly vector: number, readonly error: number, readonly address?: bigint) {}
}

/** A decoded gate and the words it was decoded from. */
interface CachedGate {
  readonly words: readonly [number, number, number, number];
  readonly gate: Gate;
}

const PAGE_MASK = BigInt(PAGE_SIZE - 1);
const PAGE_LAST_WORD = BigInt(PAGE_SIZE - 8);
const TSS_RSP0 = 4n;
const TSS_IST = 36n;
const CR0_WP = 1n << 16n;
const CS_LIMIT = 0xffff_ffff;
const IDT_ERROR = 2;
const EXTERNAL = 1;

/** Delivers events on one CPU. */
export class Delivery {
  readonly #engine: Engine;
  readonly #state: X86State;
  readonly #memory: PhysicalMemory;
  readonly #walk: PageWalk;
  readonly #restart: (vector: number) => bigint;
  readonly #directBegin: bigint;
  readonly #imageBegin: number;
  readonly #imageEnd: number;
  readonly #gates: (CachedGate | undefined)[] = [];
  #segment: { high: number; segment: CodeSegment } | undefined;

  /**
   * For the CPU `engine` is; `image` is mapped read-only within the direct map.
   * @param options `restart` finds the address of the interrupt instruction RIP is behind
   */
  constructor(
    engine: Engine,
    options: { space: KernelSpace; image: GuestImage; restart: (vector: number) => bigint },
  ) {
    const { space, image } = options;
    this.#restart = options.restart;
    this.#engine = engine;
    this.#state = engine.x86;
    this.#memory = space.memory;
    this.#walk = new PageWalk(space.memory);
    this.#directBegin = space.virtual(space.memory.base);
    this.#imageBegin = Number(image.begin - this.#directBegin);
    this.#imageEnd = Number(image.end - this.#directBegin);
  }

  /**
   * Delivers an event, and the exceptions its delivery raises: double fault, then shutdown (SDM
   * vol. 3, 6.15, table 6-5).
   * @returns what was entered, or one line about the triple fault
   */
  deliver(event: InterruptEvent): ExceptionEntry | string {
    let current = event;
    for (;;) {
      const result = this.#enter(current);
      if (!(result instanceof DeliveryFault)) return result;
      // An `int 8` that is refused is no double fault.
      if (current.vector === Vector.DF && current.kind === "fault") {
        return `Triple fault: ${
          describeVector(result.vector, result.error)
        } while entering #DF at ${hex(this.#state.rip)}, RSP ${hex(this.#state.rsp)}`;
      }
      if (result.address !== undefined) {
        this.#engine.writeRegister(X86Register.CR2, result.address);
      }
      // An interrupt instruction that cannot be carried out is a fault: it is to be restarted.
      if (current.kind === "software") this.#state.rip = this.#restart(current.vector);
      const { vector, error } = isDoubleFault(current, result.vector)
        ? { vector: Vector.DF, error: 0 }
        : result;
      current = { vector, error, kind: "fault" };
    }
  }

  /** Tries to enter one event. Nothing has changed if it answers with a fault. */
  #enter(event: InterruptEvent): ExceptionEntry | DeliveryFault {
    const state = this.#state;
    const { vector, kind } = event;
    const ext = kind === "software" ? 0 : EXTERNAL;
    const gate = this.#gate(vector, ext);
    if (gate instanceof DeliveryFault) return gate;
    const cpl = state.cpl;
    if (kind === "software" && gate.dpl < cpl) {
      return new DeliveryFault(Vector.GP, vector * 8 + IDT_ERROR);
    }
    if (!gate.present) return new DeliveryFault(Vector.NP, vector * 8 + IDT_ERROR + ext);
    const segment = this.#codeSegment(gate.selector, { ext, cpl });
    if (segment instanceof DeliveryFault) return segment;
    const ring = segment.conforming ? cpl : segment.dpl;
    const stack = this.#stack(gate.ist, ring < cpl ? ring : undefined);
    if (typeof stack !== "bigint") return stack;
    const rflags = this.#engine.readRegister(X86Register.RFLAGS);
    const pc = state.rip;
    const sp = state.rsp;
    const saved = kind === "fault" ? rflags | Rflags.RF : rflags;
    const words = [
      BigInt(state.selector(X86SegmentIndex.SS)),
      sp,
      saved,
      BigInt(state.selector(X86SegmentIndex.CS)),
      pc,
    ];
    if (hasErrorCode(vector) && kind === "fault") words.push(BigInt(event.error));
    const rsp = this.#push(stack & ~0xfn, { words, ext, ring });
    if (typeof rsp !== "bigint") return rsp;
    if (!isCanonical(gate.target)) return new DeliveryFault(Vector.GP, ext);
    const clear = Rflags.TF | Rflags.NT | Rflags.RF | Rflags.VM | (gate.masks ? Rflags.IF : 0n);
    this.#engine.writeRegister(X86Register.RFLAGS, rflags & ~clear);
    state.interruptShadow = false;
    state.enterRing({
      cpl: ring as 0 | 3,
      cs: {
        selector: (gate.selector & ~3) | ring,
        base: 0n,
        limit: CS_LIMIT,
        flags: segment.flags,
      },
      ss: ring < cpl ? { selector: ring, base: 0n, limit: 0, flags: ring << 13 } : state.segment(
        X86SegmentIndex.SS,
      ),
      rsp,
      rip: gate.target,
    });
    const code = BigInt(event.error);
    return { vector, pc, sp, changed: { rflags: saved }, code, fromUser: cpl === 3 };
  }

  /** Reads a gate. Decoding is kept as long as the bytes stay the same. */
  #gate(vector: number, ext: number): Gate | DeliveryFault {
    const base = this.#state.tableBase(X86TableIndex.IDTR);
    const limit = this.#state.tableLimit(X86TableIndex.IDTR);
    const error = vector * 8 + IDT_ERROR + ext;
    if (vector * 16 + 15 > limit) return new DeliveryFault(Vector.GP, error);
    const address = base + BigInt(vector * 16);
    const low = this.#systemOffset(address);
    if (low < 0) return new DeliveryFault(Vector.PF, this.#walk.error, address);
    const high = this.#systemOffset(address + 8n);
    if (high < 0) return new DeliveryFault(Vector.PF, this.#walk.error, address + 8n);
    const { view } = this.#memory;
    const w0 = view.getUint32(low, true);
    const w1 = view.getUint32(low + 4, true);
    const w2 = view.getUint32(high, true);
    const w3 = view.getUint32(high + 4, true);
    let cached = this.#gates[vector];
    if (
      cached === undefined || cached.words[0] !== w0 || cached.words[1] !== w1 ||
      cached.words[2] !== w2 || cached.words[3] !== w3
    ) {
      cached = { words: [w0, w1, w2, w3], gate: decodeGate(w0, w1, w2) };
      this.#gates[vector] = cached;
    }
    return cached.gate.valid ? cached.gate : new DeliveryFault(Vector.GP, error);
  }

  /** Reads and checks the code segment a gate leads to. */
  #codeSegment(
    selector: number,
    { ext, cpl }: { ext: number; cpl: number },
  ): CodeSegment | DeliveryFault {
    const error = (selector & 0xfffc) + ext;
    const index = selector & 0xfff8;
    const base = this.#state.tableBase(X86TableIndex.GDTR);
    const limit = this.#state.tableLimit(X86TableIndex.GDTR);
    // A selector of the local table can only be beyond its limit: there is none.
    if ((selector & 0xfffc) === 0 || (selector & 4) !== 0 || index + 7 > limit) {
      return new DeliveryFault(Vector.GP, error);
    }
    const address = base + BigInt(index);
    const offset = this.#systemOffset(address);
    if (offset < 0) return new DeliveryFault(Vector.PF, this.#walk.error, address);
    const high = this.#memory.view.getUint32(offset + 4, true);
    if (this.#segment?.high !== high) this.#segment = { high, segment: decodeCodeSegment(high) };
    const { segment } = this.#segment;
    if (!segment.code || segment.dpl > cpl || !segment.long) {
      return new DeliveryFault(Vector.GP, error);
    }
    return segment.present ? segment : new DeliveryFault(Vector.NP, error);
  }

  /**
   * Stack pointer the frame is pushed at: an interrupt stack, that of an inner ring, or the current
   * one.
   */
  #stack(ist: number, ring: number | undefined): bigint | DeliveryFault {
    if (ist === 0 && ring === undefined) return this.#state.rsp;
    const base = this.#state.tableBase(X86TableIndex.TR);
    const address = base + (ist !== 0 ? TSS_IST + BigInt(8 * (ist - 1)) : TSS_RSP0);
    const offset = this.#systemOffset(address);
    if (offset < 0) return new DeliveryFault(Vector.PF, this.#walk.error, address);
    return this.#memory.view.getBigUint64(offset, true);
  }

  /**
   * Index in RAM of 8 aligned bytes of a system table, read with supervisor rights; −1 if they are
   * not mapped.
   */
  #systemOffset(address: bigint): number {
    const direct = this.#directOffset(address, 8);
    if (direct >= 0) return direct;
    const offset = this.#walk.walk(currentRoot(this.#state), address);
    if (!this.#walk.user || (this.#state.cr4 & Cr4.SMAP) === 0n) return offset;
    // RFLAGS.AC does not count for what no instruction asks for (SDM vol. 3, 4.6.1).
    this.#walk.error = PageFaultBit.PRESENT;
    return -1;
  }

  /**
   * Index in RAM of bytes in the direct map, −1 elsewhere. Every root has the direct map, and the
   * kernel never unmaps it.
   */
  #directOffset(address: bigint, size: number): number {
    const offset = Number(address - this.#directBegin);
    return offset >= 0 && offset <= this.#memory.size - size ? offset : -1;
  }

  /** Whether SMAP keeps the kernel's part from a page of user mode. */
  #preventsAccess(): boolean {
    const { cr4, rflags } = this.#state;
    return (cr4 & Cr4.SMAP) !== 0n && (rflags & Number(Rflags.AC)) === 0;
  }

  /** Pushes words on a kernel stack, all of them or none; returns the new stack pointer. */
  #push(
    top: bigint,
    { words, ext, ring }: { words: readonly bigint[]; ext: number; ring: number },
  ): bigint | DeliveryFault {
    const size = 8 * words.length;
    const rsp = BigInt.asUintN(64, top - BigInt(size));
    const { view } = this.#memory;
    const direct = this.#directOffset(rsp, size);
    if (direct >= 0 && (direct + size <= this.#imageBegin || direct >= this.#imageEnd)) {
      if (this.#memory.onWrite !== null) this.#memory.onWrite(direct, size);
      for (let i = 0, at = direct + size; i < words.length; i++) {
        view.setBigUint64(at -= 8, words[i] ?? 0n, true);
      }
      return rsp;
    }
    const offsets = this.#stackOffsets(top, { count: words.length, ring });
    if (offsets instanceof DeliveryFault) {
      return offsets.vector === Vector.SS ? new DeliveryFault(Vector.SS, ext) : offsets;
    }
    for (let i = 0; i < words.length; i++) {
      if (this.#memory.onWrite !== null) this.#memory.onWrite(offsets[i] ?? 0, 8);
      view.setBigUint64(offsets[i] ?? 0, words[i] ?? 0n, true);
    }
    return rsp;
  }

  /** Indices in RAM of the words below an address, highest first, which the kernel may write. */
  #stackOffsets(
    top: bigint,
    { count, ring }: { count: number; ring: number },
  ): number[] | DeliveryFault {
    const root = currentRoot(this.#state);
    const offsets: number[] = [];
    let offset = 0;
    for (let i = 1; i <= count; i++) {
      const at = BigInt.asUintN(64, top - BigInt(8 * i));
      // The words are aligned: a page's first one to be pushed decides for those below it.
      if (i === 1 || (at & PAGE_MASK) === PAGE_LAST_WORD) {
        if (!isCanonical(at)) return new DeliveryFault(Vector.SS, 0);
        offset = this.#walk.walk(root, at);
        if (offset < 0) {
          return new DeliveryFault(Vector.PF, PageFaultBit.WRITE | this.#walk.error, at);
        }
        const isReadOnly = !this.#walk.writable && (this.#state.cr0 & CR0_WP) !== 0n;
        if (isReadOnly || (this.#walk.user && ring < 3 && this.#preventsAccess())) {
          return new DeliveryFault(Vector.PF, PageFaultBit.WRITE | PageFaultBit.PRESENT, at);
        }
      } else {
        offset -= 8;
      }
      offsets.push(offset);
    }
    return offsets;
  }
}

/**
 * Whether a second exception while delivering an event makes a double fault (SDM vol. 3, table
 * 6-5).
 */
function isDoubleFault(first: InterruptEvent, second: number): boolean {
  if (first.kind !== "fault") return false;
  if (first.vector === Vector.PF) return isContributory(second) || second === Vector.PF;
  return isContributory(first.vector) && isContributory(second);
}
