/**
 * Standard output in large pieces: a log is many small writes.
 *
 * @module
 */

const encoder = new TextEncoder();
const LIMIT = 1 << 16;

/** Writes bytes to standard output, all of them. */
export function writeAll(bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}

/** Collects text and writes it to standard output. */
export class Output implements Disposable {
  #text = "";

  /** Adds text; it is written when enough has come together. */
  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= LIMIT) this.flush();
  }

  /** Writes what has been collected. */
  flush(): void {
    const bytes = encoder.encode(this.#text);
    this.#text = "";
    writeAll(bytes);
  }

  /** Writes what has been collected. */
  [Symbol.dispose](): void {
    this.flush();
  }
}
