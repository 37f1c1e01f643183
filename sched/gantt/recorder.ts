/**
 * From the events of a simulation to a chart, in one pass and bounded memory.
 *
 * @module
 */
import type { ThreadId } from "../policy.ts";
import type { SimulationEvent } from "../simulator/events.ts";
import type { SharedObject } from "../simulator/program.ts";
import { type GivenWorkload, workloadOf } from "../simulator/workload.ts";
import {
  type GanttChart,
  type GanttRows,
  type MarkKind,
  MOST_ROWS,
  type PieceKind,
} from "./chart.ts";
import { RowRecorder } from "./row_recorder.ts";

/** What a chart is to show. */
export interface GanttOptions {
  /** Number of CPUs; 1 if absent. */
  readonly cpus?: number;
  /** What its rows are; threads if absent. */
  readonly rows?: GanttRows;
  /** When it begins; 0 if absent. */
  readonly from?: number;
  /** About how many pieces and marks are kept apart; 200,000 if absent. */
  readonly detail?: number;
}

/** No state that is drawn: not there yet, asleep, or over. */
const AWAY = "away";

/** Grid that a chart has when it first becomes too large, in cells. */
const FIRST_CELLS = 8_192;

/** What a thread is doing. */
interface Doing {
  /** Its state. */
  state: PieceKind | typeof AWAY;
  /** Since when. */
  since: number;
  /** The CPU it is on, or is meant to run on. */
  cpu: number;
  /** What it waits for. */
  on: number;
  /** The CPU it ran on last, -1 if none. */
  ran: number;
  /** How many mutexes it holds, since when, and the first of them. */
  held: number;
  heldSince: number;
  heldFirst: number;
}

/**
 * Records a chart: `add` takes every event of a simulation, in order, and `chart` gives what there
 * is.
 */
export class GanttRecorder {
  readonly #names: readonly string[];
  readonly #cpus: number;
  readonly #by: GanttRows;
  readonly #from: number;
  readonly #detail: number;
  readonly #rows: RowRecorder[];
  readonly #omitted: number;
  readonly #threads: readonly Doing[];
  readonly #objects = new Map<string, number>();
  #count = 0;
  #grain = 0;
  #now = 0;

