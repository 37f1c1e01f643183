/**
 * A debugger for tests: says packets to a session over a pair of streams, and hears the replies.
 *
 * @module
 */

import { History } from "../../../history/mod.ts";
import { Machine } from "../../../kernel/machine.ts";
import {
  framePacket,
  hexText,
  INTERRUPT,
  latin1,
  PacketReader,
  textOfHex,
} from "../../protocol/mod.ts";
import { Debuggee } from "../machine/debuggee.ts";
import { Session, type SessionResult } from "../session/session.ts";

/** What gdb says that it supports. */
const GDB_FEATURES = "qSupported:multiprocess+;swbreak+;hwbreak+;fork-events+;exec-events+";

/** One debugger at a machine. */
export class TestDebugger implements AsyncDisposable {
  /** The history of the machine. */
  readonly history: History;
  /** How the session ends. */
  readonly done: Promise<SessionResult>;
  /** What the session has had shown. */
  output = "";
  /** The session. */
  readonly session: Session;
  readonly #debuggee: Debuggee;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #packets = new PacketReader({ side: "debugger" });

  /** Connects, without a word. */
  constructor(of: Machine | History, { runsDetached = false } = {}) {
    this.history = of instanceof Machine ? new History(of) : of;
    this.#debuggee = new Debuggee(this.history);
    const there = new TransformStream<Uint8Array, Uint8Array>();
    const back = new TransformStream<Uint8Array, Uint8Array>();
    this.#writer = there.writable.getWriter();
    this.#reader = back.readable.getReader();
    const connection = { readable: there.readable, writable: back.writable };
    this.session = new Session(this.#debuggee, connection, { runsDetached });
    this.done = this.session.serve();
  }

  /** Connects, and says what gdb does at first. */
  static async start(
    of: Machine | History,
    options: { readonly features?: string; readonly runsDetached?: boolean } = {},
  ): Promise<TestDebugger> {
    const client = new TestDebugger(of, options);
    await client.ask(options.features ?? GDB_FEATURES);
    await client.ask("QStartNoAckMode");
    return client;
  }

  /** Says something and hears the reply; output on the way is kept. */
  async ask(packet: string | Uint8Array): Promise<string> {
    await this.raw(framePacket(packet));
    return await this.hear();
  }

  /** Says bytes as they are. */
  async raw(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes);
  }

  /** Asks what runs to stop. */
  async interrupt(): Promise<void> {
    await this.raw(INTERRUPT);
  }

  /** A command of `monitor`: what it says. */
  async monitor(command: string): Promise<string> {
    const reply = await this.ask(`qRcmd,${hexText(command)}`);
    return reply === "OK" || reply.startsWith("E") ? reply : textOfHex(reply);
  }

  /** The next reply; `closed` if there will be none. */
  async hear(): Promise<string> {
    for (;;) {
      const next = this.#packets.next();
      if (next === undefined) {
        const { done, value } = await this.#reader.read();
        if (done) return "closed";
        this.#packets.push(value);
      } else if (next.kind === "packet") {
        const text = latin1(next.payload);
        if (!/^O[0-9a-f]{2}/.test(text)) return text;
        this.output += textOfHex(text.slice(1));
      } else if (next.kind === "nack") return "nack";
    }
  }

  /** Runs on until a task has begun its program; the reply tells which. */
  async untilTask(): Promise<string> {
    const fork = await this.ask("vCont;c");
    if (!fork.includes("fork:")) return fork;
    return await this.ask("vCont;c");
  }

  /** Goes. */
  async [Symbol.asyncDispose](): Promise<void> {
    const cancelled = this.#reader.cancel();
    await Promise.allSettled([this.#writer.close(), cancelled, this.done]);
    this.#debuggee[Symbol.dispose]();
  }
}

/** All that comes until something is found in it, or the end. */
export async function hear(connection: Deno.Conn, until: string): Promise<string> {
  const chunk = new Uint8Array(4096);
  for (let text = "";;) {
    const size = await connection.read(chunk);
    if (size === null) return text;
    text += latin1(chunk.subarray(0, size));
    if (text.includes(until)) return text;
  }
}

/** A field of a stop reply. */
export function field(reply: string, name: string): string | undefined {
  return new RegExp(`[;0-9a-f]${name}:([^;]*);`).exec(reply)?.[1];
}

/** A 64-bit number as packets have registers. */
export function wordOf(digits: string): bigint {
  return BigInt(`0x${digits.match(/../g)?.reverse().join("") ?? "0"}`);
}

/** A 64-bit number as packets have it in a register. */
export function digitsOf(word: bigint, size = 8): string {
  return word.toString(16).padStart(2 * size, "0").match(/../g)?.reverse().join("") ?? "";
}
