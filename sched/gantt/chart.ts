/**
 * A schedule as rows of what happened when, before it is text or a drawing. However long the run,
 * a chart stays small: what is shorter than its grain and falls between the same two lines of the
 * grid is one piece, which knows how much of its length it was.
 *
 * @module
 */

/**
 * What a thread did in a piece of time: it had a CPU, was being switched to, could have used one,
 * waited for a lock (a mutex, semaphore or condition) or for I/O; and whether it held a mutex.
 */
export type PieceKind = "run" | "switch" | "ready" | "lock" | "io" | "hold";

/** All of them, in the order they are drawn. */
export const PIECE_KINDS: readonly PieceKind[] = ["ready", "io", "lock", "switch", "run", "hold"];

/** What happened to a thread at an instant. */
export type MarkKind = "release" | "deadline" | "miss" | "preempt" | "migrate";

/** All of them, in the order they are drawn. */
export const MARK_KINDS: readonly MarkKind[] = [
  "preempt",
  "migrate",
  "release",
  "deadline",
  "miss",
];

/** Stands in a piece for several threads or CPUs. */
export const SEVERAL: number = -1;

/** A stretch of time in which a thread was in one state, or was so again and again. */
export interface GanttPiece {
  /** When it begins. */
  readonly start: number;
  /** When it ends. */
  readonly end: number;
  /** How much of it is meant: all of it, unless it has been put together of shorter ones. */
  readonly time: number;
  /**
   * In a row of a thread the CPU it ran on or was to run on, or what it waited for or held, by its
   * place in the chart's objects; in a row of a CPU the thread. {@linkcode SEVERAL} if it was more
   * than one.
   */
  readonly of: number;
}

/** Something that happened at an instant, or several times about then. */
export interface GanttMark {
  /** When, for the first time. */
  readonly time: number;
  /** How often. */
  readonly count: number;
}

/** A row of a chart: one thread, or one CPU. */
export interface GanttRow {
  /** Its name. */
  readonly name: string;
  /** Its states, by kind, in the order of time. */
  readonly pieces: Readonly<Record<PieceKind, readonly GanttPiece[]>>;
  /** What happened to it, by kind, in the order of time. */
  readonly marks: Readonly<Record<MarkKind, readonly GanttMark[]>>;
}

/** Whether a piece in which a row runs stands for several threads or CPUs. */
export function hasSeveral({ pieces }: GanttRow): boolean {
  return pieces.run.some(({ of }) => of === SEVERAL);
}

/** What the rows of a chart are. */
export type GanttRows = "thread" | "cpu";

/** A schedule, ready to be drawn. */
export interface GanttChart {
  /** What its rows are. */
  readonly by: GanttRows;
  /** Names of the threads, by id. */
  readonly threads: readonly string[];
  /** Number of CPUs. */
  readonly cpus: number;
  /** What threads waited for or held, such as `mutex bus`. */
  readonly objects: readonly string[];
  /** Where it begins. */
  readonly from: number;
  /** Where it ends. */
  readonly to: number;
  /** Its rows, the first {@linkcode MOST_ROWS} of them. */
  readonly rows: readonly GanttRow[];
  /** How many rows were left out. */
  readonly omitted: number;
  /** Pieces shorter than this may have been put together; 0 if all are as they were. */
  readonly grain: number;
}

/** Most rows of a chart. */
export const MOST_ROWS = 1_000;
