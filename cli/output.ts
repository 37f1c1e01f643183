/**
 * Standard output in large pieces: a log is many small writes.
 *
 * @module
 */

const encoder = new TextEncoder();
const LIMIT = 1 << 16;

/** Characters that are encoded at once. */
const TEXT = 1 << 12;

/** Standard output takes no more. */
export class OutputError extends Error {
  /** Class name, for messages. */
  override readonly name = "OutputError";
}

/**
 * Writes bytes to standard output, all of them.
 * @throws {OutputError} if they cannot be written
 */
export function writeAll(bytes: Uint8Array): void {
  try {
    for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OutputError(`Cannot write to standard output: ${why}`, { cause: error });
  }
}

/** Writes text likewise. */
export function writeText(text: string): void {
  writeAll(encoder.encode(text));
}

/**
 * Collects what is to be printed and writes it to standard output. Writing never throws, so that
 * sinks may write; whoever owns the output asks {@linkcode Output.failed}, or has
 * {@linkcode Output.flush} throw. Everything printed after a failure is dropped.
 */
export class Output {
  #bytes = new Uint8Array(2 * LIMIT);
  #length = 0;
  /** Text that is still to be encoded: many small pieces at once. */
  #text = "";
  #error: unknown;

  /** Whether standard output has stopped taking what is written. */
  get failed(): boolean {
    return this.#error !== undefined;
  }

  /** Adds text, or bytes as they are; it is written when enough has come together. */
  write(piece: string | Uint8Array): void {
    if (this.failed) return;
    if (typeof piece === "string") {
      this.#text += piece;
      if (this.#text.length >= TEXT) this.#encode();
    } else {
      this.#encode();
      this.#add(piece);
    }
  }

  #encode(): void {
    if (this.#text === "") return;
    const bytes = encoder.encode(this.#text);
    this.#text = "";
    this.#add(bytes);
  }

  #add(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * (this.#length + bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    if (this.#length >= LIMIT) this.#empty();
  }

  /**
   * Writes what has been collected.
   * @throws {OutputError} if that, or an earlier piece, cannot be written
   */
  flush(): void {
    if (!this.failed) {
      this.#encode();
      this.#empty();
    }
    if (this.failed) throw this.#error;
  }

  #empty(): void {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    try {
      writeAll(bytes);
    } catch (error) {
      this.#error = error;
    }
  }
}
