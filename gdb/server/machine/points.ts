/**
 * Breakpoints and watchpoints that a debugger has set, each of one process. No guest can see them:
 * a breakpoint changes no memory, whatever a debugger takes it for.
 *
 * @module
 */

import { UPPER_HALF } from "../../../arch/page_tables.ts";
import type {
  WatchKind as KernelWatchKind,
  Watchpoint,
} from "../../../kernel/debug/watchpoints.ts";
import type { History, Stop as HistoryStop } from "../../../history/mod.ts";
import type { WatchKind } from "../../protocol/mod.ts";
import { GdbServerError } from "../errors.ts";
import { KERNEL_PROCESS, THE_CPU, type ThreadName } from "../names.ts";
import type { Inferiors } from "./inferiors.ts";

/** How a breakpoint was asked for: in memory, or of the processor. */
export type BreakpointKind = "swbreak" | "hwbreak";

/** What stopped a run, in a debugger's words. */
export type PointStop =
  | { readonly kind: BreakpointKind; readonly thread: ThreadName }
  | { readonly kind: WatchKind; readonly thread: ThreadName; readonly address: bigint };

/** Most points a debugger may set: each is looked at whenever a run begins. */
const LIMIT = 4096;

const WATCHES: Readonly<Record<WatchKind, KernelWatchKind>> = {
  watch: "write",
  rwatch: "read",
  awatch: "access",
};

interface Watched {
  readonly process: number;
  readonly kind: WatchKind;
  readonly address: bigint;
  readonly size: number;
}

/** The points of a debugger. */
export class Points {
  readonly #history: History;
  readonly #inferiors: Inferiors;
  /** By address and process, how each was asked for. */
  readonly #breakpoints = new Map<bigint, Map<number, Set<BreakpointKind>>>();
  readonly #watched = new Map<string, Watched>();
  /** What the machine has of them: debuggers take all away at each stop, and set them again. */
  readonly #hooks = new Map<bigint, Disposable>();
  readonly #watchpoints = new Map<string, Watchpoint>();

  /** None yet. */
  constructor(history: History, inferiors: Inferiors) {
    this.#history = history;
    this.#inferiors = inferiors;
  }

