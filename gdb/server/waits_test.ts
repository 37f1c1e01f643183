// Nothing waits for ever: debuggers that do not read, that say nothing, or that come too late.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Session as Boot } from "../../kernel/testing/session.ts";
import { framePacket, INTERRUPT, latin1 } from "../protocol/mod.ts";
import { Debuggee } from "./machine/debuggee.ts";
import { serveGdb } from "./server.ts";
import { hear } from "./testing/debugger.ts";
import { Session } from "./session/session.ts";
import { History } from "../../history/mod.ts";

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** What a promise gives, or `late` after some seconds. */
async function soon<T>(promise: Promise<T>): Promise<T | "late"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), 20_000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("serveGdb, close() does not wait for a debugger that does not read", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["spinner 5"] });
  const server = serveGdb(boot.machine);
  const { hostname, port } = server.address;
  const connection = await Deno.connect({ hostname, port });
  await connection.write(framePacket("QStartNoAckMode"));
  // The answers are more than both ends' buffers hold, the questions less.
  const question = framePacket("qXfer:features:read:target.xml:0,3fff");
  await connection.write(Uint8Array.from(Array.from({ length: 5000 }, () => [...question]).flat()));
  await pause(150);
  const closed = await soon(server.close().then(() => server.done));
  connection.close();
  assertEquals(closed, "closed");
});

Deno.test("Session, ends whoever it waits for: a question, room, or the other end's ear", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["spinner 5"] });
  const history = new History(boot.machine);
  using debuggee = new Debuggee(history);
  const cases: Record<string, string> = {
    "silence": "",
    "a reply": latin1(framePacket("?")),
    "an acknowledgement": latin1(framePacket("?")).repeat(200),
    "a run": latin1(framePacket("QStartNoAckMode")) + latin1(framePacket("vCont;c")),
  };
  for (const [name, text] of Object.entries(cases)) {
    // Nobody reads what the session says, and nothing of it is kept for later.
    const there = new TransformStream<Uint8Array, Uint8Array>();
    const back = new TransformStream<Uint8Array, Uint8Array>();
    const connection = { readable: there.readable, writable: back.writable };
    const session = new Session(debuggee, connection, { runsDetached: false });
    const done = session.serve();
    const writer = there.writable.getWriter();
    void writer.write(Uint8Array.from(text, (each) => each.charCodeAt(0))).catch(() => undefined);
    await pause(20);
    session.end();
    assertEquals(await soon(done), "closed", name);
  }
});

Deno.test("Session, an interrupt in one piece with what it interrupts is heard", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["spinner 100000000"] });
  await using server = serveGdb(boot.machine);
  const { hostname, port } = server.address;
  using connection = await Deno.connect({ hostname, port });
  // To a debugger of one process nothing stops it but the interrupt after; the first is of nothing.
  const bytes = [INTERRUPT, framePacket("qSupported"), framePacket("vCont;c"), INTERRUPT];
  await connection.write(Uint8Array.from(bytes.flatMap((each) => [...each])));
  assertStringIncludes(await soon(hear(connection, "$T02")), "$T02");
});

Deno.test("serveGdb, who says nothing makes room for the next after a while", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["spinner 5"] });
  await using server = serveGdb(boot.machine, { silence: 300 });
  const { hostname, port } = server.address;
  using silent = await Deno.connect({ hostname, port });
  await silent.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  await pause(20);
  {
    using early = await Deno.connect({ hostname, port });
    await early.write(framePacket("?"));
    assertStringIncludes(await hear(early, "#"), "E.Another debugger");
  }
  await pause(350);
  using next = await Deno.connect({ hostname, port });
  await next.write(framePacket("?"));
  assertStringIncludes(await hear(next, "#"), "T05");
  const rest = await soon(silent.read(new Uint8Array(100)).catch(() => null));
  assert(rest === null, "the silent one is sent off");
  await next.write(framePacket("D"));
  assertEquals(await soon(server.done), "detached");
});
