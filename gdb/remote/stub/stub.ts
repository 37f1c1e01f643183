/**
 * A stub, and what may be asked of it.
 *
 * @module
 */
import {
  ALL,
  type Features,
  formatThreadId,
  formatXferRead,
  fromHex,
  hexNumber,
  hexText,
  latin1,
  parseFeatures,
  parseHexInteger,
  parseStopReply,
  parseThreadId,
  parseXferReply,
  type StopReply,
  textOfHex,
  type ThreadId,
  toHex,
  unescapeBinary,
} from "../../protocol/mod.ts";
import { joinBytes } from "../../../util/join_bytes.ts";
import { printable } from "../../../util/printable.ts";
import type { RemoteError, RemoteErrorKind } from "../errors.ts";
import { Connection } from "../wire/connection.ts";
import { connectWire, type Wire } from "../wire/wire.ts";

/** What is said of this side. */
const OURS = "qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+;binary-upload+;" +
  "xmlRegisters=i386,aarch64";

/** Milliseconds that an answer may take, where nothing else is said. */
const TIMEOUT = 10_000;
/** Payload that a stub takes if it says nothing: what gdb believes too. */
const LEAST_PACKET = 400;
/** A larger packet than this is of no use. */
const MOST_PACKET = 1 << 16;
/** Threads that are listed. */
const MOST_THREADS = 4096;
/** Bytes of an object that is transferred. */
const MOST_OBJECT = 1 << 24;
/** Bytes of a file that is fetched. */
const MOST_FILE = 1 << 30;

/** A kind of breakpoint or watchpoint. */
export type BreakpointKind = "software" | "hardware" | "write" | "read" | "access";

/** Their numbers in the protocol. */
const BREAKPOINT_KINDS: Readonly<Record<BreakpointKind, number>> = {
  software: 0,
  hardware: 1,
  write: 2,
  read: 3,
  access: 4,
};

/** Where a breakpoint is. */
export interface BreakpointPlace {
  /** What kind it is. */
  readonly kind: BreakpointKind;
  /** Its address. */
  readonly address: bigint;
  /** Bytes watched; of an instruction the size of the one that replaces it: 1 or 4. */
  readonly size: number;
}

/** Options of {@linkcode Stub}. */
export interface StubOptions {
  /** Milliseconds that an answer may take; default 10,000. */
  readonly timeout?: number | undefined;
  /** Name for messages, where it is no address. */
  readonly name?: string | undefined;
}

/** A stub that serves a stopped program. Dispose of it to close the connection. */
export class Stub implements Disposable {
  /** What it says that it can do. */
  readonly features: Features;
  /** Bytes of payload that it takes. */
  readonly packetSize: number;
  readonly #connection: Connection;
  #stop: StopReply;
  /** The thread that questions are about. */
  #selected: string | undefined;

