/**
 * Packets asked and answered over a wire.
 *
 * @module
 */
import {
  ACK,
  framePacket,
  INTERRUPT,
  latin1,
  NACK,
  PacketReader,
  PAYLOAD_LIMIT,
} from "../../protocol/mod.ts";
import { printable, shortened } from "../../../util/printable.ts";
import { RemoteError, type RemoteErrorKind } from "../errors.ts";
import type { Wire } from "./wire.ts";

/** How often a packet is sent, or asked for, before the wire counts as broken. */
const TRIES = 4;
/** Bytes read at once. */
const CHUNK = 1 << 16;

/** What the other side sent too late, or while nobody waited. */
type Outcome = number | null | "late";

/** Options of {@linkcode Connection}. */
export interface ConnectionOptions {
  /** Who is at the other end, for messages. */
  readonly name: string;
  /** Milliseconds that an answer may take. */
  readonly timeout: number;
}

/**
 * A connection to a stub. One question is asked at a time; others wait for their turn. Whatever goes
 * wrong closes it, as an answer that comes late would be taken for that to the next question.
 */
export class Connection implements Disposable {
  /** Who is at the other end. */
  readonly name: string;
  /** Milliseconds that an answer may take. */
  readonly timeout: number;
  /** Whether packets are acknowledged, as they are at first. */
  acknowledges = true;
  /** When all that is asked now must have been answered, by `performance.now()`. */
  deadline = Infinity;
  readonly #wire: Wire;
  readonly #reader = new PacketReader({ side: "debugger", limit: PAYLOAD_LIMIT });
  readonly #chunk = new Uint8Array(CHUNK);
  #turn: Promise<unknown> = Promise.resolve();
  #broken: RemoteError | undefined;
  #read: Promise<number | null> | undefined;

  /** Takes the wire over. */
  constructor(wire: Wire, options: ConnectionOptions) {
    this.#wire = wire;
    this.name = options.name;
    this.timeout = options.timeout;
  }

  /** Sends a packet and gives the answer's payload. Throws {@linkcode RemoteError}. */
  ask(payload: string | Uint8Array): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      const until = Math.min(performance.now() + this.timeout, this.deadline);
      await this.#send(payload, until);
      return await this.#receive(payload, until);
    });
  }

  /** Sends a packet that makes the target run; {@linkcode Connection.wait} waits for the answer. */
  start(payload: string): Promise<void> {
    return this.#inTurn(() => this.#send(payload, performance.now() + this.timeout));
  }

  /** Waits for the next packet, at most so many milliseconds; undefined if none came. */
  wait(milliseconds: number): Promise<Uint8Array | undefined> {
    return this.#inTurn(async () => {
      const until = performance.now() + milliseconds;
      try {
        return await this.#packet(until, undefined);
      } catch (error) {
        if (error instanceof RemoteError && error.kind === "timeout") return undefined;
        throw error;
      }
    });
  }

  /** Sends the byte that interrupts what runs. */
  interrupt(): Promise<void> {
    return this.#inTurn(() => this.#write(INTERRUPT, performance.now() + this.timeout));
  }

  /** An error of this connection. */
  error(kind: RemoteErrorKind, message: string, address?: bigint): RemoteError {
    return new RemoteError(kind, message, { source: this.name, address });
  }

  /** Closes the connection; what waits for it ends. */
  [Symbol.dispose](): void {
    if (this.#broken === undefined) this.#break("closed", "The connection has been closed");
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      if (this.#broken !== undefined) throw this.#broken;
      return await action();
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #break(kind: RemoteErrorKind, message: string): RemoteError {
    if (this.#broken === undefined) {
      this.#broken = this.error(kind, message);
      try {
        this.#wire.close();
      } catch (error) {
        // A wire that is closed already is what is wanted.
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    }
    return this.#broken;
  }

  async #send(payload: string | Uint8Array, until: number): Promise<void> {
    await this.#write(framePacket(payload), until);
  }

  async #receive(sent: string | Uint8Array, until: number): Promise<Uint8Array> {
    try {
      return await this.#packet(until, sent);
    } catch (error) {
      if (!(error instanceof RemoteError) || error.kind !== "timeout") throw error;
      if (until === this.deadline) throw this.#break("timeout", "All of it takes too long");
      throw this.#break("timeout", `No answer to ${shown(sent)} within ${this.timeout / 1000} s`);
    }
  }

  /** The next packet; acknowledgements before it are seen to, notifications passed over. */
  async #packet(until: number, sent: string | Uint8Array | undefined): Promise<Uint8Array> {
    let tries = 1;
    let damaged = 0;
    for (;;) {
      const received = this.#reader.next();
      switch (received?.kind) {
        case "packet":
          if (this.acknowledges) await this.#write(ACK, until);
          return received.payload;
        case "nack":
          if (!this.acknowledges || sent === undefined) break;
          if (tries++ === TRIES) {
            throw this.#break("damaged", `${shown(sent)} is refused each time`);
          }
          await this.#send(sent, until);
          break;
        case "damaged":
          if (!this.acknowledges || ++damaged === TRIES) {
            throw this.#break("damaged", received.error.message);
          }
          await this.#write(NACK, until);
          break;
        case undefined:
          await this.#fill(until);
      }
    }
  }

  /** Waits for bytes. */
  async #fill(until: number): Promise<void> {
    const count = await this.#before(until, this.#pendingRead());
    if (count === "late") throw this.error("timeout", "Nothing came in time");
    this.#read = undefined;
    if (count === null) throw this.#break("closed", "The stub has closed the connection");
    this.#reader.push(this.#chunk.subarray(0, count));
  }

  /** A read that nobody waits for any more goes on: what comes belongs to the next who waits. */
  #pendingRead(): Promise<number | null> {
    return this.#read ??= this.#wire.read(this.#chunk);
  }

  async #write(bytes: Uint8Array, until: number): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const count = await this.#before(until, this.#wire.write(bytes.subarray(at)));
      if (typeof count !== "number") {
        throw this.#break("timeout", `The stub takes no more, within ${this.timeout / 1000} s`);
      }
      at += count;
    }
  }

  /** The outcome of an action of the wire, or that the time is up. */
  async #before(until: number, action: Promise<number | null>): Promise<Outcome> {
    const left = until - performance.now();
    if (left <= 0) {
      action.catch(() => undefined);
      return "late";
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), left);
    });
    try {
      return await Promise.race([action, late]);
    } catch (error) {
      if (this.#broken !== undefined) throw this.#broken;
      const reason = error instanceof Error ? error.message : `${error}`;
      throw this.#break("closed", `The connection is broken: ${reason}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

function shown(payload: string | Uint8Array): string {
  const text = typeof payload === "string" ? payload : latin1(payload.subarray(0, 200));
  return `"${shortened(printable(text.slice(0, 200)), 50)}"`;
}
