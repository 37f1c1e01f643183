import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BIAS, object, STACK } from "../../debug/core/testing/core_image.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { elfImage } from "../../elf/testing/elf_image.ts";
import { backtrace, readWord } from "../../unwind/walk/mod.ts";
import { walkInput } from "../../debug/target/mod.ts";
import {
  AARCH64_FEATURES,
  ACK,
  bytesOf,
  formatLibraries,
  formatLibrariesSvr4,
  formatTargetXml,
  formatThreads,
  framePacket,
  registersOf,
  type TargetDescription,
  toHex,
  X86_64_FEATURES,
} from "../protocol/mod.ts";
import {
  connectRemote,
  NotFetchedError,
  RemoteError,
  type RemoteOptions,
  Stub,
  wireOf,
} from "./mod.ts";
import { FakeStub, FakeWire, type FakeWorld } from "./testing/fake_stub.ts";

const X86_64: TargetDescription = {
  architecture: "i386:x86-64",
  features: [X86_64_FEATURES.core, X86_64_FEATURES.sse, X86_64_FEATURES.segments],
};
const AARCH64: TargetDescription = {
  architecture: "aarch64",
  features: [AARCH64_FEATURES.core, AARCH64_FEATURES.fpu],
};

const PROGRAM = "/bin/program";
/** Where the program is, and where its stack, as addresses. */
const CODE = BigInt(BIAS) + 0x1000n;
const TOP = BigInt(STACK);

/** The answer to `g` with some registers, all others unknown. */
function registers(
  description: TargetDescription,
  values: Readonly<Record<string, bigint>>,
  size = Infinity,
): string {
  return registersOf(description).map(({ name, size }) => {
    const value = values[name];
    if (value === undefined) return "xx".repeat(size);
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) bytes[i] = Number(value >> BigInt(8 * i) & 0xffn);
    return toHex(bytes);
  }).join("").slice(0, 2 * size);
}

/** A stack on which the program's functions return to each other. */
function stack(depth = 2): Uint8Array {
  const image = new ImageBuilder();
  for (let i = 1; i <= depth; i++) image.u64(CODE + BigInt(i));
  return image.u64(0n).u64(0n).build();
}

/** The first page of the program, and its stack. */
const MEMORY = [{ start: BigInt(BIAS), bytes: object() }, { start: TOP, bytes: stack() }];

const AUXV = new ImageBuilder().u64(9n).u64(BigInt(BIAS)).u64(0n).u64(0n).build();

/** As text: it takes longer to write than most of what is asked. */
const X86_64_XML = formatTargetXml(X86_64);

/** A program of x86-64 in its function at 0x1000, as gdbserver serves one. */
function world(more: Partial<FakeWorld> = {}): FakeWorld {
  return {
    features: [
      "multiprocess+",
      "qXfer:features:read+",
      "qXfer:auxv:read+",
      "qXfer:exec-file:read+",
      "QStartNoAckMode+",
    ],
    stop: "T0bthread:p7.8;",
    threads: [
      { id: { process: 7, thread: 7 }, registers: at(0n) },
      { id: { process: 7, thread: 8 }, registers: at(8n) },
    ],
    memory: MEMORY,
    objects: {
      "features:target.xml": X86_64_XML,
      "auxv:": AUXV,
      "exec-file:7": PROGRAM,
    },
    files: { [PROGRAM]: object() },
    ...more,
  };
}

/** Registers of a thread so many bytes up the stack. */
function at(offset: bigint): string {
  return registers(X86_64, { rip: CODE, rsp: TOP + offset, "fs_base": 0x7000n + offset, xmm1: 5n });
}

function connect(more?: Partial<FakeWorld>, options: RemoteOptions = {}) {
  const stub = new FakeStub(world(more));
  return connectRemote(stub.wire, { name: "stub", ...options });
}

Deno.test("connectRemote, threads, registers, files and stacks are those of the stub", async () => {
  using target = await connect();
  assertEquals([target.kind, target.machine, target.problems], ["remote", "x86_64", []]);
  const [process] = target.processes;
  assertEquals([process!.id, process!.name, process!.signal], [7, "program", { number: 11 }]);
  assertEquals(process!.missing, []);
  // The thread that stopped is the first.
  assertEquals(process!.threads.map((each) => [each.id, each.threadPointer]), [
    [8, 0x7008n],
    [7, 0x7000n],
  ]);
  const [thread] = process!.threads;
  assertEquals([...thread!.registers.entries()], [[7, TOP + 8n], [16, CODE], [58, 0x7008n]]);
  assertEquals(thread!.vector(18), Uint8Array.of(5, ...new Uint8Array(15)));
  assertEquals([thread!.vector(17), thread!.vector(33), thread!.vector(99)], [
    undefined,
    undefined,
    undefined,
  ]);
  assertThrows(() => backtrace(walkInput(process!), process!.walk), NotFetchedError);
  const walk = await target.settle(() => backtrace(walkInput(process!), process!.walk));
  assertEquals(walk.frames.map((each) => each.pc), [CODE, CODE + 2n]);
  assertEquals(walk.end, "return-address-zero");
});

