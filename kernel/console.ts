/**
 * What programs have printed.
 *
 * @module
 */

/** Bytes that are always kept, of all programs together and of each task: the latest. */
export const CONSOLE_KEPT: number = 2 ** 20;

/** What has been printed, as text with a character for each byte. */
export interface ConsoleRecord {
  /** By all programs, in order. */
  readonly all: string;
  /** By each task; those after the last that has printed are left out. */
  readonly tasks: readonly string[];
}

/** The console device's paper. Text has a character for each byte, 0 to 255. */
export class Console {
  #all = "";
  #tasks: string[] = [];

  /** A task has printed. */
  write(task: number, text: string): void {
    this.#all = latest(this.#all + text);
    while (this.#tasks.length <= task) this.#tasks.push("");
    this.#tasks[task] = latest(this.#tasks[task] + text);
  }

  /** What a task has printed, or all programs have. */
  read(task?: number): string {
    return task === undefined ? this.#all : this.#tasks[task] ?? "";
  }

  /** Everything there is to know. */
  save(): ConsoleRecord {
    return { all: this.#all, tasks: this.#tasks.slice() };
  }

  /** Takes over a record. */
  restore(record: ConsoleRecord): void {
    this.#all = record.all;
    this.#tasks = record.tasks.slice();
  }
}

/** Drops what is older than the bytes kept, now and then. */
function latest(text: string): string {
  return text.length < 2 * CONSOLE_KEPT ? text : text.slice(-CONSOLE_KEPT);
}