  /** A chart of a workload that was checked, with nothing in it. */
  constructor(given: GivenWorkload, options: GanttOptions = {}) {
    const { threads } = workloadOf(given);
    const { cpus = 1, rows = "thread", from = 0, detail = 200_000 } = options;
    this.#names = threads.map(({ name }) => name);
    this.#cpus = cpus;
    this.#by = rows;
    this.#from = from;
    this.#detail = detail;
    const names = rows === "thread"
      ? this.#names
      : Array.from({ length: cpus }, (_, cpu) => `CPU ${cpu}`);
    this.#rows = names.slice(0, MOST_ROWS).map((name) => new RowRecorder(name));
    this.#omitted = names.length - this.#rows.length;
    this.#threads = threads.map(() => ({
      ...{ state: AWAY, since: 0, cpu: 0, on: 0, ran: -1, held: 0, heldSince: 0, heldFirst: 0 },
    }));
  }

  /** Takes the next event. */
  add(event: SimulationEvent): void {
    this.#now = event.time;
    if (event.type === "idle" || event.type === "policy-fault") return;
    const { time, thread } = event;
    switch (event.type) {
      case "arrive":
      case "wake":
      case "yield":
        return this.#enter("ready", thread, time, event.cpu);
      case "switch":
        return this.#enter("switch", thread, time, event.cpu);
      case "dispatch": {
        const { cpu = 0 } = event;
        const doing = this.#threads[thread]!;
        const moved = doing.ran >= 0 && doing.ran !== cpu;
        doing.ran = cpu;
        this.#enter("run", thread, time, cpu);
        if (moved) this.#mark("migrate", thread, time);
        return;
      }
      case "preempt":
        this.#mark("preempt", thread, time);
        return this.#enter("ready", thread, time, event.cpu);
      case "block":
      case "io":
        this.#enter(event.type === "io" ? "io" : "lock", thread, time, event.cpu);
        this.#threads[thread]!.on = this.#object(event.on);
        return;
      case "exit":
        if (this.#threads[thread]!.held > 0) this.#addHeld(thread, time);
        this.#threads[thread]!.held = 0;
        return this.#enter(AWAY, thread, time, event.cpu);
      case "sleep":
        return this.#enter(AWAY, thread, time, event.cpu);
      case "release":
        this.#mark("release", thread, time);
        if (event.deadline !== undefined) this.#mark("deadline", thread, event.deadline);
        return;
      case "miss":
        return this.#mark("miss", thread, time);
      case "acquire":
      case "unlock":
        if (event.on.kind === "mutex") this.#hold(event.type, thread, time, event.on);
        return;
    }
  }

  /** The chart up to a time, by default that of the last event. */
  chart(to: number = this.#now): GanttChart {
    for (const [thread, { state, held }] of this.#threads.entries()) {
      this.#enter(state, thread, to);
      if (held > 0) this.#addHeld(thread, to);
    }
    for (const { marks } of this.#rows) {
      marks.deadline = marks.deadline.filter(({ time }) => time <= to);
    }
    return {
      by: this.#by,
      threads: this.#names,
      cpus: this.#cpus,
      objects: [...this.#objects.keys()],
      from: this.#from,
      to: Math.max(to, this.#from),
      rows: this.#rows,
      omitted: this.#omitted,
      grain: this.#grain,
    };
  }

  /** Place of what is shared among the chart's objects; I/O without a device has one, too. */
  #object(object: SharedObject | undefined): number {
    const name = object === undefined ? "I/O" : `${object.kind} ${object.name}`;
    const known = this.#objects.get(name);
    if (known !== undefined) return known;
    this.#objects.set(name, this.#objects.size);
    return this.#objects.size - 1;
  }

  /** A thread is in another state from now on. */
  #enter(state: Doing["state"], thread: ThreadId, time: number, cpu?: number): void {
    const doing = this.#threads[thread]!;
    if (doing.state !== AWAY) this.#addPiece(doing.state, thread, doing.since, time);
    doing.state = state;
    doing.since = time;
    doing.cpu = cpu ?? doing.cpu;
  }

  /** A thread has taken a mutex, or given it back. */
  #hold(what: "acquire" | "unlock", thread: ThreadId, time: number, on: SharedObject): void {
    const doing = this.#threads[thread]!;
    if (what === "acquire") {
      if (doing.held++ > 0) return;
      doing.heldSince = time;
      doing.heldFirst = this.#object(on);
    } else if (doing.held > 0) {
      doing.held--;
      if (doing.held === 0) this.#addHeld(thread, time);
    }
  }

  #addHeld(thread: ThreadId, time: number): void {
    const { heldSince } = this.#threads[thread]!;
    this.#addPiece("hold", thread, heldSince, time);
    this.#threads[thread]!.heldSince = time;
  }

  #addPiece(kind: PieceKind, thread: ThreadId, since: number, end: number): void {
    const { cpu, on, heldFirst } = this.#threads[thread]!;
    const start = Math.max(since, this.#from);
    if (end <= start) return;
    const onCpu = kind === "run" || kind === "switch";
    if (this.#by === "cpu" && !onCpu) return;
    const row = this.#rows[this.#by === "cpu" ? cpu : thread];
    if (row === undefined) return;
    const waits = kind === "lock" || kind === "io";
    const of = this.#by === "cpu" ? thread : waits ? on : kind === "hold" ? heldFirst : cpu;
    this.#count += row.addPiece(kind, { start, end, time: end - start, of }, this.#grain);
    this.#bound();
  }

  #mark(kind: MarkKind, thread: ThreadId, time: number): void {
    // Jobs are no CPU's; that one was late is worth knowing all the same.
    if (time < this.#from || this.#by === "cpu" && (kind === "release" || kind === "deadline")) {
      return;
    }
    const row = this.#rows[this.#by === "cpu" ? this.#threads[thread]!.cpu : thread];
    if (row === undefined) return;
    this.#count += row.addMark(kind, time, this.#grain);
    this.#bound();
  }

  /** Makes the grid coarser until half of what may be kept is enough. */
  #bound(): void {
    if (this.#count <= this.#detail) return;
    const span = this.#now - this.#from;
    while (this.#count > this.#detail / 2 && this.#grain <= 2 * span) {
      this.#grain = this.#grain === 0
        ? Math.max(2, Math.ceil(span / FIRST_CELLS))
        : 2 * this.#grain;
      this.#count = this.#rows.reduce((sum, row) => sum + row.coarsen(this.#grain), 0);
    }
  }
}
