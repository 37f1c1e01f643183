/**
 * A port at which debuggers find a machine.
 *
 * @module
 */

import { History } from "../../history/mod.ts";
import { Machine } from "../../kernel/machine.ts";
import { framePacket } from "../protocol/mod.ts";
import { errorReply, GdbServerError } from "./errors.ts";
import { listen } from "./listen.ts";
import { Debuggee } from "./machine/debuggee.ts";
import type { Connection } from "./session/wire.ts";
import { nextTurn, Session } from "./session/session.ts";

/** How to serve. */
export interface GdbServerOptions {
  /** TCP port; 0, the default, is any that is free. */
  readonly port?: number;
  /**
   * Address of the host to listen at, by default that of this host for itself: whoever reaches the
   * port can do anything to the machine.
   */
  readonly host?: string;
  /**
   * What the machine does once a debugger has detached: `run`, or `wait` for the next one. By
   * default, `end`, serving is over when the first has gone. One whose connection ends where it has
   * had the machine stop has not detached: the machine stays there for the next.
   */
  readonly detached?: "run" | "wait" | "end";
  /**
   * Milliseconds after which a connection over which no packet has come makes room for another, by
   * default 2,000.
   */
  readonly silence?: number;
}

/** How serving ended. */
export type GdbServerResult =
  /** The debugger has gone. */
  | "detached"
  /** It has ended the machine (`kill`). */
  | "killed"
  /** The machine has stopped for good. */
  | "halted"
  /** By {@linkcode GdbServer.close}. */
  | "closed";

/** Milliseconds that a second debugger has to say something before it is told that it is one. */
const GREETING = 2_000;
/** Instructions that a machine without a debugger runs before others have their turn. */
const SLICE = 1_000_000;

/** Serves one machine to one debugger after the other. */
export class GdbServer implements AsyncDisposable {
  /** How it ends. */
  readonly done: Promise<GdbServerResult>;
  readonly #debuggee: Debuggee;
  /** The history that was made for debuggers. */
  readonly #own: History | undefined;
  readonly #listener: Deno.TcpListener;
  readonly #detached: "run" | "wait" | "end";
  readonly #silence: number;
  /** The connection that waits to be served. */
  #next: Deno.TcpConn | undefined;
  /** The debugger that is served. */
  #current: { readonly session: Session; readonly since: number } | undefined;
  #wake: (() => void) | undefined;
  /** Whether it runs while nobody is served. */
  #runs = false;
  #closed = false;

  /**
   * Listens.
   * @throws {GdbListenError} if it cannot
   */
  constructor(of: Machine | History, options: GdbServerOptions = {}) {
    const { port = 0, host = "127.0.0.1", detached = "end", silence = 2_000 } = options;
    this.#detached = detached;
    this.#silence = silence;
    this.#listener = listen({ hostname: host, port });
    this.#own = of instanceof Machine ? new History(of) : undefined;
    this.#debuggee = new Debuggee(this.#own ?? of as History);
    void this.#accept();
    this.done = this.#serve();
  }

  /** Where it listens. */
  get address(): Deno.NetAddr {
    return this.#listener.addr as Deno.NetAddr;
  }

  /** Serves no more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopListening();
    this.#current?.session.end();
    this.#wake?.();
    await this.done;
  }

  /** The same. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(): Promise<GdbServerResult> {
    try {
      for (;;) {
        const connection = await this.#connection();
        if (connection === undefined) return this.#closed ? "closed" : "halted";
        const session = this.#session(connection);
        this.#current = { session, since: performance.now() };
        const result = await session.serve();
        this.#runs = this.#detached === "run" &&
          (session.leavesRunning || this.#runs && session.leavesInPlace);
        close(connection);
        this.#current = undefined;
        if (this.#closed) return "closed";
        if (result === "killed") return result;
        // One that has made room for the next was no debugger.
        if (this.#detached === "end" && this.#next === undefined) return "detached";
      }
    } finally {
      this.#closed = true;
      this.#stopListening();
      close(this.#next);
      this.#debuggee[Symbol.dispose]();
      // A machine that was left in its past stays there, and is heard again.
      this.#own?.[Symbol.dispose]();
    }
  }

  #session(connection: Connection): Session {
    const runsDetached = this.#detached === "run";
    return new Session(this.#debuggee, connection, { runsDetached });
  }

  /** The next debugger; `undefined` if the machine ends before one comes. */
  async #connection(): Promise<Deno.TcpConn | undefined> {
    for (;;) {
      const next = this.#next;
      this.#next = undefined;
      if (next !== undefined || this.#closed) return next;
      if (!this.#runs) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        continue;
      }
      if (this.#debuggee.halted !== null) return undefined;
      this.#debuggee.history.run(SLICE);
      await nextTurn();
    }
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        // A connection may be on its way here when serving is over: nobody else closes it.
        if (this.#closed) {
          close(connection);
          continue;
        }
        if (this.#next !== undefined || !this.#makeRoom()) {
          void refuse(connection);
          continue;
        }
        connection.setNoDelay();
        connection.setKeepAlive();
        this.#next = connection;
        this.#wake?.();
      }
    } catch {
      // It listens no more.
    }
  }

  /** Whether another debugger can come: if none is here, or one that has said nothing for long. */
  #makeRoom(): boolean {
    if (this.#current === undefined) return true;
    const { session, since } = this.#current;
    if (session.hasHeard || performance.now() - since < this.#silence) return false;
    session.end();
    return true;
  }

  #stopListening(): void {
    close(this.#listener);
  }
}

/** Tells a second debugger that there is one, in answer to what it says first. */
async function refuse(connection: Deno.TcpConn): Promise<void> {
  const timer = setTimeout(() => close(connection), GREETING);
  try {
    await connection.read(new Uint8Array(1024));
    const reply = errorReply(
      new GdbServerError("Another debugger is connected to this machine: one at a time"),
    );
    await connection.write(Uint8Array.of(0x2b, ...framePacket(reply)));
    // What it says to that is of no interest, but it is to be read, or the answer is lost.
    await connection.read(new Uint8Array(1024));
  } catch {
    // It has gone by itself.
  } finally {
    clearTimeout(timer);
    close(connection);
  }
}

/** Closes what may be closed already. */
function close(what: { close(): void } | undefined): void {
  try {
    what?.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/**
 * Serves a machine to gdb at a TCP port, until the debugger has gone; see
 * {@linkcode GdbServerOptions.detached}.
 *
 * @param of the machine, where it is; or its history, if it has one that is to be gone back in
 * @throws {GdbListenError} if the port is another's, or the address none of this host's
 * @throws {KernelError} of kind `misuse` in a sink or callback of the machine
 */
export function serveGdb(of: Machine | History, options: GdbServerOptions = {}): GdbServer {
  return new GdbServer(of, options);
}
