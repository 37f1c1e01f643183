// The port: one debugger at a time, and what becomes of the machine without one.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Session as Boot } from "../../kernel/testing/session.ts";
import { framePacket } from "../protocol/mod.ts";
import { serveGdb } from "./server.ts";
import { hear } from "./testing/debugger.ts";

/** Says a packet at a connection and gives all that comes until something is found in it. */
async function ask(connection: Deno.Conn, packet: string, until: string): Promise<string> {
  await connection.write(framePacket(packet));
  return await hear(connection, until);
}

function connect({ port, hostname }: Deno.NetAddr): Promise<Deno.TcpConn> {
  return Deno.connect({ port, hostname });
}

Deno.test("serveGdb, one debugger at a time, at this host alone, and the machine goes on without", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["spinner 1500000"] });
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
  // The first breaks off in the midst of a packet.
  await first.write(new TextEncoder().encode("$vCont;"));
  first.close();
  for (let i = 0; i < 4000 && boot.machine.now === 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // Now it runs; the next debugger stops it.
  const next = await connect(server.address);
  const stop = await ask(next, "?", "#");
  assert(/T05|W00/.test(stop), stop);
  assert(boot.machine.now > 0);
  next.close();
  assertEquals(await server.done, "halted");
  assertEquals(boot.machine.console.text(), "spinner: 1500000 turns\n");
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
