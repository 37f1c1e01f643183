/**
 * The memory of a guest program, for passing and reading what is more than a word.
 *
 * @module
 */
import { CoroutineError } from "../errors.ts";

/** How a {@linkcode GuestMemory} reaches the machine. */
export interface MemoryPort {
  /** Reads bytes. */
  read(address: bigint, size: number): Uint8Array<ArrayBuffer>;
  /** Writes bytes. */
  write(address: bigint, bytes: Uint8Array): void;
  /** Reads a text up to a zero byte, of `limit` bytes at most. */
  text(address: bigint, limit: number): string;
  /** Has the guest allocate memory of its own. */
  allocate(size: number): bigint;
  /** Has the guest free it. */
  free(address: bigint, size: number): void;
}

/** Memory that the host has allocated in the guest. Disposing of it gives it back. */
export interface GuestBuffer extends Disposable {
  /** Address of its first byte, a multiple of the page size. */
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
  /** The bytes as they are now, a copy. */
  bytes(): Uint8Array<ArrayBuffer>;
}

/** Memory of the program by virtual address. */
export class GuestMemory {
  readonly #port: MemoryPort;

  /** Made by the host. */
  constructor(port: MemoryPort) {
    this.#port = port;
  }

  /**
   * Reads bytes.
   * @throws {KernelError} of kind `address` where nothing is mapped
   */
  read(address: bigint, size: number): Uint8Array<ArrayBuffer> {
    return this.#port.read(address, size);
  }

  /** A view of a copy of bytes; the guest is little endian on both architectures. */
  view(address: bigint, size: number): DataView<ArrayBuffer> {
    return new DataView(this.read(address, size).buffer);
  }

  /** Reads a machine word. */
  word(address: bigint): bigint {
    return this.view(address, 8).getBigUint64(0, true);
  }

  /** Reads a text in UTF-8 up to a zero byte, of 4,096 bytes at most or as many as `limit` says. */
  text(address: bigint, limit = 4096): string {
    return this.#port.text(address, limit);
  }

  /**
   * Writes bytes.
   * @throws {KernelError} of kind `address` where nothing is mapped; nothing is written then
   */
  write(address: bigint, bytes: Uint8Array): void {
    this.#port.write(address, bytes);
  }

  /** Writes a machine word. */
  writeWord(address: bigint, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    this.write(address, bytes);
  }

  /**
   * Allocates memory in the guest, of zeros or with contents.
   *
   * @param contents how many bytes, or the bytes; a text gets a zero byte at its end
   * @throws {CoroutineError} of kind `value` if there can be no so many bytes or there is no room
   */
  allocate(contents: number | Uint8Array | string): GuestBuffer {
    const bytes = typeof contents === "string"
      ? new TextEncoder().encode(`${contents}\0`)
      : contents;
    const size = typeof bytes === "number" ? bytes : bytes.length;
    if (!Number.isSafeInteger(size) || size <= 0) {
      throw new CoroutineError(
        "value",
        `Cannot allocate ${size} bytes: expected a positive integer`,
      );
    }
    const port = this.#port;
    const address = port.allocate(size);
    if (typeof bytes !== "number") port.write(address, bytes);
    let freed = false;
    return {
      address,
      size,
      bytes: () => port.read(address, size),
      [Symbol.dispose]: () => {
        if (!freed) port.free(address, size);
        freed = true;
      },
    };
  }
}
