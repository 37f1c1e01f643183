/**
 * Files of the local disk that are read in parts.
 *
 * @module
 */

/**
 * Fills `into` with the bytes of a file from `offset` on, as far as it has any.
 * @returns how many it had
 */
export function fillFrom(file: Deno.FsFile, offset: number, into: Uint8Array): number {
  file.seekSync(offset, Deno.SeekMode.Start);
  let done = 0;
  while (done < into.length) {
    const count = file.readSync(into.subarray(done));
    if (count === null) break;
    done += count;
  }
  return done;
}

/** An open file; close it, or declare it with `using`. */
export class FileSource implements Disposable {
  /** Size in bytes. */
  readonly size: number;
  #file: Deno.FsFile;

  /** Opens a file. Throws what `Deno.openSync` throws. */
  constructor(path: string) {
    this.#file = Deno.openSync(path, { read: true });
    this.size = this.#file.statSync().size;
  }

  /**
   * Fills `into` with the bytes at `offset`; what lies beyond the end of the file stays as it is.
   */
  readAt(offset: number, into: Uint8Array): void {
    fillFrom(this.#file, offset, into);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
