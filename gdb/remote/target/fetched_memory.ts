/**
 * Memory at the other end of a wire.
 *
 * @module
 */
import type { MemoryReader, MemoryWindow } from "../../../unwind/walk/mod.ts";
import type { ThreadId } from "../../protocol/mod.ts";
import type { Stub } from "../stub/stub.ts";
import { NotFetchedError } from "./not_fetched.ts";

const PAGE = 4096;
/** Pages fetched at once, at first and at most. */
const FIRST_PAGES = 2;
const MOST_PAGES = 64;
/** Bytes that are kept of one process. */
const MOST_BYTES = 2 ** 28;

/**
 * Memory of one process, fetched page by page and kept as long as the process is stopped. A page
 * that has not been fetched is told by a {@linkcode NotFetchedError}.
 */
export class FetchedMemory implements MemoryReader {
  readonly #stub: Stub;
  readonly #thread: ThreadId;
  /** Windows by number of page; undefined for those without a readable byte. */
  readonly #pages = new Map<bigint, MemoryWindow | undefined>();
  /** First page after those fetched last. */
  #next = -1n;
  #ahead = FIRST_PAGES;
  #bytes = 0;

  /** Memory that a thread sees. */
  constructor(stub: Stub, thread: ThreadId) {
    this.#stub = stub;
    this.#thread = thread;
  }

  window(address: bigint): MemoryWindow | undefined {
    const page = BigInt.asUintN(64, address) / BigInt(PAGE);
    const found = this.#pages.get(page);
    if (found === undefined) {
      if (this.#pages.has(page)) return undefined;
      const what = `Memory at 0x${address.toString(16)}`;
      throw new NotFetchedError(what, () => this.#fetch(page));
    }
    const at = Number(address - found.start);
    return at >= 0 && at < found.bytes.length ? found : undefined;
  }

  /** Forgets what was fetched, as when the process has run. */
  forget(): void {
    this.#pages.clear();
    this.#bytes = 0;
  }

  /** Fetches a page and some after it: the more, the longer pages are wanted one after another. */
  async #fetch(page: bigint): Promise<void> {
    if (this.#pages.has(page)) return;
    this.#ahead = page === this.#next ? Math.min(2 * this.#ahead, MOST_PAGES) : FIRST_PAGES;
    let count = 1;
    while (count < this.#ahead && !this.#pages.has(page + BigInt(count))) count++;
    const start = page * BigInt(PAGE);
    const read = (size: number) => this.#stub.memory(this.#thread, start, size);
    let bytes = await read(count * PAGE);
    // Many stubs refuse a range as a whole if its end cannot be read.
    if (count > 1 && (bytes?.length ?? 0) < PAGE) bytes = await read(PAGE);
    if (bytes === undefined) {
      this.#pages.set(page, undefined);
      return;
    }
    this.#bytes += bytes.length;
    if (this.#bytes > MOST_BYTES) {
      const message = `More than ${MOST_BYTES} bytes of memory are wanted`;
      throw this.#stub.error("limit", message, start);
    }
    const window = { start, bytes };
    // The page in which the readable bytes end is known as well.
    const pages = Math.ceil(bytes.length / PAGE);
    for (let i = 0; i < pages; i++) this.#pages.set(page + BigInt(i), window);
    this.#next = page + BigInt(pages);
  }
}