Deno.test("connectRemote, all packets it can send are understood by the stub that it asks", async () => {
  const threads = [{ id: { process: 7, thread: 8 }, name: "worker", state: "waits" }];
  const features = ["binary-upload+", "qXfer:threads:read+", "qXfer:libraries-svr4:read+"];
  const base = BigInt(BIAS) + 0x10_0000n;
  const library = { name: "/lib/l.so", bias: base, dynamic: base };
  const stub = new FakeStub(world({
    features: [...world().features!, ...features],
    objects: {
      ...world().objects,
      "threads:": formatThreads(threads),
      "libraries-svr4:": formatLibrariesSvr4([library, { name: "", bias: 0n }]),
    },
    files: { ...world().files, "/lib/l.so": object() },
  }));
  using target = await connectRemote(stub.wire);
  const [process] = target.processes;
  assertEquals(process!.threads.map((each) => [each.name, each.state]), [
    ["worker", "waits"],
    [undefined, undefined],
  ]);
  assertEquals(process!.modules.modules.map((each) => [each.name, each.start]), [
    [PROGRAM, BIAS],
    ["/lib/l.so", BIAS + 0x10_0000],
  ]);
  assertEquals(await target.settle(() => readWord(process!.memory, TOP)), CODE + 1n);
  assertEquals(stub.asked.some((each) => each.startsWith("x")), true);
});

Deno.test("connectRemote, a stub that describes nothing has the registers that gdb expects", async () => {
  const sparse: TargetDescription = { features: [X86_64_FEATURES.core, X86_64_FEATURES.sse] };
  const cases = [
    ["x86_64", sparse, { rip: CODE, rsp: TOP }],
    ["aarch64", AARCH64, { pc: CODE, sp: TOP, x30: 5n, v8: 9n }],
  ] as const;
  for (const [machine, description, values] of cases) {
    const threads = [{ id: { thread: 0 }, registers: registers(description, values) }];
    using target = await connect({ features: [], stop: "S05", threads, files: {} });
    assertEquals(target.machine, machine);
    const [process] = target.processes;
    assertEquals(process!.missing, [
      { name: "[program]", reason: "the stub does not say which it is" },
    ]);
    const { registers: set } = process!.threads[0]!;
    assertEquals([set.pc, set.sp, set.get(72)], [
      CODE,
      TOP,
      machine === "aarch64" ? 9n : undefined,
    ]);
  }
  const threads = [{ id: { thread: 0 }, registers: "00".repeat(100) }];
  const short = { features: [], stop: "S05", threads };
  const error = await assertRejects(() => connect(short), RemoteError);
  assertEquals(error.kind, "architecture");
});

Deno.test("connectRemote, registers that are not sent together are asked for one by one", async () => {
  const general = registers(AARCH64, { pc: CODE, sp: TOP }, 268);
  const asked: string[] = [];
  using target = await connect({
    threads: [{ id: { process: 7, thread: 8 }, registers: general }],
    objects: { "features:target.xml": formatTargetXml(AARCH64) },
    instead: (packet) => {
      if (!packet.startsWith("p")) return undefined;
      asked.push(packet);
      return packet === "p22" ? "0a".padEnd(32, "0") : packet === "p23" ? "E01" : "01".repeat(16);
    },
  });
  // v8 to v15, of which a call keeps the lower halves.
  assertEquals(asked, ["p2a", "p2b", "p2c", "p2d", "p2e", "p2f", "p30", "p31"]);
  const [thread] = target.processes[0]!.threads;
  assertEquals(thread!.registers.get(72), 0x0101010101010101n);
  assertThrows(() => thread!.vector(64), NotFetchedError);
  assertEquals((await target.settle(() => thread!.vector(64)))?.[0], 10);
  assertEquals(await target.settle(() => thread!.vector(65)), undefined);
});