  /** Connects by TCP, or takes a wire over. Throws {@linkcode RemoteError}. */
  static async connect(to: string | Wire, options: StubOptions = {}): Promise<Stub> {
    const { timeout = TIMEOUT, name = typeof to === "string" ? to : "stub" } = options;
    const wire = typeof to === "string" ? await connectWire(to, timeout) : to;
    const connection = new Connection(wire, { name, timeout });
    try {
      const features = parseFeatures(latin1(await connection.ask(OURS)));
      if (features.get("QStartNoAckMode") === true) {
        const isTaken = latin1(await connection.ask("QStartNoAckMode")) === "OK";
        connection.acknowledges = !isTaken;
      }
      const answer = latin1(await connection.ask("?"));
      return new Stub(connection, features, parseStopReply(answer));
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(connection: Connection, features: Features, stop: StopReply) {
    this.#connection = connection;
    this.features = features;
    this.#stop = stop;
    const said = features.get("PacketSize");
    const size = typeof said === "object" ? parseHexInteger(said.value) : LEAST_PACKET;
    this.packetSize = Math.min(Math.max(size, LEAST_PACKET), MOST_PACKET);
  }

  /** Who is at the other end, for messages. */
  get name(): string {
    return this.#connection.name;
  }

  /** Why the program has stopped: at first, as it was when the connection began. */
  get stop(): StopReply {
    return this.#stop;
  }

  /**
   * Gives all that is asked by an action so many milliseconds, besides the time of each answer.
   * What is too late is a {@linkcode RemoteError} (`timeout`), and closes the connection.
   */
  async within<T>(milliseconds: number, action: () => Promise<T>): Promise<T> {
    const connection = this.#connection;
    const before = connection.deadline;
    connection.deadline = Math.min(before, performance.now() + milliseconds);
    try {
      return await action();
    } finally {
      connection.deadline = before;
    }
  }

  /** Whether it says that it has a feature. */
  has(feature: string): boolean {
    return this.features.get(feature) === true;
  }

  /** The text that answers a packet. Throws {@linkcode RemoteError}. */
  async ask(packet: string): Promise<string> {
    return latin1(await this.#connection.ask(packet));
  }

  /** An error of this connection. */
  error(kind: RemoteErrorKind, message: string, address?: bigint): RemoteError {
    return this.#connection.error(kind, message, address);
  }

  /** All threads, the current one first. Throws {@linkcode RemoteError} (`limit`) beyond 4096. */
  async threads(): Promise<ThreadId[]> {
    const found = new Map<string, ThreadId>();
    const add = (id: ThreadId) => {
      const name = formatThreadId(id);
      if (id.thread === ALL) throw this.error("error-reply", `${name} is no one thread`);
      found.set(name, id);
    };
    if (this.stop.kind === "stopped" && this.stop.thread !== undefined) add(this.stop.thread);
    else {
      const current = await this.ask("qC");
      if (current.startsWith("QC")) add(parseThreadId(current.slice(2)));
    }
    let answer = await this.ask("qfThreadInfo");
    for (; answer.startsWith("m"); answer = await this.ask("qsThreadInfo")) {
      const before = found.size;
      for (const id of answer.slice(1).split(",")) add(parseThreadId(id));
      if (found.size > MOST_THREADS) {
        throw this.error("limit", `There are ${found.size} threads, expected ${MOST_THREADS}`);
      }
      // One that says the same again and again would go on for ever.
      if (found.size === before && before > 1) break;
    }
    // A stub without threads calls its only one any.
    if (found.size === 0) add({ thread: 0 });
    return [...found.values()];
  }

  /** The answer to `g` for a thread: registers in hexadecimal digits, `x` for those not known. */
  async registers(thread: ThreadId): Promise<string> {
    await this.#select(thread);
    return this.#checked("g", await this.ask("g"), /^(?:[0-9a-f]{2}|xx)+$/i);
  }

  /** One register of a thread; undefined if it is not known. */
  async register(thread: ThreadId, number: number): Promise<Uint8Array | undefined> {
    await this.#select(thread);
    const answer = await this.ask(`p${hexNumber(number)}`);
    return /^(?:[0-9a-f]{2})+$/i.test(answer) && !isError(answer) ? fromHex(answer) : undefined;
  }

  /**
   * Memory of a thread's process: at most `size` bytes, as many as can be read; undefined if not
   * even the first can.
   */
  async memory(thread: ThreadId, address: bigint, size: number): Promise<Uint8Array | undefined> {
    await this.#select(thread);
    const isBinary = this.has("binary-upload");
    const most = isBinary ? (this.packetSize - 8) >> 1 : (this.packetSize - 4) >> 1;
    const parts: Uint8Array[] = [];
    for (let at = 0; at < size;) {
      const count = Math.min(size - at, most);
      const place = `${hexNumber(BigInt.asUintN(64, address + BigInt(at)))},${hexNumber(count)}`;
      const part = isBinary ? await this.#binary(place) : await this.#digits(place);
      if (part === undefined || part.length === 0) break;
      if (part.length > count) {
        const message = `The stub sends ${part.length} bytes, expected ${count}`;
        throw this.error("error-reply", message, address);
      }
      parts.push(part);
      at += part.length;
      if (part.length < count) break;
    }
    return parts.length === 0 ? undefined : joinBytes(parts);
  }

  async #digits(place: string): Promise<Uint8Array | undefined> {
    const answer = await this.ask(`m${place}`);
    return isError(answer) ? undefined : fromHex(answer);
  }

  async #binary(place: string): Promise<Uint8Array | undefined> {
    const answer = await this.#connection.ask(`x${place}`);
    return answer[0] === 0x62 ? unescapeBinary(answer, 1) : undefined;
  }

  /** Writes memory of a thread's process. Throws {@linkcode RemoteError} (`error-reply`). */
  async writeMemory(thread: ThreadId, address: bigint, bytes: Uint8Array): Promise<void> {
    await this.#select(thread);
    const most = (this.packetSize - 40) >> 1;
    for (let at = 0; at < bytes.length; at += most) {
      const part = bytes.subarray(at, at + most);
      const place = `${hexNumber(address + BigInt(at))},${hexNumber(part.length)}`;
      await this.#must(`M${place}:${toHex(part)}`);
    }
  }

  /** An object that is transferred in parts; undefined if there is none. */
  async object(
    name: string,
    annex: string = "",
    thread?: ThreadId,
  ): Promise<Uint8Array | undefined> {
    if (!this.has(`qXfer:${name}:read`)) return undefined;
    if (thread !== undefined) await this.#select(thread);
    const parts: Uint8Array[] = [];
    for (let at = 0, isLast = false; !isLast;) {
      const answer = await this.#connection.ask(
        formatXferRead(name, annex, at, this.packetSize - 8),
      );
      if (answer.length === 0 || answer[0] === 0x45) return undefined;
      const part = parseXferReply(answer);
      parts.push(part.data);
      at += part.data.length;
      isLast = part.isLast || part.data.length === 0;
      if (at > MOST_OBJECT) {
        throw this.error("limit", `${name} is larger than ${MOST_OBJECT} bytes`);
      }
    }
    return joinBytes(parts);
  }