  /** How many there are. */
  get size(): number {
    let size = this.#watched.size;
    for (const here of this.#breakpoints.values()) size += here.size;
    return size;
  }

  /** Sets a breakpoint. @throws {GdbServerError} if there are too many */
  add(kind: BreakpointKind, process: number, address: bigint): void {
    const here = this.#breakpoints.get(address) ?? new Map<number, Set<BreakpointKind>>();
    const kinds = here.get(process) ?? new Set();
    if (kinds.size === 0) this.#checkRoom();
    this.#breakpoints.set(address, here.set(process, kinds.add(kind)));
  }

  /** Takes one away; one that is not there is no error. */
  remove(kind: BreakpointKind, process: number, address: bigint): void {
    const here = this.#breakpoints.get(address);
    const kinds = here?.get(process);
    kinds?.delete(kind);
    if (kinds?.size === 0) here?.delete(process);
    if (here?.size === 0) this.#breakpoints.delete(address);
  }

  /**
   * Sets a watchpoint.
   * @throws {KernelError} if that is none
   * @throws {GdbServerError} if there are too many
   */
  watch(watched: Watched): void {
    const key = keyOf(watched);
    if (this.#watched.has(key)) return;
    this.#checkRoom();
    // At once: what cannot be watched is to be refused now.
    if (!this.#watchpoints.has(key)) this.#watchpoints.set(key, this.#arm(watched));
    this.#watched.set(key, watched);
  }

  /** Takes one away. */
  unwatch(watched: Watched): void {
    this.#watched.delete(keyOf(watched));
  }

  /** Whether a byte of a process is watched. */
  isWatched(process: number, byte: bigint): boolean {
    return [...this.#watched.values()].some((each) =>
      each.process === process && byte >= each.address && byte < each.address + BigInt(each.size)
    );
  }

  /** Takes away those of a process, or all. */
  clear(process?: number): void {
    for (const [address, here] of this.#breakpoints) {
      if (process === undefined) here.clear();
      else here.delete(process);
      if (here.size === 0) this.#breakpoints.delete(address);
    }
    for (const [key, watched] of this.#watched) {
      if (process === undefined || watched.process === process) this.#watched.delete(key);
    }
  }

  /** Has the machine stop at what is set, and at nothing else: before it runs. */
  apply(): void {
    for (const [address, hook] of this.#hooks) {
      if (this.#breakpoints.has(address)) continue;
      hook[Symbol.dispose]();
      this.#hooks.delete(address);
    }
    for (const address of this.#breakpoints.keys()) {
      if (this.#hooks.has(address)) continue;
      this.#hooks.set(address, this.#history.machine.addBreakpoint(address));
    }
    for (const [key, watchpoint] of this.#watchpoints) {
      if (this.#watched.has(key)) continue;
      watchpoint[Symbol.dispose]();
      this.#watchpoints.delete(key);
    }
    for (const [key, watched] of this.#watched) {
      if (!this.#watchpoints.has(key)) this.#watchpoints.set(key, this.#arm(watched));
    }
  }

  /** What a stop of the machine is to the debugger, asked where it is; `undefined` if nothing. */
  stopOf(stop: HistoryStop): PointStop | undefined {
    return stop.kind === "breakpoint" ? this.#breakpoint(stop.address) : this.#access(stop);
  }

  /** How a breakpoint of a process was asked for, if it has one at an address. */
  at(process: number, address: bigint): BreakpointKind | undefined {
    const kinds = this.#breakpoints.get(address)?.get(process);
    return kinds === undefined ? undefined : first(kinds);
  }

  /** In the space of whoever is there. */
  #breakpoint(address: bigint): PointStop | undefined {
    const here = this.#breakpoints.get(address);
    if (here === undefined) return undefined;
    const at = this.#inferiors.here;
    const own = here.get(at.process);
    if (own !== undefined) return { kind: first(own), thread: at };
    // The CPU is the kernel's, whatever it executes; addresses of the upper half are its own code's
    // only while it is not in a program.
    const ofCpu = here.get(KERNEL_PROCESS);
    if (ofCpu === undefined || address >= UPPER_HALF) return undefined;
    return { kind: first(ofCpu), thread: THE_CPU };
  }

  #access(stop: HistoryStop & { readonly kind: "watchpoint" }): PointStop | undefined {
    for (const { watchpoint, address } of stop.hits) {
      for (const [key, watched] of this.#watched) {
        if (this.#watchpoints.get(key) !== watchpoint) continue;
        return { kind: watched.kind, address, thread: this.#accessor(watched) };
      }
    }
    return undefined;
  }

  /** The thread that an access is told of: of the process the watchpoint is of. */
  #accessor({ process }: Watched): ThreadName {
    const { current } = this.#inferiors;
    const own: ThreadName = { process, thread: current.id };
    return current.task.id === process && this.#inferiors.has(own) ? own : THE_CPU;
  }

  #arm({ process, kind, address, size }: Watched): Watchpoint {
    return this.#history.addWatchpoint(
      address,
      size,
      WATCHES[kind],
      process === KERNEL_PROCESS ? {} : { task: process },
    );
  }

  #checkRoom(): void {
    if (this.size < LIMIT) return;
    throw new GdbServerError(`Cannot set another breakpoint or watchpoint: there are ${LIMIT}`);
  }
}

function first(kinds: ReadonlySet<BreakpointKind>): BreakpointKind {
  return kinds.has("swbreak") ? "swbreak" : "hwbreak";
}

function keyOf({ process, kind, address, size }: Watched): string {
  return `${process} ${kind} ${address} ${size}`;
}