Deno.test("connectRemote, each process has its own memory, files and threads", async () => {
  const of = (process: number, value: bigint) => ({
    start: TOP,
    bytes: new ImageBuilder().u64(value).u64(0n).build(),
    process,
  });
  const program = { start: BigInt(BIAS), bytes: object() };
  using target = await connect({
    stop: "T05thread:p2.1;",
    threads: [
      { id: { process: 1, thread: 1 }, registers: at(0n) },
      { id: { process: 2, thread: 1 }, registers: at(0n) },
    ],
    memory: [of(1, 0x11n), of(2, 0x22n), program],
    objects: { ...world().objects, "exec-file:1": "kernel", "exec-file:2": PROGRAM },
  });
  assertEquals(target.processes.map(({ id, name }) => [id, name]), [[2, "program"], [1, "kernel"]]);
  const words = await target.settle(() =>
    target.processes.map(({ memory }) => readWord(memory, TOP))
  );
  assertEquals(words, [0x22n, 0x11n]);
  assertEquals(target.processes.map(({ signal }) => signal?.number), [5, undefined]);
});

Deno.test("connectRemote, a program that is given is used if it can be that of the target", async () => {
  const { "exec-file:7": _, ...objects } = world().objects!;
  const more = { objects, files: {} };
  const exe = { name: "here", content: object() };
  using target = await connect(more, { exe });
  const [process] = target.processes;
  assertEquals([process!.name, process!.modules.modules[0]!.file?.name], ["here", "here"]);
  const arm = { name: "arm", content: elfImage({ machine: "aarch64" }) };
  const error = await assertRejects(() => connect(more, { exe: arm }), RemoteError);
  assertEquals(error.kind, "mismatch");
  // Without, that of the same path of this host.
  const open = (path: string) => path === PROGRAM ? object() : undefined;
  using same = await connect({ files: {} }, { open, pathOf: (path) => `/root${path}` });
  const [module] = same.processes[0]!.modules.modules;
  assertEquals([module!.name, module!.file?.name], [PROGRAM, `/root${PROGRAM}`]);
});

Deno.test("wireOf, a pair of streams does as well", async () => {
  const stub = new FakeStub(world());
  const to = new TransformStream<Uint8Array, Uint8Array>();
  const from = new TransformStream<Uint8Array, Uint8Array>();
  const sent = to.readable.pipeTo(
    new WritableStream({ write: async (bytes) => void await stub.wire.write(bytes) }),
  ).catch(() => undefined);
  const writer = from.writable.getWriter();
  const received = (async () => {
    const chunk = new Uint8Array(50);
    for (;;) {
      const count = await stub.wire.read(chunk);
      if (count === null) return;
      await writer.write(chunk.slice(0, count)).catch(() => undefined);
    }
  })();
  {
    const wire = wireOf({ readable: from.readable, writable: to.writable });
    using target = await connectRemote(wire, { name: "streams" });
    assertEquals([target.name, target.processes.length], ["streams", 1]);
  }
  stub.wire.close();
  await Promise.all([sent, received]);
});

Deno.test("connectRemote, a file that is not to be had is taken from memory", async () => {
  const bytes = object();
  const listed = formatLibraries([{ name: "a.so", segments: [0x7000_0000n] }]);
  using target = await connect({
    features: [...world().features!, "qXfer:libraries:read+"],
    objects: { ...world().objects, "libraries:": listed },
    memory: [...MEMORY, { start: 0x7000_0000n, bytes }],
  });
  const [process] = target.processes;
  assertEquals(process!.modules.modules.map((each) => each.name), [PROGRAM, "a.so"]);
  using without = await connect({ files: {} });
  assertEquals(without.processes[0]!.missing, [{ name: PROGRAM, reason: "not found" }]);
});

Deno.test("connectRemote, whatever a stub answers, ends soon and with a typed error if at all", async () => {
  const wrong = [
    "",
    "OK",
    "E01",
    "E.no",
    "m",
    "l",
    "T05",
    "W00",
    "xyz",
    "-1",
    "mp-1.5",
    "F5;",
    "\x03",
    "0".repeat(3000),
    "l<target/>",
    "l<target><feature name='f'><reg name='rip' bitsize='64'/></feature></target>",
    `m${"a".repeat(1000)}`,
  ];
  const plain = new FakeStub(world());
  (await connectRemote(plain.wire))[Symbol.dispose]();
  const questions = new Set(plain.asked.map((each) => each.replace(/[:,].*$/s, "")));
  let failed = 0;
  for (const question of questions) {
    for (const answer of wrong) {
      const instead = (packet: string) => packet.startsWith(question) ? answer : undefined;
      const outcome = connect({ instead }, { totalTimeout: 100 });
      try {
        using target = await outcome;
        await target.settle(() => backtrace(walkInput(target.processes[0]!)));
      } catch (error) {
        if (!(error instanceof Error) || error.name === "TypeError") throw error;
        const known = ["RemoteError", "GdbProtocolError", "WalkError"];
        assertEquals(known.includes(error.name), true, `${question} ${answer}: ${error.stack}`);
        failed++;
      }
    }
  }
  assertEquals(failed > 50, true);
});