  /**
   * A file of the system that the stub runs on; undefined if it serves none, or not this one.
   * Throws {@linkcode RemoteError} (`limit`) for one of over 1 GiB.
   */
  async file(path: string, process?: number): Promise<Uint8Array | undefined> {
    await this.ask(`vFile:setfs:${hexNumber(process ?? 0)}`);
    const opened = hostResult(await this.#connection.ask(`vFile:open:${hexText(path)},0,0`));
    if (opened === undefined) return undefined;
    const descriptor = hexNumber(opened.value);
    const parts: Uint8Array[] = [];
    let at = 0;
    // An answer may be escaped as a whole.
    const count = (this.packetSize - 16) >> 1;
    for (;;) {
      const place = `${descriptor},${hexNumber(count)},${hexNumber(at)}`;
      const read = hostResult(await this.#connection.ask(`vFile:pread:${place}`));
      if (read === undefined || read.data.length === 0) break;
      parts.push(read.data);
      at += read.data.length;
      if (at > MOST_FILE) throw this.error("limit", `${path} is larger than ${MOST_FILE} bytes`);
    }
    await this.ask(`vFile:close:${descriptor}`);
    return joinBytes(parts);
  }

  /** Sets a breakpoint or watchpoint. Throws {@linkcode RemoteError}. */
  async insert(thread: ThreadId, place: BreakpointPlace): Promise<void> {
    await this.#select(thread);
    await this.#must(`Z${breakpoint(place)}`);
  }

  /** Removes one. Throws {@linkcode RemoteError}. */
  async remove(thread: ThreadId, place: BreakpointPlace): Promise<void> {
    await this.#select(thread);
    await this.#must(`z${breakpoint(place)}`);
  }

  /**
   * Lets the target run by a packet, `vCont;c` for example, until it stops. What it prints is passed
   * over, what it wants of files of this host refused. If it has not stopped after `timeout`
   * milliseconds it is interrupted; then, too, why it stopped is given. Throws
   * {@linkcode RemoteError}.
   */
  async resume(packet: string, timeout: number): Promise<StopReply> {
    this.#selected = undefined;
    await this.#connection.start(packet);
    const until = performance.now() + timeout;
    let limit = until;
    for (;;) {
      const left = limit - performance.now();
      const answer = left > 0 ? await this.#connection.wait(left) : undefined;
      if (answer === undefined) {
        if (limit !== until) {
          throw this.error("timeout", "The target does not stop when it is interrupted");
        }
        await this.#connection.interrupt();
        limit = performance.now() + this.#connection.timeout;
        continue;
      }
      const text = latin1(answer);
      if (text.startsWith("F")) await this.#connection.start("F-1,1");
      else if (text === "" || isError(text)) this.#checked(packet, text, /^[^E]/);
      else {
        const reply = parseStopReply(text);
        if (reply.kind !== "output") return this.#stop = reply;
      }
    }
  }

  /** Sends a command of the stub's own (`monitor`) and gives what it prints. */
  async command(text: string): Promise<string> {
    let printed = "";
    let answer = await this.ask(`qRcmd,${hexText(text)}`);
    const until = performance.now() + this.#connection.timeout;
    while (/^O(?:[0-9a-f]{2})+$/i.test(answer) && performance.now() < until) {
      printed += textOfHex(answer.slice(1));
      answer = latin1(await this.#connection.wait(this.#connection.timeout) ?? new Uint8Array());
    }
    if (answer === "OK") return printed;
    return printed + textOfHex(this.#checked("qRcmd", answer, /^(?:[0-9a-f]{2})+$/i));
  }

  /** Lets the program go on alone. Throws {@linkcode RemoteError}. */
  async detach(process?: number): Promise<void> {
    await this.#must(process === undefined ? "D" : `D;${hexNumber(process)}`);
  }

  /** Closes the connection. What becomes of the program is the stub's to say. */
  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  async #select(thread: ThreadId): Promise<void> {
    const id = formatThreadId(thread);
    if (this.#selected === id) return;
    if (thread.thread === ALL) throw new RangeError(`Cannot select ${id}: it is no one thread`);
    const answer = await this.ask(`Hg${id}`);
    // A stub without threads need not know the packet.
    if (answer !== "OK" && answer !== "") this.#checked(`Hg${id}`, answer, /^$/);
    this.#selected = id;
  }

  async #must(packet: string): Promise<void> {
    const answer = await this.ask(packet);
    if (answer !== "OK") this.#checked(packet, answer, /^OK$/);
  }

  /** An answer of the form expected. Throws {@linkcode RemoteError} for any other. */
  #checked(packet: string, answer: string, form: RegExp): string {
    if (isError(answer)) throw this.error("error-reply", `"${cut(packet)}" fails: ${cut(answer)}`);
    if (answer === "") throw this.error("unsupported", `The stub does not know "${cut(packet)}"`);
    if (form.test(answer)) return answer;
    throw this.error("error-reply", `"${cut(packet)}" is answered by "${cut(answer)}"`);
  }
}

function breakpoint({ kind, address, size }: BreakpointPlace): string {
  return `${BREAKPOINT_KINDS[kind]},${hexNumber(address)},${hexNumber(size)}`;
}

function isError(answer: string): boolean {
  return /^E(?:[0-9a-f]{2}$|\.)/i.test(answer);
}

function cut(text: string): string {
  return printable(text.slice(0, 60));
}

/** The answer to a `vFile` packet: `F result;data`; undefined if it is an error, or none. */
function hostResult(
  payload: Uint8Array,
): { readonly value: number; readonly data: Uint8Array } | undefined {
  const [all, value] = /^F([0-9a-f]{1,13})(?=;|$)/i.exec(latin1(payload.subarray(0, 32))) ?? [];
  if (all === undefined) return undefined;
  const hasData = all.length < payload.length;
  const data = hasData ? unescapeBinary(payload, all.length + 1) : new Uint8Array();
  return { value: parseHexInteger(value!), data };
}
