// Debuggers that are none, at a port: whatever they do, the next one is served, and reads nothing
// that is not the machine's.
import { assertEquals, assertMatch } from "@std/assert";
import { Session as Boot } from "../../kernel/testing/session.ts";
import { framePacket } from "../protocol/mod.ts";
import { Stub } from "../remote/mod.ts";
import { serveGdb } from "../server/mod.ts";

type Guest = (connection: Deno.TcpConn) => Promise<void>;

const bytes = (text: string) => new TextEncoder().encode(text);
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Reads and forgets whatever comes, until there is no more. */
async function drain(connection: Deno.TcpConn): Promise<void> {
  const chunk = new Uint8Array(1 << 16);
  try {
    while (await connection.read(chunk) !== null);
  } catch {
    // It was closed.
  }
}

async function send(connection: Deno.TcpConn, data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.length;) at += await connection.write(data.subarray(at));
}

/** What hostile or broken debuggers do before they go. */
const GUESTS: Readonly<Record<string, Guest>> = {
  "nothing": () => Promise.resolve(),
  "half a packet": (connection) => send(connection, bytes("$qSupported:multi")),
  "noise": (connection) =>
    send(connection, Uint8Array.from({ length: 100_000 }, (_, i) => i * 7919 >> 3)),
  "wrong sums": (connection) => send(connection, bytes("$g#00".repeat(1000))),
  "a packet without end": (connection) => send(connection, bytes(`$X0,0:${"x".repeat(300_000)}`)),
  "packet by packet, byte by byte": async (connection) => {
    for (const byte of framePacket("qSupported:multiprocess+")) {
      await send(connection, Uint8Array.of(byte));
      await pause(1);
    }
  },
  "refusals without end": async (connection) => {
    await send(connection, framePacket("qXfer:features:read:target.xml:0,fff"));
    await send(connection, bytes("-".repeat(2000)));
  },
  "questions without ear": async (connection) => {
    const question = framePacket("qXfer:features:read:target.xml:0,3fff");
    // What nobody reads fills both ends' buffers, and then is waited for.
    const all = (async () => {
      for (let i = 0; i < 2000; i++) await send(connection, question);
    })().catch(() => undefined);
    await Promise.race([all, pause(100)]);
  },
  "a run that it does not wait for": async (connection) => {
    await send(connection, framePacket("qSupported:multiprocess+"));
    await send(connection, framePacket("vCont;c"));
  },
  "interrupts without end": async (connection) => {
    await send(connection, framePacket("vCont;c"));
    await send(connection, new Uint8Array(10_000).fill(3));
  },
};

Deno.test("serveGdb, after each hostile or broken debugger the next one is served", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["spinner 100000"] });
  await using server = serveGdb(boot.machine, { detached: "wait" });
  const { hostname, port } = server.address;
  const address = `${hostname}:${port}`;
  for (const [name, guest] of Object.entries(GUESTS)) {
    await again(async () => {
      using connection = await Deno.connect({ hostname, port });
      const drained = name === "questions without ear" ? undefined : drain(connection);
      await guest(connection);
      if (drained !== undefined) await Promise.race([drained, pause(10)]);
    });
    await again(async () => {
      using stub = await Stub.connect(address, { timeout: 20_000 });
      assertEquals(stub.stop.kind, "stopped", name);
      const [thread] = await stub.threads();
      assertMatch(await stub.registers(thread!), /^[0-9a-fx]{100,}$/, name);
      for (const path of HOST_FILES) assertEquals(await stub.file(path), undefined, path);
      assertEquals(await stub.memory(thread!, 0xdead_0000_0000_0000n, 8), undefined);
      assertEquals((await stub.file("/boot/kernel"))?.subarray(0, 4), bytes("\x7fELF"));
    });
  }
});

/** Files of every host. */
const HOST_FILES = ["/etc/passwd", "/proc/self/maps", "../../etc/passwd", "/tasks/2/../../etc"];

/** Does something again as long as it is told that the debugger before is still there. */
async function again(action: () => Promise<void>): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      return await action();
    } catch (error) {
      const isRefused = error instanceof Error && !/Assertion/.test(error.name);
      if (!isRefused || attempt === 50) throw error;
      await pause(20);
    }
  }
}
