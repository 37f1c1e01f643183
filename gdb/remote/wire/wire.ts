/**
 * A pair of streams of bytes, one each way.
 *
 * @module
 */
import { RemoteError } from "../errors.ts";

/** What bytes go and come through. A `Deno.Conn` is one. */
export interface Wire {
  /** Waits for bytes and says how many came into `into`; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Sends bytes and says how many were taken. */
  write(bytes: Uint8Array): Promise<number>;
  /** Closes both directions. What waits for them ends. */
  close(): void;
}

/** Streams as a {@linkcode Wire}, for example those of a child process. */
export function wireOf(streams: {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}): Wire {
  const reader = streams.readable.getReader();
  const writer = streams.writable.getWriter();
  let rest = new Uint8Array(0);
  return {
    async read(into) {
      while (rest.length === 0) {
        const { done, value } = await reader.read();
        if (done) return null;
        rest = value as Uint8Array<ArrayBuffer>;
      }
      const count = Math.min(rest.length, into.length);
      into.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return count;
    },
    async write(bytes) {
      await writer.write(bytes);
      return bytes.length;
    },
    close() {
      // A stream that has failed already says so again here.
      reader.cancel().catch(() => undefined);
      writer.abort().catch(() => undefined);
    },
  };
}

/**
 * The parts of `[HOST]:PORT`. Throws {@linkcode RemoteError} (`address`).
 * @param least lowest port: 1 to connect to, 0 (any that is free) to listen at
 */
export function parseAddress(
  text: string,
  least: 0 | 1 = 1,
): { readonly hostname: string; readonly port: number } {
  const [, bracketed, plain, digits] =
    /^(?:tcp:)?(?:\[([^\]]+)\]|([^:]*)):([0-9]{1,5})$/.exec(text) ??
      /^()()([0-9]{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (!(port >= least && port <= 65_535)) {
    const message =
      `Cannot use this as an address, expected [HOST]:PORT with a port from ${least} to 65535`;
    throw new RemoteError("address", message, { source: text });
  }
  return { hostname: bracketed || plain || "127.0.0.1", port };
}

/**
 * Connects by TCP.
 * @param text `[HOST]:PORT`; the host is this one by default
 * @param timeout milliseconds to wait
 * @throws {RemoteError} `address`, `refused` or `timeout`
 */
export async function connectWire(text: string, timeout: number): Promise<Wire> {
  const where = parseAddress(text);
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout);
  try {
    const connection = await Deno.connect({ ...where, signal: abort.signal });
    // Small packets wait for each other otherwise, forty milliseconds each time.
    connection.setNoDelay();
    return connection;
  } catch (error) {
    const place = { source: text };
    if (abort.signal.aborted) {
      throw new RemoteError("timeout", `Cannot connect within ${timeout / 1000} s`, place);
    }
    if (!(error instanceof Error)) throw error;
    const reason = error.message.replace(/ \(os error \d+\)$/, "");
    throw new RemoteError("refused", `Cannot connect: ${reason}, expected a stub there`, place);
  } finally {
    clearTimeout(timer);
  }
}