Deno.test("Stub, silence, noise, damage and endless answers end in time, with their reason", async () => {
  const cases: [kind: string, answer: (wire: FakeWire) => Iterable<Uint8Array>][] = [
    ["timeout", () => []],
    ["timeout", () => [ACK]],
    ["timeout", () => [bytesOf("$qSup")]],
    ["timeout", () => [bytesOf("garbage without end ".repeat(1000))]],
    ["damaged", () => Array(10).fill(bytesOf("$OK#00"))],
    ["damaged", () => Array(10).fill(bytesOf("-"))],
    ["timeout", () => [bytesOf("%Stop:T05#99")]],
    ["timeout", () => [bytesOf(`$${"x".repeat(2 << 20)}`)]],
    ["closed", (wire) => {
      wire.close();
      return [];
    }],
  ];
  for (const [kind, answer] of cases) {
    const wire: FakeWire = new FakeWire(() => answer(wire));
    const begin = performance.now();
    // What is told before the time is over has all the time there is.
    const options = kind === "timeout" ? { timeout: 40 } : {};
    const error = await assertRejects(() => Stub.connect(wire, options), RemoteError);
    assertEquals(error.kind, kind, error.message);
    assertEquals(wire.isClosed, true);
    assertEquals(performance.now() - begin < 5000, true);
  }
  // One that never says anything whole, byte by byte.
  const wire = new FakeWire(() => []);
  const timer = setInterval(() => wire.come(bytesOf("$")), 5);
  const error = await assertRejects(() => Stub.connect(wire, { timeout: 60 }), RemoteError);
  clearInterval(timer);
  assertEquals(error.kind, "timeout");
});

Deno.test("Stub, lists of threads, objects and memory that never end are given up", async () => {
  const endless = [
    (packet: string) => /^q[fs]ThreadInfo/.test(packet) ? "mp7.8,p7.9" : undefined,
    (packet: string) => packet.startsWith("qXfer:auxv") ? `m${"\0".repeat(900)}` : undefined,
    (packet: string) => packet.startsWith("vFile:pread") ? "F1;x" : undefined,
  ];
  let count = 0;
  /** Threads of which the stub knows nothing else. */
  const more = (packet: string) =>
    packet === "qsThreadInfo" ? `m${(++count).toString(16)}` : undefined;
  for (const instead of [...endless, more]) {
    const begin = performance.now();
    try {
      (await connect({ instead }, { totalTimeout: 200 }))[Symbol.dispose]();
    } catch (error) {
      assertEquals(error instanceof RemoteError && ["limit", "timeout"].includes(error.kind), true);
    }
    assertEquals(performance.now() - begin < 5000, true);
  }
});

Deno.test("Stub, a damaged packet is asked for again, a refused one sent again", async () => {
  const real = new FakeStub(world());
  let step = 0;
  const wire: FakeWire = new FakeWire((bytes) => {
    const text = String.fromCharCode(...bytes);
    if (text.startsWith("$qSupported") && step++ === 0) return [bytesOf("-")];
    if (text.startsWith("$qSupported") && step === 2) return [ACK, bytesOf("$PacketSize=400#00")];
    if (text === "-") return [framePacket("PacketSize=400")];
    void real.wire.write(bytes);
    return [];
  });
  void (async () => {
    const chunk = new Uint8Array(1000);
    for (;;) {
      const count = await real.wire.read(chunk);
      if (count === null) return;
      wire.come(chunk.subarray(0, count));
    }
  })();
  using stub = await Stub.connect(wire);
  assertEquals([stub.packetSize, stub.stop.kind], [0x400, "stopped"]);
  real.wire.close();
});

Deno.test("openRemote, addresses that are none and ports that nobody serves are told", async () => {
  for (const address of ["", "host", "host:", "host:0", "host:99999", "::1:5", "a:b:1"]) {
    const error = await assertRejects(() => connectRemote(address), RemoteError);
    assertEquals(error.kind, "address", address);
  }
});
