/**
 * Watched memory of one CPU: which accesses, by virtual address, touch what somebody watches.
 *
 * The engine tells of accesses by physical address ({@linkcode Engine.watchMemory}) and only says
 * that one may be meant. Here that is turned round: before each run the watched addresses are
 * translated in every address space they are watched in, so that the engine need look at those page
 * frames only, and after it the access is taken back to the address the instruction used. That is
 * where architectures differ: an instruction's operands say which of several mappings of a page
 * frame it went through.
 *
 * @module
 */

import { watchUndoably } from "../unicorn/engine.ts";
import type { FindRest } from "../unicorn/memory_watch.ts";
import type { AccessRecord, Engine, MemoryAccess, WatchWindow } from "../unicorn/mod.ts";
import type { WatchHit, WatchRange } from "./arch.ts";
import { HostWrites } from "./host_writes.ts";
import { PAGE_SIZE } from "./physical_memory.ts";
import {
  type Access,
  clip,
  isNear,
  MAX_ACCESS,
  near,
  noteBytes,
  pagesOf,
  runsOf,
  windowsOf,
} from "./watch_ranges.ts";
import { type Translation, WatchedSpace } from "./watched_space.ts";

const PAGE = BigInt(PAGE_SIZE);
const PAGE_MASK = PAGE - 1n;
const PAGE_SHIFT = 12n;
/** Operands in memory of an instruction. */
export interface Operands {
  /** Where they are. */
  readonly addresses: readonly bigint[];
  /** Whether it reads them: the engine may read what an instruction only writes. */
  readonly reads: boolean;
}

/** What {@linkcode Watchpoints} asks of its CPU. */
export interface WatchpointsOptions extends Translation {
  /** The engine. */
  readonly engine: Engine;
  /** The operands of an instruction in memory, given the state it began with. */
  readonly operandsOf: (instruction: Pick<AccessRecord, "pc" | "state">) => Operands | undefined;
  /** Whether a watchpoint of the debug registers comes before the access, and undoes it. */
  readonly undoes: boolean;
  /** Program counter. */
  readonly pc: () => bigint;
}

/** A range of the debug registers, accessed. */
export interface DebugHit<T extends WatchRange> {
  /** The range. */
  readonly range: T;
  /** Whether it was written. */
  readonly write: boolean;
  /** Address of the first of its bytes that was accessed. */
  readonly address: bigint;
}

/** The watched ranges of a CPU, at least one. */
export class Watchpoints<T extends WatchRange = WatchRange> {
  readonly #options: WatchpointsOptions;
  readonly #space: WatchedSpace;
  readonly #ranges = new Set<WatchRange>();
  /** What the guest itself watches by its debug registers, in whatever address space. */
  #debug: readonly T[] = [];
  #debugHits: DebugHit<T>[] = [];
  /** First bytes of pages, as they were when the run began: the rest of accesses across pages. */
  readonly #heads = new Map<bigint, Uint8Array>();
  /** Watched pages by the page frames they are in. */
  readonly #pages = new Map<bigint, { range: WatchRange; page: bigint }[]>();
  #windows: readonly WatchWindow[] = [];
  #hits: WatchHit[] = [];
  readonly #writes: HostWrites;

