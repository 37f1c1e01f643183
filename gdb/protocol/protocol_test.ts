import { assertEquals, assertThrows } from "@std/assert";
import { Random } from "../../util/random.ts";
import { decodeRuns, encodeRuns } from "./framing/binary.ts";
import {
  bytesOf,
  escapeBinary,
  formatFeatures,
  formatStopReply,
  formatThreadId,
  formatXferRead,
  frameNotification,
  framePacket,
  fromHex,
  GdbProtocolError,
  latin1,
  PacketReader,
  parseFeatures,
  parseHexInteger,
  parseHexNumber,
  parseStopReply,
  parseThreadId,
  parseXfer,
  parseXferReply,
  type Received,
  type StopReply,
  unescapeBinary,
  xferReply,
} from "./mod.ts";

function read(side: "stub" | "debugger", chunks: readonly Uint8Array[], limit?: number): string[] {
  const reader = new PacketReader({ side, limit });
  const out: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let each = reader.next(); each !== undefined; each = reader.next()) out.push(told(each));
  }
  return out;
}

function told(received: Received): string {
  if ("payload" in received) return `${received.kind} ${latin1(received.payload)}`;
  return received.kind === "damaged" ? `damaged ${received.error.kind}` : received.kind;
}

/** Bytes of a few values in runs. */
function randomBytes(random: Random, size: number, values: string): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const length = random.below(4) === 0 ? random.below(120) : 1;
    const end = Math.min(size, at + length);
    bytes.fill(values.charCodeAt(random.below(values.length)), at, end);
    at = end;
  }
  return bytes;
}

function kindOf(action: () => unknown): string {
  return assertThrows(action, GdbProtocolError).kind;
}

Deno.test("PacketReader, finds packets, acknowledgements and interrupts between other bytes", () => {
  const text = "+\r\n$qSupported:a+#56-$g#67\x03noise%Stop:T05#de+";
  const stub = ["ack", "packet qSupported:a+", "nack", "packet g", "interrupt", "ack"];
  // Run lengths and notifications are for debuggers, which nobody interrupts.
  const debug = [...stub.filter((each) => each !== "interrupt")];
  debug.splice(4, 0, "notification Stop:T05");
  const sum = (payload: string) => latin1(framePacket(payload)).slice(-2);
  const right = text.replace("#56", `#${sum("qSupported:a+")}`).replace(
    "#de",
    `#${sum("Stop:T05")}`,
  );
  assertEquals(read("stub", [bytesOf(right)]), stub);
  assertEquals(read("debugger", [bytesOf(right)]), debug);
  const single = [...bytesOf(right)].map((byte) => Uint8Array.of(byte));
  assertEquals(read("stub", single), stub);
  assertEquals(read("debugger", single), debug);
});

Deno.test("PacketReader, goes on after packets that are damaged, broken off or too long", () => {
  const long = `$${"x".repeat(50)}`;
  const cases: [string, string[]][] = [
    ["$g#68$g#67", ["damaged checksum", "packet g"]],
    ["$g#6$g#67", ["damaged checksum"]],
    ["$g#zz$g#67", ["damaged checksum", "packet g"]],
    ["$m0,$g#67", ["packet g"]],
    ["$$$$g#67", ["packet g"]],
    [`${long}#00$g#67`, ["damaged limit", "packet g"]],
    [`${long}${"x".repeat(50)}`, []],
    ["$0*}#d7", ["damaged limit"]],
    ["$0*\x1f#79$g#67", ["damaged run-length", "packet g"]],
    ["$*!#4b", ["damaged run-length"]],
    ["$0*#5a", ["damaged run-length"]],
    ["$#00", ["packet "]],
  ];
  for (const [text, expected] of cases) {
    assertEquals(read("debugger", [bytesOf(text)], 40), expected, text);
    const single = [...bytesOf(text)].map((byte) => Uint8Array.of(byte));
    assertEquals(read("debugger", single, 40), expected, `${text} byte by byte`);
  }
});

Deno.test("framePacket, refuses what would end the packet, notifications likewise", () => {
  assertEquals(latin1(framePacket("OK")), "$OK#9a");
  assertThrows(() => framePacket("a#b"), RangeError);
  assertThrows(() => frameNotification("a$b"), RangeError);
  assertThrows(() => framePacket("\u0100"), RangeError);
});

