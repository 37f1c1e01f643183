/**
 * A stub without a program: it serves memory and registers that it was given.
 *
 * @module
 */
import {
  ACK,
  bytesOf,
  escapeBinary,
  formatThreadId,
  framePacket,
  latin1,
  PacketReader,
  parseXfer,
  textOfHex,
  type ThreadId,
  toHex,
  xferReply,
} from "../../protocol/mod.ts";
import type { Wire } from "../wire/wire.ts";

/** What a fake stub serves. */
export interface FakeWorld {
  /** Features it claims, for example `qXfer:auxv:read+`. */
  readonly features?: readonly string[];
  /** Why it is stopped; default `T05`. */
  readonly stop?: string;
  /** Threads with the answers to `g`. */
  readonly threads: readonly { readonly id: ThreadId; readonly registers: string }[];
  /** Memory, by address; of one process, where `process` is given. */
  readonly memory: readonly {
    readonly start: bigint;
    readonly bytes: Uint8Array;
    readonly process?: number;
  }[];
  /** Objects by `object:annex`. */
  readonly objects?: Readonly<Record<string, Uint8Array | string>>;
  /** Files by path. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** What is answered instead, if it gives anything; null is no answer at all. */
  readonly instead?: (packet: string) => string | Uint8Array | null | undefined;
  /** What becomes of an answer. */
  readonly change?: (answer: string | Uint8Array) => string | Uint8Array;
}

/** One end of a pipe whose other end is a function. */
export class FakeWire implements Wire {
  /** Whether it was closed. */
  isClosed = false;
  readonly #answer: (bytes: Uint8Array) => Iterable<Uint8Array>;
  readonly #ready: Uint8Array[] = [];
  #wake: (() => void) | undefined;

  /** What is written is given to a function, whose answers are read. */
  constructor(answer: (bytes: Uint8Array) => Iterable<Uint8Array>) {
    this.#answer = answer;
  }

  /** Has bytes come of themselves. */
  come(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#ready.push(bytes.slice());
    this.#wake?.();
  }

  write(bytes: Uint8Array): Promise<number> {
    for (const answer of this.#answer(bytes)) this.come(answer);
    return Promise.resolve(bytes.length);
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#ready.length === 0) {
      if (this.isClosed) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const first = this.#ready[0]!;
    const count = Math.min(first.length, into.length);
    into.set(first.subarray(0, count));
    if (count === first.length) this.#ready.shift();
    else this.#ready[0] = first.subarray(count);
    return count;
  }

  close(): void {
    this.isClosed = true;
    this.#wake?.();
  }
}

/** A stub that answers as gdb's manual says. */
export class FakeStub {
  /** The debugger's end. */
  readonly wire: FakeWire;
  /** Payloads that were asked. */
  readonly asked: string[] = [];
  readonly #world: FakeWorld;
  readonly #reader = new PacketReader({ side: "stub" });
  #acknowledges = true;
  #selected: string;

  /** Serves a world. */
  constructor(world: FakeWorld) {
    this.#world = world;
    this.#selected = formatThreadId(world.threads[0]?.id ?? { thread: 1 });
    this.wire = new FakeWire((bytes) => this.#received(bytes));
  }

  *#received(bytes: Uint8Array): Generator<Uint8Array> {
    this.#reader.push(bytes);
    for (let each = this.#reader.next(); each !== undefined; each = this.#reader.next()) {
      if (each.kind !== "packet") continue;
      if (this.#acknowledges) yield ACK;
      const packet = latin1(each.payload);
      this.asked.push(packet);
      const { instead, change } = this.#world;
      const given = instead?.(packet);
      if (given !== null) {
        const answer = given ?? this.#answer(each.payload, packet);
        yield framePacket(change?.(answer) ?? answer, { runLength: true });
      }
      if (packet === "QStartNoAckMode") this.#acknowledges = false;
    }
  }

  #answer(payload: Uint8Array, packet: string): string | Uint8Array {
    const { features = [], stop = "T05", threads } = this.#world;
    if (packet.startsWith("qSupported")) return ["PacketSize=400", ...features].join(";");
    if (packet.startsWith("qXfer")) return this.#object(payload);
    if (packet.startsWith("vFile")) return this.#file(packet);
    if (packet.startsWith("Hg")) {
      this.#selected = packet.slice(2);
      return "OK";
    }
    switch (packet) {
      case "QStartNoAckMode":
        return "OK";
      case "?":
        return stop;
      case "qfThreadInfo":
        return `m${threads.map(({ id }) => formatThreadId(id)).join(",")}`;
      case "qsThreadInfo":
        return "l";
      case "g":
        return this.#thread?.registers ?? "E01";
    }
    return this.#read(packet) ?? "";
  }

  get #thread() {
    return this.#world.threads.find(({ id }) => formatThreadId(id) === this.#selected);
  }

  #object(payload: Uint8Array): string | Uint8Array {
    const request = parseXfer(payload);
    const object = this.#world.objects?.[`${request.object}:${request.annex}`];
    if (object === undefined) return "E00";
    return xferReply(typeof object === "string" ? bytesOf(object) : object, request, 1024);
  }

  #file(packet: string): string | Uint8Array {
    const { files } = this.#world;
    if (files === undefined) return "";
    const names = Object.keys(files);
    const [, name] = /^vFile:open:([0-9a-f]*),/.exec(packet) ?? [];
    if (name !== undefined) {
      const at = names.indexOf(textOfHex(name));
      return at < 0 ? "F-1,2" : `F${at.toString(16)}`;
    }
    const [all, at, count, offset] =
      /^vFile:pread:([0-9a-f]+),([0-9a-f]+),([0-9a-f]+)$/.exec(packet) ?? [];
    if (all === undefined) return "F0";
    const from = parseInt(offset!, 16);
    const file = files[names[parseInt(at!, 16)] ?? ""];
    if (file === undefined) return "F-1,9";
    const part = file.subarray(from, from + parseInt(count!, 16));
    const { payload, used } = escapeBinary(part, 1000);
    return new Uint8Array([...bytesOf(`F${used.toString(16)};`), ...payload]);
  }

  /** Memory; of a range that is cut off, what there is. */
  #read(packet: string): string | Uint8Array | undefined {
    const [, kind, address, size] = /^([mx])([0-9a-f]+),([0-9a-f]+)$/.exec(packet) ?? [];
    if (kind === undefined) return undefined;
    const at = BigInt(`0x${address}`);
    const process = this.#thread?.id.process;
    const found = this.#world.memory.find((each) =>
      at >= each.start && at < each.start + BigInt(each.bytes.length) &&
      (each.process === undefined || each.process === process)
    );
    if (found === undefined) return "E14";
    const from = Number(at - found.start);
    const bytes = found.bytes.subarray(from, from + parseInt(size!, 16));
    if (kind === "m") return toHex(bytes);
    return new Uint8Array([...bytesOf("b"), ...escapeBinary(bytes).payload]);
  }
}
