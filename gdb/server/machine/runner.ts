/**
 * Moves the machine for a debugger: forward, until something happens that it is to be told.
 *
 * The machine is one: whichever threads a debugger resumes, all of it runs. To step a thread of a
 * task is to run the machine until that thread has executed one instruction of its program. A
 * system call, a page fault or a preemption in between takes what it takes, and other threads run
 * meanwhile; an instruction that faulted or was interrupted before it was executed is not done yet.
 * To step the CPU is to execute one instruction of whatever is next, in the kernel, or to enter one
 * exception.
 *
 * @module
 */

import { CPU_CONTEXT } from "../../../kernel/inspect/kernel_contexts.ts";
import { comparePositions, type HistoryResult, type Position } from "../../../history/mod.ts";
import { isNameOf, isSameName, KERNEL_PROCESS, THE_CPU, type ThreadName } from "../names.ts";
import type { Debuggee } from "./debuggee.ts";
import { type Fault, Observer } from "./observer.ts";
import type { Population } from "./population.ts";
import { ProgramEntries } from "./program_entries.ts";
import type { Stop } from "./stop.ts";

/** What a debugger wants of a run. */
export type Goal =
  | { readonly kind: "continue" }
  | {
    readonly kind: "step";
    /** Who is to step. */
    readonly thread: ThreadName;
    /** Addresses within which it goes on stepping, the end excluded. */
    readonly range?: { readonly begin: bigint; readonly end: bigint };
  };

/** An access that was told, and where it has left the machine. */
interface Accessed {
  readonly thread: ThreadName;
  readonly address: bigint;
  readonly at: Position;
}

/** Milliseconds after which a run lets others have their turn. */
const TURN = 8;
const SLICE = { first: 20_000, least: 1_000, most: 20_000_000 } as const;
/** Steps after which to wait for a thread takes breakpoints. */
const PATIENCE = 2_000;
/** Steps between two looks at the host's clock. */
const LOOK = 256;
/** Steps from where the kernel leaves for a program to the program: more than there are. */
const WAY_OUT = 500;

/** Runs a machine forward. */
export class Runner {
  readonly #debuggee: Debuggee;
  readonly #population: Population;
  readonly #entries: ProgramEntries;
  /** The thread that a step waits for. */
  #awaited: ThreadName | null = null;
  #toldHalt = false;
  /** The last program that has faulted. */
  #fault: Fault | null = null;
  /** Whether the machine is in its past for a fault's sake. */
  #takenBack = false;
  #slice: number = SLICE.first;
  /** The access that it has stopped behind, where the debugger takes it to be ahead. */
  #accessed: Accessed | null = null;

  /** Of a machine, for a debugger who has attached to some of its processes. */
  constructor(debuggee: Debuggee, population: Population) {
    this.#debuggee = debuggee;
    this.#population = population;
    this.#entries = new ProgramEntries(debuggee.machine);
  }