Deno.test("escapeBinary and run lengths, whatever the bytes, are read as they were", () => {
  const random = new Random(7);
  for (let round = 0; round < 400; round++) {
    // Few values make long runs; those of the protocol's own characters are the hard ones.
    const data = randomBytes(random, round, "#$}*+-\x03 ~a");
    const { payload, used } = escapeBinary(data);
    assertEquals(used, data.length);
    const packet = framePacket(payload, { runLength: true });
    const reader = new PacketReader({ side: "debugger" });
    reader.push(packet);
    const got = reader.next();
    if (got?.kind !== "packet") throw new Error(JSON.stringify(got));
    assertEquals(unescapeBinary(got.payload), data);
    const cut = escapeBinary(data, round >> 1);
    assertEquals(unescapeBinary(cut.payload), data.slice(0, cut.used));
    assertEquals(cut.payload.length <= round >> 1, true);
  }
  assertEquals(kindOf(() => unescapeBinary(bytesOf("ab}"))), "escape");
});

Deno.test("encodeRuns, writes runs as the manual's example, and none that framing may be read in", () => {
  assertEquals(latin1(encodeRuns(bytesOf("0000"))), "0* ");
  assertEquals(latin1(encodeRuns(bytesOf("000"))), "000");
  for (let length = 1; length < 300; length++) {
    const plain = bytesOf("f".repeat(length));
    const encoded = encodeRuns(plain);
    assertEquals(latin1(decodeRuns(encoded, 1000)), latin1(plain));
    assertEquals(/[#$+-]/.test(latin1(encoded)), false, `${length}: ${latin1(encoded)}`);
  }
  // A star after a run repeats the byte of the run, not its count.
  assertEquals(latin1(decodeRuns(bytesOf("0* * 1"), 1000)), "00000001");
});

Deno.test("numbers and bytes, only whole ones of hexadecimal digits are read", () => {
  assertEquals(parseHexNumber("ffffffffffffffff"), 2n ** 64n - 1n);
  assertEquals(parseHexInteger("00000000000000000000a"), 10);
  for (const text of ["", "-1", "0x1", "g", "1".repeat(17)]) {
    assertEquals(kindOf(() => parseHexNumber(text)), "number", text);
  }
  assertEquals(kindOf(() => parseHexInteger("1".repeat(14))), "number");
  assertEquals(fromHex("00fF"), Uint8Array.of(0, 255));
  for (const text of ["0", "0g", "xx"]) assertEquals(kindOf(() => fromHex(text)), "hex", text);
});

Deno.test("thread names, are read and written with and without processes", () => {
  const ids = {
    "1f": { thread: 31 },
    "-1": { thread: -1 },
    "0": { thread: 0 },
    "p1.2a": { process: 1, thread: 42 },
    "p1.-1": { process: 1, thread: -1 },
    "p-1.-1": { process: -1, thread: -1 },
    "p0.0": { process: 0, thread: 0 },
  };
  for (const [text, id] of Object.entries(ids)) {
    assertEquals(parseThreadId(text), id);
    assertEquals(formatThreadId(id), text);
  }
  assertEquals(parseThreadId("p7"), { process: 7, thread: -1 });
  for (const text of ["", "p", "p1.", ".1", "p-1.1", "-2", "p1.2.3", "x", "1".repeat(14)]) {
    assertEquals(kindOf(() => parseThreadId(text)), "thread-id", text);
  }
});

Deno.test("stop replies, are read and written", () => {
  const thread = { process: 1, thread: 2 };
  const stopped = { kind: "stopped", signal: 5, thread, core: undefined } as const;
  const none = { registers: new Map<number, string>() };
  const replies: [string, StopReply][] = [
    ["T05swbreak:;thread:p1.2;", { ...stopped, ...none, reason: { kind: "swbreak" } }],
    [
      "T05awatch:7fff10;thread:p1.2;",
      { ...stopped, ...none, reason: { kind: "awatch", address: 0x7fff10n } },
    ],
    [
      "T05replaylog:begin;thread:p1.2;",
      { ...stopped, ...none, reason: { kind: "replaylog", at: "begin" } },
    ],
    [
      "T0506:00ff;10:xxxx;fork:p3.3;thread:p1.2;",
      {
        ...stopped,
        registers: new Map([[6, "00ff"], [16, "xxxx"]]),
        reason: { kind: "other", name: "fork", value: "p3.3" },
      },
    ],
    ["T00thread:p1.2;core:1;", { ...stopped, ...none, signal: 0, core: 1, reason: undefined }],
    ["W00", { kind: "exited", code: 0 }],
    ["Wff;process:1a", { kind: "exited", code: 255, process: 26 }],
    ["X0b;process:1", { kind: "killed", signal: 11, process: 1 }],
    ["w07;p1.2", { kind: "thread-exited", code: 7, thread }],
    ["N", { kind: "no-resumed" }],
    ["O6869", { kind: "output", bytes: bytesOf("hi") }],
  ];
  for (const [text, reply] of replies) {
    assertEquals(parseStopReply(text), reply, text);
    assertEquals(formatStopReply(reply), text);
  }
  assertEquals(parseStopReply("S0b"), {
    ...stopped,
    ...none,
    signal: 11,
    thread: undefined,
    reason: undefined,
  });
  const wrong = [
    "",
    "S",
    "S0",
    "S0bx",
    "T0",
    "T05thread",
    "T05replaylog:x;",
    "W",
    "W1;x",
    "w00",
    "N1",
  ];
  for (const text of [...wrong, "O1", "OK", "E01"]) {
    assertEquals(kindOf(() => parseStopReply(text)), "stop-reply", text);
  }
  assertEquals(kindOf(() => parseStopReply("T05thread:q;")), "thread-id");
  assertEquals(kindOf(() => parseStopReply("T05watch:;")), "number");
  assertEquals(kindOf(() => parseStopReply("Ozz")), "hex");
});

Deno.test("features, are read from requests and answers", () => {
  const text = "multiprocess+;xmlRegisters=i386,arm;swbreak-;QStartNoAckMode?";
  const features = parseFeatures(`qSupported:${text}`);
  assertEquals([...features], [
    ["multiprocess", true],
    ["xmlRegisters", { value: "i386,arm" }],
    ["swbreak", false],
    ["QStartNoAckMode", "?"],
  ]);
  assertEquals(formatFeatures(features), text);
  assertEquals(formatFeatures(parseFeatures("PacketSize=3fff;a+;")), "PacketSize=3fff;a+");
  assertEquals(parseFeatures("").size, 0);
  assertEquals(parseFeatures("qSupported").size, 0);
  for (const each of ["a", "+", "=1", "a+b", "a;;b"]) {
    assertEquals(kindOf(() => parseFeatures(each)), "feature", each);
  }
});

Deno.test("transfers, an object comes whole in parts of any size", () => {
  const data = randomBytes(new Random(3), 300, "}#$*xyz");
  for (const [length, limit] of [[64, 4096], [4096, 64], [7, 9], [4096, 4096]] as const) {
    const parts: number[] = [];
    for (let isLast = false; !isLast;) {
      const asked = formatXferRead("features", "target.xml", parts.length, length);
      const request = parseXfer(bytesOf(asked));
      assertEquals([request.object, request.annex], ["features", "target.xml"]);
      const payload = xferReply(data, request, limit);
      assertEquals(payload.length <= limit, true);
      const reply = parseXferReply(payload);
      parts.push(...reply.data);
      isLast = reply.isLast;
    }
    assertEquals(Uint8Array.from(parts), data);
  }
  assertEquals(latin1(xferReply(data, { offset: 1000, length: 10 }, 100)), "l");
  assertEquals(parseXfer(bytesOf("qXfer:siginfo:write::8:a}\x03")), {
    object: "siginfo",
    operation: "write",
    annex: "",
    offset: 8,
    length: 2,
    data: bytesOf("a#"),
  });
  for (
    const text of ["qXfer:x:read:y:0", "qXfer:x:read:y:0,", "qXfer::read::0,1", "qXfer:x:y:z:0,1"]
  ) {
    assertEquals(kindOf(() => parseXfer(bytesOf(text))), "transfer", text);
  }
  assertEquals(kindOf(() => parseXferReply(bytesOf("E01"))), "reply");
  assertEquals(kindOf(() => parseXferReply(new Uint8Array())), "reply");
});
