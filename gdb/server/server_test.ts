// The port: one debugger at a time, and what becomes of the machine without one.
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Session as Boot } from "../../kernel/testing/session.ts";
import { framePacket } from "../protocol/mod.ts";
import { formatAddress, GdbListenError, isLoopback } from "./listen.ts";
import { serveGdb } from "./server.ts";
import { hear } from "./testing/debugger.ts";

/** Says a packet at a connection and gives all that comes until something is found in it. */
async function ask(connection: Deno.Conn, packet: string, until: string): Promise<string> {
  await connection.write(framePacket(packet));
  return await hear(connection, until);
}

/** Connects as soon as it is noticed that the debugger before has gone; asks why it has stopped. */
async function connectNext(address: Deno.NetAddr): Promise<{ next: Deno.Conn; stop: string }> {
  for (;;) {
    const next = await connect(address);
    const stop = await ask(next, "?", "#");
    if (!stop.includes("Another debugger")) return { next, stop };
    next.close();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function connect({ port, hostname }: Deno.NetAddr): Promise<Deno.TcpConn> {
  return Deno.connect({ port, hostname });
}

Deno.test("serveGdb, one debugger at a time, at this host alone, and the machine goes on without", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["spinner 7000000"] });
  await using server = serveGdb(boot.machine, { detached: "run" });
  assertEquals(server.address.hostname, "127.0.0.1");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(boot.machine.now, 0, "it waits for the first");
  const first = await connect(server.address);
  assertStringIncludes(await ask(first, "qSupported:multiprocess+", "#"), "+$PacketSize=");
  using second = await connect(server.address);
  const refusal = await ask(second, "qSupported", "#");
  assertStringIncludes(refusal, "+$E.Another debugger is connected to this machine");
  // A third that says nothing is not waited for.
  using _half = await connect(server.address);
  assertStringIncludes(await ask(first, "?", "#"), "thread:pf4240.1;");
  // The first breaks off in the midst of a packet: the machine stays where it is.
  await first.write(new TextEncoder().encode("$vCont;"));
  first.close();
  const other = await connectNext(server.address);
  assertStringIncludes(other.stop, "T05");
  assertEquals(boot.machine.now, 0);
  assertStringIncludes(await ask(other.next, "D", "OK"), "OK");
  other.next.close();
  for (let i = 0; i < 4000 && boot.machine.now === 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // Now it runs; the next debugger stops it.
  const { next, stop } = await connectNext(server.address);
  assert(/T05|W00/.test(stop), stop);
  assert(boot.machine.now > 0);
  // One that only looks leaves it running.
  const seen = boot.machine.now;
  next.close();
  for (let i = 0; i < 4000 && boot.machine.now === seen; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert(boot.machine.now > seen);
  // One that has had it stop leaves it there, and one that has it run and breaks off running.
  const stepper = await connectNext(server.address);
  const stepped = boot.machine.now;
  assertStringIncludes(await ask(stepper.next, "s", "T05"), "T05");
  stepper.next.close();
  const last = await connectNext(server.address);
  assertEquals(boot.machine.now, stepped + 1);
  await last.next.write(framePacket("c"));
  last.next.close();
  assertEquals(await server.done, "halted");
  assertEquals(boot.machine.console.text(), "spinner: 7000000 turns\n");
});

Deno.test("serveGdb, ends with the first debugger, unless it is told otherwise", async () => {
  using boot = new Boot({ arch: "aarch64", programs: ["spinner 5"] });
  boot.machine.run(5_000);
  {
    await using server = serveGdb(boot.machine);
    using connection = await connect(server.address);
    assertStringIncludes(await ask(connection, "s", "T05"), "T05");
    assertStringIncludes(await ask(connection, "bs", "T05"), "T05");
    assert(boot.machine.kernel.events.muted);
    assertStringIncludes(await ask(connection, "D", "OK"), "OK");
    assertEquals(await server.done, "detached");
    assertEquals(boot.machine.cpu.instructions, 5_000);
    assert(!boot.machine.kernel.events.muted);
  }
  {
    await using server = serveGdb(boot.machine, { detached: "wait" });
    for (let i = 0; i < 2; i++) {
      using connection = await connect(server.address);
      assertStringIncludes(await ask(connection, "D", "OK"), "OK");
    }
    await server.close();
    assertEquals(await server.done, "closed");
    assertEquals(boot.machine.cpu.instructions, 5_000);
  }
  boot.finish();
  assertEquals(boot.machine.console.text(), "spinner: 5 turns\n");
});

Deno.test("serveGdb, where it cannot listen it says so, and where", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["spinner 5"] });
  using busy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = busy.addr;
  const cases = [
    [{ port }, `Cannot listen at 127.0.0.1:${port}: Address already in use; expected an address`],
    // TEST-NET-1 (RFC 5737) is nobody's.
    [{ host: "192.0.2.1" }, "Cannot listen at 192.0.2.1:0: Cannot assign requested address"],
    [{ host: "\u00e4" }, "Cannot listen at \u00e4:0: "],
    [{ port: 70_000 }, "Cannot listen at 127.0.0.1:70000: "],
  ] as const;
  for (const [options, message] of cases) {
    const error = assertThrows(() => serveGdb(boot.machine, options), GdbListenError, message);
    assert(!error.message.includes("os error"));
  }
  // The machine is free for the next.
  await using server = serveGdb(boot.machine, { host: "127.0.0.2" });
  assertEquals(formatAddress(server.address), `127.0.0.2:${server.address.port}`);
  assertEquals(formatAddress({ hostname: "::1", port: 5 }), "[::1]:5");
  const others = ["0.0.0.0", "::", "192.0.2.127", "::ffff:192.0.2.1", "fe80::1"];
  assertEquals(others.filter((hostname) => isLoopback({ hostname })), []);
  assert(
    ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"].every((hostname) =>
      isLoopback({ hostname })
    ),
  );
});