  /** Watches nothing yet. */
  constructor(options: WatchpointsOptions) {
    this.#options = options;
    this.#space = new WatchedSpace(options);
    this.#writes = new HostWrites({
      memory: options.space.memory,
      framesOf: (range, page) => this.#space.frames(range, page),
      pc: options.pc,
    });
  }

  /** Whether nothing is watched. */
  get isEmpty(): boolean {
    return this.#ranges.size === 0 && this.#debug.length === 0;
  }

  /** Watches what the debug registers say. */
  setDebug(ranges: readonly T[]): void {
    this.#debug = ranges;
    this.#change();
  }

  /** Watches a range, until told otherwise. */
  add(range: WatchRange): void {
    this.#ranges.add(range);
    this.#change();
  }

  /** Watches a range no more. */
  delete(range: WatchRange): void {
    this.#ranges.delete(range);
    this.#hits = this.#hits.filter((hit) => hit.range !== range);
    this.#change();
  }

  #change(): void {
    const ranges = [...this.#ranges];
    const windows = ranges.flatMap(windowsOf);
    this.#windows = [...windows, ...this.#debug.flatMap(windowsOf)];
    if (this.isEmpty) this.#options.engine.watchMemory([], "all");
    this.#writes.watch(ranges, windows);
  }

  /** A run of the CPU begins. */
  begin(): void {
    this.#hits = [];
    this.#writes.clear();
    this.#writes.by = "cpu";
  }

  /** A run of the CPU has ended. */
  end(): void {
    this.#writes.by = "kernel";
  }

  /** The engine is about to run: it has to know where the watched bytes are now. */
  arm(): void {
    const { engine, space } = this.#options;
    const frames = new Set<number>();
    this.#heads.clear();
    this.#pages.clear();
    for (const range of this.#ranges) {
      const { address, size } = range;
      // Accesses that run over from the page before begin in its page frame.
      const first = (address & PAGE_MASK) < MAX_ACCESS ? address - PAGE : address;
      const begin = first < 0n ? address : first;
      for (let page = begin & ~PAGE_MASK; page < address + BigInt(size); page += PAGE) {
        for (const physical of this.#space.frames(range, page)) {
          frames.add(Number(physical >> PAGE_SHIFT));
          const pages = this.#pages.get(physical);
          if (pages === undefined) this.#pages.set(physical, [{ range, page }]);
          else pages.push({ range, page });
          if (!space.memory.contains(physical, PAGE_SIZE)) continue;
          this.#heads.set(physical, space.memory.slice(physical, Number(MAX_ACCESS)).slice());
        }
      }
    }
    // The guest may change tables and roots while it runs: what it watches may be anywhere.
    const own = this.#debug.length > 0;
    if (own && this.#options.undoes) {
      watchUndoably(engine, this.#windows, (access) => this.#restOf(access));
    } else engine.watchMemory(this.#windows, own ? "all" : frames);
  }

  /**
   * The engine has run: finds out what was accessed.
   *
   * @param faulted whether the last instruction is to be restarted, as if it had never begun
   */
  settle(faulted: boolean): void {
    const record = this.#options.engine.accessed;
    if (record === undefined || faulted) return;
    const found = this.#options.operandsOf(record);
    const accesses = record.accesses.filter(({ write }) => write || (found?.reads ?? true));
    const operands = found?.addresses;
    if (this.#debug.length > 0) this.#settleDebug(accesses, operands);
    for (const range of this.#ranges) {
      const touched = { read: new Map<bigint, number>(), write: new Map<bigint, number>() };
      for (const { write, address, size, before } of accesses) {
        if (!(write ? range.writes : range.reads)) continue;
        for (const at of this.#addresses(range, { physical: address, operands })) {
          const part = clip(this.#whole({ write, address: at, size, before }), range);
          if (part !== undefined) noteBytes(touched[write ? "write" : "read"], part);
        }
      }
      for (const access of ["read", "write"] as const) {
        for (const { address, before } of runsOf(touched[access])) {
          const value = access === "write" ? this.#space.read(address, before.length) : before;
          this.#hits.push({
            range,
            access,
            address,
            before,
            value,
            pc: record.pc,
            by: "instruction",
          });
        }
      }
    }
  }

  #settleDebug(accesses: readonly MemoryAccess[], operands: readonly bigint[] | undefined): void {
    for (const { write, address: physical, size, before } of accesses) {
      for (const range of this.#debug) {
        if (!(write ? range.writes : range.reads)) continue;
        for (const address of this.#debugAddresses(range, { physical, operands })) {
          const part = clip({ write, address, size, before }, range);
          if (part !== undefined) this.#debugHits.push({ range, write, address: part.address });
        }
      }
    }
  }

  /** Virtual addresses by which an access may have gone to a range of the debug registers. */
  #debugAddresses(
    range: T,
    { physical, operands }: { physical: bigint; operands: readonly bigint[] | undefined },
  ): bigint[] {
    const addresses = operands?.map((operand) => near(operand, physical)) ??
      pagesOf(range).map((page) => page + (physical & PAGE_MASK));
    return [...new Set(addresses)].filter((address) => this.#space.translate(address) === physical);
  }

  /** Where the rest of an access across two pages is. */
  #restOf(
    { pc, state, address, size }: Parameters<FindRest>[0],
  ): bigint | undefined {
    const [operand] = this.#options.operandsOf({ pc, state })?.addresses ?? [];
    if (operand === undefined) return undefined;
    return this.#space.translate((near(operand, address) + BigInt(size)) & ~PAGE_MASK);
  }

  /** What the debug registers watch and was accessed; whoever takes it deals with it. */
  takeDebugHits(): readonly DebugHit<T>[] {
    const hits = this.#debugHits;
    this.#debugHits = [];
    return hits;
  }

  /** Whether {@linkcode takeDebugHits} has anything. */
  get hasDebugHits(): boolean {
    return this.#debugHits.length > 0;
  }

  /** The last instruction has been undone. */
  discard(): void {
    this.#hits = [];
  }

  /** What has happened to watched bytes and was not told yet; the caller tells it. */
  take(): readonly WatchHit[] {
    const hits = [...this.#hits, ...this.#writes.take()];
    this.#hits = [];
    return hits;
  }

  /** Whether {@linkcode take} has anything. */
  get hasHits(): boolean {
    return this.#hits.length > 0 || this.#writes.any;
  }

  /** Virtual addresses by which an access may have gone to a range. */
  *#addresses(
    range: WatchRange,
    access: { physical: bigint; operands: readonly bigint[] | undefined },
  ): Iterable<bigint> {
    const { physical, operands } = access;
    const offset = physical & PAGE_MASK;
    const frame = physical - offset;
    const seen = new Set<bigint>();
    for (const { range: other, page } of this.#pages.get(frame) ?? []) {
      if (other !== range || seen.has(page)) continue;
      seen.add(page);
      const address = page + offset;
      const isMeant = operands?.some((operand) => isNear(operand, address)) ?? true;
      if (isMeant && this.#space.isIn(range, page, frame)) yield address;
    }
  }

  /** Adds what was in the second page before an access across two. */
  #whole(access: Access): Access {
    const { address, size, before } = access;
    if (before.length === size) return access;
    const physical = this.#space.translate((address + BigInt(size)) & ~PAGE_MASK);
    const head = physical === undefined ? undefined : this.#heads.get(physical);
    const whole = new Uint8Array(size);
    whole.set(before);
    if (head !== undefined) whole.set(head.subarray(0, size - before.length), before.length);
    return { ...access, before: whole };
  }
}
