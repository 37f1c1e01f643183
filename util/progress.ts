/**
 * Progress of long tasks: one line on standard error, written over and over, on a terminal only.
 *
 * @module
 */

/** Where progress is shown. */
export interface ProgressScreen {
  /** Whether anybody watches. */
  isTerminal(): boolean;
  /** Takes bytes; returns how many. */
  writeSync(bytes: Uint8Array): number;
}

/** Least time between two updates, in milliseconds. */
const INTERVAL = 100;

/** Longest line. */
const WIDTH = 79;

/** Shows how far a task has come; declare it with `using`, which wipes the line at the end. */
export class Progress implements Disposable {
  readonly #screen: ProgressScreen;
  readonly #shown: boolean;
  #due = 0;

  /** Shows nothing unless `screen`, by default standard error, is a terminal. */
  constructor(screen: ProgressScreen = Deno.stderr) {
    this.#screen = screen;
    this.#shown = screen.isTerminal();
  }

  /**
   * Says where the task is.
   *
   * @param what what is being done
   * @param done how many of `total` are done, if they are counted: such updates may come as often
   *   as one likes, as most are dropped
   */
  at(what: string, done?: number, total?: number): void {
    if (!this.#shown) return;
    if (done !== undefined) {
      const now = performance.now();
      if (now < this.#due && done !== total) return;
      this.#due = now + INTERVAL;
    }
    const count = done === undefined
      ? ""
      : total === undefined
      ? `: ${done}`
      : `: ${done}/${total}`;
    this.#write(`\r\x1b[K${`${what}${count}`.slice(0, WIDTH)}`);
  }

  /** Wipes the line, so that something else can be printed. */
  clear(): void {
    if (this.#shown) this.#write("\r\x1b[K");
  }

  /** Wipes the line. */
  [Symbol.dispose](): void {
    this.clear();
  }

  #write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    for (let done = 0; done < bytes.length;) {
      done += this.#screen.writeSync(bytes.subarray(done));
    }
  }
}
