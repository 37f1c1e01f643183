/**
 * As much of gdb's remote protocol as stepping a program under QEMU takes.
 *
 * @module
 */

/** Bytes of memory that fit into a packet of QEMU's. */
const MOST_BYTES = 2000;

const ACK = 0x2b;
const DOLLAR = 0x24;
const HASH = 0x23;

/** A connection to a stub that serves one program. */
export class GdbRemote implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #chunk = new Uint8Array(1 << 16);
  #pending = new Uint8Array(0);

  /** A stub on a port of this host. Throws `Deno.errors.ConnectionRefused`. */
  static async connect(port: number): Promise<GdbRemote> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    // Small packets wait for each other otherwise, forty milliseconds each time.
    connection.setNoDelay();
    return new GdbRemote(connection);
  }

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Sends a packet and gives the answer. Throws `Error` if the connection ends. */
  async ask(packet: string): Promise<string> {
    const sum = [...packet].reduce((all, each) => all + each.charCodeAt(0) & 0xff, 0);
    const text = `$${packet}#${sum.toString(16).padStart(2, "0")}`;
    await this.#write(new TextEncoder().encode(text));
    const answer = await this.#packet();
    await this.#write(Uint8Array.of(ACK));
    return answer;
  }

  /** Little-endian 64-bit words that an answer in hexadecimal begins with. */
  async words(packet: string, count: number): Promise<bigint[]> {
    const bytes = fromHex(await this.ask(packet));
    const view = new DataView(bytes.buffer);
    return Array.from({ length: count }, (_, i) => view.getBigUint64(8 * i, true));
  }

  /** Memory of the program; shorter, or empty, if it cannot all be read. */
  async memory(address: bigint, size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += MOST_BYTES) {
      const part = Math.min(size - at, MOST_BYTES);
      const answer = await this.ask(`m${(address + BigInt(at)).toString(16)},${part.toString(16)}`);
      if (answer.startsWith("E")) return bytes.slice(0, at);
      bytes.set(fromHex(answer), at);
    }
    return bytes;
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.#connection.write(bytes.subarray(at));
    }
  }

  /** The next packet, whatever acknowledgements are before it. */
  async #packet(): Promise<string> {
    for (;;) {
      const begin = this.#pending.indexOf(DOLLAR);
      const end = begin < 0 ? -1 : this.#pending.indexOf(HASH, begin);
      if (end >= 0 && this.#pending.length >= end + 3) {
        const text = new TextDecoder().decode(this.#pending.subarray(begin + 1, end));
        this.#pending = this.#pending.slice(end + 3);
        return text;
      }
      const size = await this.#connection.read(this.#chunk);
      if (size === null) throw new Error("The stub has closed the connection");
      const more = new Uint8Array(this.#pending.length + size);
      more.set(this.#pending);
      more.set(this.#chunk.subarray(0, size), this.#pending.length);
      this.#pending = more;
    }
  }
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}
