/**
 * A seeded fuzzer of everything that reads packets: sound ones of both ends are damaged, sent in
 * pieces, and read. Any error but an {@linkcode InputError} is a finding, and so are pieces that
 * make a difference, and what is not read as it was written.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import type { FuzzOutcome } from "../../bytes/testing/fuzz_outcome.ts";
import { Random } from "../../util/random.ts";
import { damaged } from "../../util/testing/damage.ts";
import {
  bytesOf,
  escapeBinary,
  formatFeatures,
  formatLibraries,
  formatLibrariesSvr4,
  formatMemoryMap,
  formatStopReply,
  formatThreadId,
  formatThreads,
  framePacket,
  fromHex,
  latin1,
  PacketReader,
  parseFeatures,
  parseHexInteger,
  parseHexNumber,
  parseLibraries,
  parseLibrariesSvr4,
  parseMemoryMap,
  parseStopReply,
  parseThreadId,
  parseThreads,
  parseXfer,
  parseXferReply,
  type Received,
  textOfHex,
  unescapeBinary,
} from "../protocol/mod.ts";

/** A reader, with something sound that it reads. */
interface Target {
  readonly sound: Uint8Array;
  read(bytes: Uint8Array): void;
}

/** A reader of text, which must read what it has read and is written again alike. */
function again<T>(read: (text: string) => T, write: (value: T) => string) {
  return (bytes: Uint8Array) => {
    const once = write(read(latin1(bytes)));
    const twice = write(read(once));
    if (once !== twice) throw new Error(`Read as ${once} and then as ${twice}`);
  };
}

const text = (read: (text: string) => unknown) => (bytes: Uint8Array) => void read(latin1(bytes));

const TARGETS: Readonly<Record<string, Target>> = {
  "stop reply": {
    sound: bytesOf("T0506:00ff;07:1234;watch:7fff;thread:p1.2;core:1;replaylog:begin;"),
    read: again(parseStopReply, formatStopReply),
  },
  "exit": { sound: bytesOf("W2a;process:1f"), read: again(parseStopReply, formatStopReply) },
  "thread": { sound: bytesOf("p1.-1"), read: again(parseThreadId, formatThreadId) },
  "features": {
    sound: bytesOf("qSupported:multiprocess+;PacketSize=4000;swbreak-;xmlRegisters=i386;a?"),
    read: again(parseFeatures, (features) => `qSupported:${formatFeatures(features)}`),
  },
  "transfer": { sound: bytesOf("qXfer:features:read:target.xml:0,fff"), read: parseXfer },
  "written transfer": { sound: bytesOf("qXfer:siginfo:write::10:ab}\x03c"), read: parseXfer },
  "transferred": { sound: bytesOf("mabc}\x03}\x04}]d"), read: parseXferReply },
  "escapes": { sound: bytesOf("X10,4:}\x03}\x04}]d"), read: (bytes) => void unescapeBinary(bytes) },
  "bytes": { sound: bytesOf("0123456789abcdef"), read: text(fromHex) },
  "text": { sound: bytesOf("6d6f6e69746f72"), read: text(textOfHex) },
  "number": { sound: bytesOf("ffff800000200200"), read: text(parseHexNumber) },
  "integer": { sound: bytesOf("1f2e3d"), read: text(parseHexInteger) },
  "threads": {
    sound: bytesOf(formatThreads([{ id: { process: 1, thread: 2 }, name: "a", state: "waits" }])),
    read: again(parseThreads, formatThreads),
  },
  "libraries": {
    sound: bytesOf(formatLibraries([{ name: "/lib/a.so", segments: [0x1000n, 0x2000n] }])),
    read: again(parseLibraries, formatLibraries),
  },
  "loader's libraries": {
    sound: bytesOf(formatLibrariesSvr4([{ name: "/lib/a.so", bias: 0x1000n, dynamic: 1n }])),
    read: again(parseLibrariesSvr4, formatLibrariesSvr4),
  },
  "memory map": {
    sound: bytesOf(formatMemoryMap([{ type: "ram", start: 0n, length: 4096n }])),
    read: again(parseMemoryMap, formatMemoryMap),
  },
};

/** Longest stream. */
const LIMIT = 2048;
/** Largest payload that is read of a stream. */
const PAYLOAD_LIMIT = 256;

/** Runs cases; all that happens depends on the seed alone. */
export class ProtocolFuzzer {
  readonly #random: Random;

  /** A fuzzer with a seed, taken modulo 2^32. */
  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /**
   * Runs one case.
   *
   * @throws Whatever is not an {@linkcode InputError}: a finding.
   */
  run(): FuzzOutcome {
    const random = this.#random;
    if (random.chance(0.3)) return { target: "stream", error: this.#stream() };
    const target = random.pick(Object.keys(TARGETS));
    const { sound, read } = TARGETS[target]!;
    try {
      read(damaged(random, sound));
      return { target, error: undefined };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { target, error: error.kind };
    }
  }

  /** Packets of both ends in one stream, which is damaged and comes in pieces. */
  #stream(): string | undefined {
    const random = this.#random;
    const parts: number[] = [];
    while (parts.length < LIMIT / 2 && random.chance(0.9)) {
      const { sound } = TARGETS[random.pick(Object.keys(TARGETS))]!;
      const { payload } = escapeBinary(sound, PAYLOAD_LIMIT);
      parts.push(...framePacket(payload, { runLength: random.chance(0.5) }));
      if (random.chance(0.3)) parts.push(random.pick([0x2b, 0x2d, 0x03, 0x25, 0x24]));
    }
    const sound = Uint8Array.from(parts);
    const bytes = random.chance(0.8) ? damaged(random, sound, { limit: LIMIT }) : sound;
    const side = random.pick(["stub", "debugger"] as const);
    const whole = received(side, [bytes]);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + random.below(40);
      pieces.push(bytes.subarray(at, end));
      at = end;
    }
    if (whole !== received(side, pieces)) throw new Error("Pieces make a difference");
    return /damaged (\S+)/.exec(whole)?.[1];
  }
}

/** What a reader finds, as text. */
function received(side: "stub" | "debugger", pieces: readonly Uint8Array[]): string {
  const reader = new PacketReader({ side, limit: PAYLOAD_LIMIT });
  const found: string[] = [];
  const told = (each: Received) =>
    "payload" in each ? latin1(each.payload) : each.kind === "damaged" ? each.error.kind : "";
  for (const piece of pieces) {
    reader.push(piece);
    for (let each = reader.next(); each !== undefined; each = reader.next()) {
      found.push(`${each.kind} ${told(each)}`);
    }
  }
  return found.join("\n");
}