  /** Runs until there is something to tell; yields every few milliseconds. */
  *forward(goal: Goal): Generator<void, Stop> {
    const { points, observer, history, halted } = this.#debuggee;
    const waiting = this.#population.next();
    if (waiting !== undefined) return waiting;
    const accessed = this.#accessed;
    this.#accessed = null;
    if (accessed !== null && this.#isOver(accessed, goal)) return this.#stepped(accessed.thread);
    if (halted !== null && this.#toldHalt) return this.#population.end(halted);
    points.apply();
    observer.stops = true;
    const wasPast = history.inPast;
    // In the past nothing is heard: who comes and goes is seen where the kernel leaves for programs.
    if (wasPast || this.#population.isExpecting) this.#entries.arm();
    try {
      const stop = goal.kind === "step" && !isWhole(goal.thread)
        ? yield* this.#stepProgram(goal.thread, goal.range)
        : goal.kind === "step"
        ? yield* this.#stepCpu(goal)
        : yield* this.#continue();
      this.#note(stop);
      return stop.kind === "signal" ? yield* this.#faulted(stop) : stop;
    } finally {
      observer.stops = false;
      this.#awaited = null;
      this.#entries.disarm();
      if (wasPast) this.#population.miss();
    }
  }

  /** Takes note of an access, of which gdb takes it that it is still to be made. */
  #note(stop: Stop): void {
    if (!("address" in stop) || this.#population.isOne) return;
    const { layout, history } = this.#debuggee;
    const { thread, address } = stop;
    if (layout.watchesBefore) this.#accessed = { thread, address, at: history.position };
  }

  /**
   * Whether a step is that by which gdb goes over an access, with its watchpoints taken away: it has
   * been made. Another step would lead away from who has made it, out of a function even.
   */
  #isOver({ thread, address, at }: Accessed, goal: Goal): boolean {
    const { points, history } = this.#debuggee;
    return goal.kind === "step" && goal.range === undefined &&
      isSameName(goal.thread, thread) && comparePositions(at, history.position) === 0 &&
      !points.isWatched(thread.process, address);
  }

  /**
   * A program has faulted. Debuggers have functions that they call return to a breakpoint on the
   * stack, from which nothing can be executed: to them that is where it has stopped.
   */
  *#faulted(stop: Stop & { readonly kind: "signal" }): Generator<void, Stop> {
    const { points, history, layout } = this.#debuggee;
    const { thread } = stop;
    const registers = this.#fault?.registers ?? {};
    const pc = registers[layout.pc];
    yield* this.#takeBack(thread);
    const kind = pc === undefined ? undefined : points.at(thread.process, pc);
    if (kind === undefined) return stop;
    this.#population.survives(thread.process);
    const context = this.#debuggee.registers(thread);
    for (const [name, value] of Object.entries(registers)) {
      if (context.get(name) !== value) context.set(name, value);
    }
    this.#takenBack = history.inPast;
    return { kind, thread };
  }

  /**
   * A program has faulted, and the kernel has dealt with that already: goes back to where it was
   * about to, as debuggers know it of other systems. What is known of the future is gone through
   * again then, unless the debugger changes it.
   */
  *#takeBack(thread: ThreadName): Generator<void, void> {
    const { history, inferiors, machine } = this.#debuggee;
    const instant = { instructions: machine.cpu.enteredAt, entries: 0 };
    if (comparePositions(instant, history.begin) >= 0) {
      history.goTo(instant);
      this.#takenBack = true;
      if (inferiors.runs(thread)) return;
      history.goTo(history.end);
    }
    this.#takenBack = true;
    yield* history.searchInstant(() => inferiors.runs(thread));
  }

