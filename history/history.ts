/**
 * A machine that goes backwards.
 *
 * @module
 */

import type { ExceptionEntry } from "../arch/arch.ts";
import type { WatchKind, Watchpoint, WatchpointOptions } from "../kernel/debug/watchpoints.ts";
import type { Machine, RunResult } from "../kernel/machine.ts";
import type { KernelEvent } from "../trace/events.ts";
import type { Snapshot } from "../kernel/snapshot/mod.ts";
import type { Checkpoint, Checkpoints } from "./checkpoints.ts";
import { applyEdit, type Edit } from "./edits.ts";
import { HistoryError } from "./errors.ts";
import { comparePositions, formatPosition, type Position, positionOf } from "./position.ts";
import { type DatedEdit, finish } from "./replay.ts";
import { latestEvents, searchEntry, searchInstant, searchStop, type StopTest } from "./search.ts";
import { type Breakpoint, Breakpoints, type Stop } from "./stops.ts";
import { Traveler } from "./traveler.ts";

/** How to keep a history. */
export interface HistoryOptions {
  /** Instructions between two snapshots of the run, at least 1,000; default 500,000. */
  readonly interval?: number;
  /** About how many bytes of snapshots are kept, default 256 MiB: two at least. */
  readonly memory?: number;
  /** Told when a change in the past has dropped what came after it. */
  readonly onFork?: (fork: Fork) => void;
}

/** A change in the past, from which history goes on otherwise. */
export interface Fork {
  /** Where. */
  readonly at: Position;
  /** How far the run had come that is dropped. */
  readonly dropped: Position;
}

/** Why a run of a history came back. */
export type HistoryResult =
  | RunResult
  | {
    /** What was known is over: the next run goes on from here for the first time. */
    readonly kind: "end";
  };

/** Where a run backwards has come to. */
export type ReverseResult =
  | Stop
  | {
    /** No stop before: this is where history begins. */
    readonly kind: "beginning";
  };

const DEFAULTS = { interval: 500_000, memory: 256 * 2 ** 20 } as const;
const LEAST_INTERVAL = 1_000;

/**
 * The history of a machine: the run that it is recorded of, and where in it the machine is.
 *
 * A machine repeats itself, so its past is a snapshot and the way forward from it. The machine's
 * breakpoints and watchpoints work in both directions; those of {@linkcode History.addBreakpoint}
 * may be of one task. While the machine is in its past, its sinks hear nothing: each event is told
 * once. A change in the past forks history: what came after is dropped, and the sinks hear what
 * happens instead, with numbers from that of the instant on.
 *
 * Runs, steps and changes are to be made by the history, not by the machine: it may run on by
 * itself only where it is not in its past, and what else is done to it is to be told by
 * {@linkcode History.changed}.
 */
export class History implements Disposable {
  /** The machine. */
  readonly machine: Machine;
  readonly #options: Required<Pick<HistoryOptions, "interval">> & HistoryOptions;
  readonly #traveler: Traveler;
  readonly #breakpoints: Breakpoints;
  #end: Position;
  /** Number of the first event that nobody has heard of. */
  #endSeq: number;
  /** Where the machine was left. */
  #at: Position;

  /**
   * Begins the history of a machine, where it is.
   * @throws {HistoryError} of kind `misuse` if an option is out of range
   * @throws {SnapshotError} if the machine runs, has failed or is disposed of
   */
  constructor(machine: Machine, options: HistoryOptions = {}) {
    const { interval = DEFAULTS.interval, memory = DEFAULTS.memory } = options;
    checkCount("keep snapshots every", interval, LEAST_INTERVAL);
    checkCount("keep snapshots in bytes:", memory, 1);
    this.machine = machine;
    this.#options = { ...options, interval };
    this.#traveler = new Traveler(machine, memory);
    this.#breakpoints = new Breakpoints(machine);
    this.#at = this.#end = positionOf(machine);
    this.#endSeq = machine.kernel.events.seq;
    this.#traveler.keep();
  }

