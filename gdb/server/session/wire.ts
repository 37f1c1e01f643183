/**
 * One connection: packets come and go, acknowledged or not.
 *
 * @module
 */

import { ACK, framePacket, NACK, PacketReader } from "../../protocol/mod.ts";

/** Bytes both ways: a connection of the network, or a pair of streams in a test. */
export interface Connection {
  /** What comes. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What goes. */
  readonly writable: WritableStream<Uint8Array>;
}

/** Largest payload that is taken and sent, in bytes. */
export const PACKET_SIZE = 0x4000;

/** Packets that may wait; who sends more is not read until some are answered. */
const MOST_WAITING = 64;

/** Packets of one debugger. */
export class Wire {
  readonly #packets = new PacketReader({ side: "stub", limit: PACKET_SIZE });
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #waiting: Uint8Array[] = [];
  #closed = false;
  /** How many packets have come, and how many of them were taken. */
  #come = 0;
  #taken = 0;
  /** How many packets had come before the last interrupt. */
  #interrupted: number | undefined;
  /** Releases who waits for bytes to be taken by the other end. */
  readonly #blocked = new Set<() => void>();
  /** Writes that the other end has not taken. */
  #underway = 0;
  #acknowledges = true;
  #lastSent: Uint8Array | undefined;
  #wake: (() => void) | undefined;
  #room: (() => void) | undefined;

  /** Begins to read. */
  constructor(connection: Connection) {
    this.#writer = connection.writable.getWriter();
    this.#reader = connection.readable.getReader();
    void this.#read();
  }

  /** Whether the other end is gone. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether there is something to be done: a packet, an interrupt, or the end. */
  get pending(): boolean {
    return this.#closed || this.#interrupted !== undefined || this.#waiting.length > 0;
  }

  /** Whether a packet has ever come. */
  get hasHeard(): boolean {
    return this.#come > 0;
  }

  /** Whether the debugger has asked to stop since the last packet was taken, or the last time. */
  takeInterrupt(): boolean {
    const interrupted = this.#interrupted !== undefined;
    this.#interrupted = undefined;
    return interrupted;
  }

  /**
   * The next packet that is here already. Interrupts that came before it are forgotten: nothing
   * ran. One that came after it is of what the packet has run.
   */
  take(): Uint8Array | undefined {
    const packet = this.#waiting.shift();
    if (packet !== undefined) this.#taken++;
    if (packet === undefined || (this.#interrupted ?? 0) < this.#taken) {
      this.#interrupted = undefined;
    }
    this.#room?.();
    return packet;
  }

  /** Waits until there is something to be done. */
  async wait(): Promise<void> {
    if (this.pending) return;
    await new Promise<void>((resolve) => this.#wake = resolve);
  }

  /** Sends a packet; of a connection that is gone nothing is heard. */
  async send(payload: string | Uint8Array): Promise<void> {
    this.#lastSent = framePacket(payload, { runLength: true });
    await this.#write(this.#lastSent);
  }

  /** From the next packet on nothing is acknowledged. */
  dropAcknowledgements(): void {
    this.#acknowledges = false;
  }

  /** Has everybody who waits here go on; nothing comes or goes from now on. */
  end(): void {
    this.#closed = true;
    this.#wake?.();
    this.#room?.();
    for (const release of this.#blocked) release();
    this.#blocked.clear();
  }

  /** Closes the connection; what the other end does not take is not waited for. */
  async close(): Promise<void> {
    const isStuck = this.#underway > 0;
    this.end();
    const closed = [this.#reader.cancel(), isStuck ? this.#writer.abort() : this.#writer.close()];
    const settled = Promise.allSettled(closed);
    if (!isStuck) await settled;
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#packets.push(value);
        await this.#takeApart();
        while (this.#waiting.length > MOST_WAITING && !this.#closed) {
          await new Promise<void>((resolve) => this.#room = resolve);
        }
      }
    } catch {
      // However it broke: the other end is gone.
    }
    this.end();
  }

  async #takeApart(): Promise<void> {
    for (let next = this.#packets.next(); next !== undefined; next = this.#packets.next()) {
      switch (next.kind) {
        case "packet":
          if (this.#acknowledges) await this.#write(ACK);
          this.#waiting.push(next.payload);
          this.#come++;
          break;
        case "damaged":
          if (this.#acknowledges) await this.#write(NACK);
          break;
        case "nack":
          if (this.#lastSent !== undefined) await this.#write(this.#lastSent);
          break;
        case "interrupt":
          this.#interrupted = this.#come;
          break;
      }
      this.#wake?.();
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#blocked.add(resolve);
      this.#underway++;
      this.#writer.write(bytes).catch(() => this.end()).finally(() => {
        this.#underway--;
        this.#blocked.delete(resolve);
        resolve();
      });
    });
  }
}