  *#continue(): Generator<void, Stop> {
    for (;;) {
      const begun = performance.now();
      const stop = this.#advance(this.#slice);
      if (stop !== undefined) return stop;
      this.#adapt(performance.now() - begun);
      yield;
    }
  }

  #adapt(took: number): void {
    if (took < TURN / 2) this.#slice = Math.min(SLICE.most, 2 * this.#slice);
    else if (took > 2 * TURN) this.#slice = Math.max(SLICE.least, this.#slice >> 1);
  }

  *#stepCpu(goal: Goal & { readonly kind: "step" }): Generator<void, Stop> {
    const { machine, inferiors } = this.#debuggee;
    const { thread, range } = goal;
    const isCpu = thread.thread === CPU_CONTEXT;
    for (let steps = 1;; steps++) {
      const stop = this.#one();
      if (stop !== undefined) return stop;
      const { pc } = machine.cpu;
      const within = range !== undefined && pc >= range.begin && pc < range.end;
      // The kernel's side of a thread that did not run is the CPU once it does.
      if (isCpu ? !within : !inferiors.has(thread)) return this.#stepped(THE_CPU);
      const point = this.#pointHere();
      if (point !== undefined) return point;
      if (steps % LOOK === 0) yield;
    }
  }

  *#stepProgram(
    thread: ThreadName,
    range: { readonly begin: bigint; readonly end: bigint } | undefined,
  ): Generator<void, Stop> {
    const { inferiors, machine } = this.#debuggee;
    if (!inferiors.has(thread)) return this.#stepped(inferiors.here);
    this.#awaited = thread;
    const isOver = (pc: bigint) => range === undefined || pc < range.begin || pc >= range.end;
    let from = this.#debuggee.pc(thread);
    for (let steps = 1;; steps++) {
      if (!inferiors.runs(thread)) {
        const stop = yield* this.#wait(thread);
        if (stop !== undefined) return stop;
        const { pc } = machine.cpu;
        if (pc !== from && isOver(pc)) return this.#stepped(thread);
      } else {
        from = machine.cpu.pc;
        const stop = this.#one();
        if (stop !== undefined) return stop;
        if (!inferiors.runs(thread)) continue;
        if (isOver(machine.cpu.pc)) return this.#stepped(thread);
      }
      const point = this.#pointHere();
      if (point !== undefined) return point;
      if (steps % LOOK === 0) yield;
    }
  }

  /** Runs until a thread's program has the CPU, or there is something to tell. */
  *#wait(thread: ThreadName): Generator<void, Stop | undefined> {
    const { inferiors } = this.#debuggee;
    for (let steps = 1; !inferiors.runs(thread); steps++) {
      if (!inferiors.has(thread)) {
        return this.#population.departed() ?? this.#stepped(inferiors.here);
      }
      if (steps < PATIENCE) {
        const stop = this.#one() ?? this.#pointHere();
        if (stop !== undefined) return stop;
        continue;
      }
      this.#entries.arm();
      const begun = performance.now();
      const stop = this.#advance(this.#slice);
      if (stop !== undefined) return stop;
      this.#adapt(performance.now() - begun);
      yield;
    }
    return undefined;
  }

  /** Runs so many instructions at most, or until the awaited program has the CPU. */
  #advance(instructions: number): Stop | undefined {
    const { history, inferiors } = this.#debuggee;
    const until = history.now + instructions;
    const late = performance.now() + TURN;
    while (history.now < until && performance.now() < late) {
      const result = this.#move(() => history.run(until - history.now));
      const stop = this.#stopOf(result);
      if (stop !== undefined) return stop;
      if (this.#awaited !== null && inferiors.runs(this.#awaited)) return undefined;
    }
    return undefined;
  }

  /** The least there is. Who steps out of the past need not be told: the step has been made. */
  #one(): Stop | undefined {
    const { history } = this.#debuggee;
    const result = this.#move(() => history.step());
    const isEnd = result !== "asked" && result.kind === "end";
    const stop = isEnd ? this.#leavePast() : this.#stopOf(result);
    return stop ?? this.#population.born();
  }

  #move(run: () => HistoryResult): HistoryResult | "asked" {
    try {
      return run();
    } catch (error) {
      if (!Observer.isAsked(error)) throw error;
      return "asked";
    }
  }

  #stopOf(result: HistoryResult | "asked"): Stop | undefined {
    const { inferiors, points, observer } = this.#debuggee;
    const fault = observer.takeFault();
    if (fault !== null && this.#population.has(fault.thread.process)) {
      const { thread, info } = this.#fault = fault;
      this.#population.dies(thread.process, info.signal);
      return { kind: "signal", thread, info };
    }
    if (observer.takeTasksChanged()) {
      if (this.#population.isExpecting) this.#entries.arm();
      const departed = this.#population.departed();
      if (departed !== undefined) return departed;
    }
    if (result === "asked") return undefined;
    switch (result.kind) {
      case "paused":
        return undefined;
      case "end":
        if (this.#takenBack) return this.#leavePast();
        return { kind: "history", at: "end", thread: this.#population.told(inferiors.here) };
      case "halted":
        this.#toldHalt = true;
        return { kind: "history", at: "end", thread: this.#population.told(inferiors.here) };
      case "breakpoint":
      case "watchpoint": {
        const stop = points.stopOf(result);
        if (stop !== undefined) return stop;
        const isEntry = result.kind === "breakpoint" && this.#entries.has(result.address);
        return isEntry ? this.#enterProgram() : undefined;
      }
    }
  }

  /** What comes now has never been: who has gone in the past was not heard of. */
  #leavePast(): Stop | undefined {
    this.#takenBack = false;
    return this.#population.departed();
  }

  /** The kernel is about to go to a program: goes there, if anybody waits for it. */
  #enterProgram(): Stop | undefined {
    const { inferiors, history } = this.#debuggee;
    const { current } = inferiors;
    const departed = history.inPast ? this.#population.departed() : undefined;
    if (departed !== undefined) return departed;
    const isAwaited = this.#awaited !== null && isNameOf(this.#awaited, current);
    if (!isAwaited && !this.#population.expects(current.task.id)) return undefined;
    for (let i = 0; i < WAY_OUT && !inferiors.inProgram; i++) {
      const stop = this.#one() ?? (inferiors.inProgram ? undefined : this.#pointHere());
      if (stop !== undefined) return stop;
    }
    return this.#population.born();
  }

  /** A breakpoint of the instruction the CPU is at. */
  #pointHere(): Stop | undefined {
    const { points, machine } = this.#debuggee;
    return points.stopOf({ kind: "breakpoint", address: machine.cpu.pc });
  }

  #stepped(thread: ThreadName): Stop {
    return { kind: "step", thread: this.#population.told(thread) };
  }
}

/** Whether a thread is of the kernel's process, whose steps are the CPU's. */
function isWhole({ process }: ThreadName): boolean {
  return process === KERNEL_PROCESS;
}