  get #checkpoints(): Checkpoints {
    return this.#traveler.checkpoints;
  }

  /** Where the machine is, in instructions executed. */
  get now(): number {
    return this.machine.cpu.instructions;
  }

  /** Where the machine is, exactly. */
  get position(): Position {
    return positionOf(this.machine);
  }

  /** The first instant there is. */
  get begin(): Position {
    return this.#checkpoints.first.position;
  }

  /** The last instant that is known: as far as the machine has ever run. */
  get end(): Position {
    return this.inPast ? this.#end : this.position;
  }

  /** Whether the machine is before the last instant that is known. */
  get inPast(): boolean {
    return comparePositions(this.#at, this.#end) < 0;
  }

  /** The snapshots that are kept, the earliest first. */
  get checkpoints(): readonly Checkpoint[] {
    return this.#checkpoints.all;
  }

  /** About how many bytes they take. */
  get bytes(): number {
    return this.#checkpoints.bytes;
  }

  /** What was done to the machine from outside, in order. */
  get edits(): readonly DatedEdit[] {
    return this.#traveler.edits;
  }

  /**
   * Stops runs in both directions just before an instruction. Dispose the result to remove it.
   * @param options `task` is the number of the only task whose threads stop there
   * @throws {HistoryError} of kind `misuse` if there is no such address or task
   */
  addBreakpoint(address: bigint, options: { readonly task?: number | null } = {}): Breakpoint {
    return this.#breakpoints.add(address, options);
  }

  /**
   * Stops runs just behind an access to memory, and runs backwards just before it; see
   * {@linkcode Machine.addWatchpoint}.
   */
  addWatchpoint(
    address: bigint,
    size: number,
    kind: WatchKind,
    options: WatchpointOptions = {},
  ): Watchpoint {
    return this.machine.addWatchpoint(address, size, kind, options);
  }

  /**
   * Runs forward, as {@linkcode Machine.run}: in the past to the end of what is known at most. It
   * never stops at a breakpoint of the instruction it begins with.
   * @throws {HistoryError} of kind `misuse` for a number that is none, or a machine that was taken
   *   elsewhere; `diverged` if a replay came out otherwise
   * @throws What {@linkcode Machine.run} throws
   */
  run(instructions: number = Number.MAX_SAFE_INTEGER): HistoryResult {
    checkCount("run", instructions, 1);
    this.#begin();
    this.machine.cpu.passBreakpoint(true);
    const until = Math.min(Number.MAX_SAFE_INTEGER, this.now + instructions);
    if (!this.inPast) return this.#record(until);
    const limit = { instructions: until, entries: 0 };
    const to = comparePositions(limit, this.#end) < 0 ? limit : this.#end;
    const onStop = (result: RunResult): boolean => this.#isMeant(result);
    const result = finish(this.#replay(this.#traveler.advance(to, onStop)));
    if (result !== undefined && result.kind !== "halted") return result;
    return this.inPast ? { kind: "paused" } : { kind: "end" };
  }

  /** Runs where nobody has been. */
  #record(until: number): RunResult {
    const { machine } = this;
    const { interval } = this.#options;
    let due = (this.#checkpoints.all.at(-1)?.position.instructions ?? 0) + interval;
    try {
      for (;;) {
        if (this.now >= due) {
          this.#traveler.keep();
          due = this.now + interval;
        }
        const result = machine.run(Math.min(until, due) - this.now);
        const isOver = result.kind === "paused"
          ? this.now >= until
          : result.kind === "halted" || this.#isMeant(result);
        if (isOver) return result;
      }
    } finally {
      this.#extend();
    }
  }

  /**
   * Takes so many of the least steps there are: an instruction each, or the entry of an exception.
   * Breakpoints do not count; an access to watched memory ends the last step.
   * @throws as {@linkcode History.run}
   */
  step(steps: number = 1): HistoryResult {
    checkCount("step", steps, 1);
    this.#begin();
    const { machine } = this;
    for (let i = 0; i < steps; i++) {
      if (this.inPast) {
        finish(this.#replay(this.#traveler.step(this.#end, 1)));
        if (!this.inPast) return { kind: "end" };
        continue;
      }
      machine.cpu.passBreakpoint(true);
      let result: RunResult;
      try {
        result = machine.step();
      } finally {
        this.#extend();
      }
      if (result.kind !== "paused") return result;
    }
    return { kind: "paused" };
  }

  /**
   * Goes back by so many of the least steps there are: across traps, hypercalls and switches of
   * threads, as they came.
   * @returns `beginning` if there are not so many
   * @throws as {@linkcode History.run}
   */
  reverseStep(steps: number = 1): "moved" | "beginning" {
    checkCount("step back", steps, 1);
    this.#begin();
    return finish(this.#replay(this.#traveler.back(this.position, steps)));
  }

  /**
   * Runs backwards to the last stop before now: just before the instruction of a breakpoint, or
   * just before an access to watched memory.
   * @param options `test` says which stops count; it is asked as of a run forward, behind the access
   * @throws as {@linkcode History.run}
   */
  reverseRun(options: { readonly test?: StopTest } = {}): ReverseResult {
    return finish(this.searchStop(options));
  }

  /**
   * {@linkcode History.reverseRun}, with a `yield` every few milliseconds. Who does not go on leaves
   * the machine somewhere in its past.
   */
  *searchStop(options: { readonly test?: StopTest } = {}): Generator<void, ReverseResult> {
    this.#begin();
    const { test = () => true } = options;
    const isWanted: StopTest = (stop) => this.#isMeant(stop) && test(stop);
    const found = yield* this.#replay(searchStop(this.#traveler, isWanted));
    return found ?? { kind: "beginning" };
  }

  /**
   * Goes back to the last instant before now at which a test holds, looking at each there is, with a
   * `yield` every few milliseconds; or to where history begins.
   * @param test asked with the machine there
   */
  *searchInstant(test: () => boolean): Generator<void, Position | undefined> {
    this.#begin();
    return yield* this.#replay(searchInstant(this.#traveler, test));
  }

  /**
   * Goes back to just before the last exception or interrupt before now that a test wants: where a
   * program left off, say. As fast as running, with a `yield` every few milliseconds; or to where
   * history begins. The CPU's exception observer is used.
   * @param test asked when the exception has been entered, before the kernel executes anything
   */
  *searchEntry(test: (entry: ExceptionEntry) => boolean): Generator<void, Position | undefined> {
    this.#begin();
    return yield* this.#replay(searchEntry(this.#traveler, test));
  }

  /**
   * Goes to an instant: a position, or where so many instructions have been executed.
   * @throws {HistoryError} of kind `range` if it is before the begin or behind the end, and as
   *   {@linkcode History.run}
   */
  goTo(instant: Position | number): void {
    const to = typeof instant === "number" ? { instructions: instant, entries: 0 } : instant;
    this.#begin();
    const { begin, end } = this;
    const isBefore = typeof instant === "number"
      ? instant < begin.instructions
      : comparePositions(to, begin) < 0;
    if (!Number.isSafeInteger(to.instructions) || isBefore || comparePositions(to, end) > 0) {
      throw new HistoryError(
        "range",
        `Cannot go to ${formatPosition(to)}: history is from ${formatPosition(begin)} to ${
          formatPosition(end)
        }`,
      );
    }
    finish(this.#replay(this.#traveler.travel(to)));
  }

  /**
   * The last events before now, found by a replay, so that keeping them costs no run anything.
   * @param count how many at most
   * @throws as {@linkcode History.run}
   */
  latestEvents(count: number): KernelEvent[] {
    checkCount("look for events:", count, 1);
    this.#begin();
    return finish(this.#replay(latestEvents(this.#traveler, count)));
  }

  /**
   * Writes memory, as {@linkcode Machine.writeMemory}; replays do so too.
   * @returns the fork, if that was in the past
   */
  writeMemory(
    address: bigint,
    bytes: Uint8Array,
    options: { readonly task?: number } = {},
  ): Fork | undefined {
    const task = options.task ?? this.machine.kernel.cpus[0]?.current.task.id ?? 0;
    return this.#edit({ kind: "memory", task, address, bytes: bytes.slice() });
  }

  /** Sets a register, as {@linkcode Machine.setRegister}; see {@linkcode History.writeMemory}. */
  setRegister(
    name: string,
    value: bigint,
    options: { readonly thread?: number } = {},
  ): Fork | undefined {
    return this.#edit({ kind: "register", thread: options.thread ?? null, name, value });
  }

  /** Asserts an interrupt line, as {@linkcode Machine.injectInterrupt}; see the same. */
  injectInterrupt(line: number): Fork | undefined {
    return this.#edit({ kind: "interrupt", line });
  }

  /**
   * Tells that something else was done to the machine, whatever it was: from here on replays go on
   * from what it is now.
   * @returns the fork, if that was in the past
   */
  changed(): Fork | undefined {
    return this.#edit({ kind: "state", snapshot: this.machine.snapshot() }, { isMade: true });
  }

  /** Lets the sinks hear again. The machine stays where it is, and as it is. */
  [Symbol.dispose](): void {
    this.machine.kernel.events.muted = false;
  }

  #edit(edit: Edit, { isMade = false } = {}): Fork | undefined {
    this.#begin();
    if (!isMade) applyEdit(this.machine, edit);
    const at = this.#at;
    const { edits, done } = this.#traveler;
    const fork = this.inPast ? { at, dropped: this.#end } : undefined;
    if (fork !== undefined) {
      this.#forgetEdits(edits.splice(done.edits));
      this.#checkpoints.forgetAfter(at);
      this.#extend();
      this.machine.kernel.events.muted = false;
    }
    edits.push({ position: at, edit });
    done.edits++;
    if (edit.kind === "state") this.#pin(edit.snapshot);
    if (fork !== undefined) this.#options.onFork?.(fork);
    return fork;
  }

  /** Keeps a snapshot for an edit, if need be at the cost of the earliest past. */
  #pin(snapshot: Snapshot): void {
    const { checkpoints, edits, done } = this.#traveler;
    checkpoints.pin(snapshot);
    checkpoints.add({ position: this.#at, edits: done.edits, snapshot });
    while (checkpoints.isPinnedFull) {
      const { edits: before } = checkpoints.first;
      checkpoints.forgetFirst();
      const gone = edits.slice(before, checkpoints.first.edits);
      this.#forgetEdits(gone);
      gone.forEach(({ position }, i) => {
        edits[before + i] = { position, edit: { kind: "forgotten" } };
      });
    }
  }

  #forgetEdits(edits: readonly DatedEdit[]): void {
    for (const { edit } of edits) if (edit.kind === "state") this.#checkpoints.unpin(edit.snapshot);
  }

  /** Something is to be done: the machine must be where it was left, or have run on. */
  #begin(): void {
    const now = this.position;
    const order = comparePositions(now, this.#at);
    if (order === 0) return;
    if (order < 0 || this.inPast) {
      throw new HistoryError(
        "misuse",
        `Cannot go on with the history of a machine that was left at ${formatPosition(this.#at)} ` +
          `and is at ${formatPosition(now)} now`,
      );
    }
    this.#extend();
  }

  /** The machine is farther than it ever was. */
  #extend(): void {
    this.#at = this.#end = this.position;
    this.#endSeq = this.machine.kernel.events.seq;
  }

  #isMeant(result: RunResult): boolean {
    return result.kind !== "breakpoint" || this.#breakpoints.areMeant(result.address);
  }

  /** Takes the machine about in what is known, unheard. */
  *#replay<T>(way: Generator<void, T>): Generator<void, T> {
    const { events } = this.machine.kernel;
    events.muted = true;
    try {
      return yield* way;
    } finally {
      const now = this.position;
      this.#at = comparePositions(now, this.#end) < 0 ? now : this.#end = now;
      if (!this.inPast) {
        events.muted = false;
        if (events.seq !== this.#endSeq) this.#diverged();
      }
    }
  }

  #diverged(): never {
    const { seq } = this.machine.kernel.events;
    throw new HistoryError(
      "diverged",
      `Cannot repeat the run up to ${formatPosition(this.#end)}: ${seq} events have happened by ` +
        `then, and ${this.#endSeq} had the first time`,
    );
  }
}

function checkCount(action: string, count: number, least: number): void {
  if (Number.isSafeInteger(count) && count >= least) return;
  throw new HistoryError(
    "misuse",
    `Cannot ${action} ${count}: expected an integer of ${least} or more`,
  );
}
