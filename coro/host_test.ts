// The machine under a host: budgets, stops, snapshots, failures of the program.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { archByName } from "../arch/mod.ts";
import { parseElf } from "../elf/mod.ts";
import { programFile as otherProgram } from "../kernel/testing/programs.ts";
import { decodeSnapshot, encodeSnapshot, Machine, type Snapshot } from "../kernel/mod.ts";
import type { KernelEvent } from "../trace/mod.ts";
import { formatJsonLine } from "../trace/mod.ts";
import type { Coroutine } from "./coroutine.ts";
import type { Stop } from "./agent/exchange.ts";
import { CoroutineError } from "./errors.ts";
import { CoroutineHost } from "./host.ts";
import { ARCH_NAMES, bootHost, programFile } from "./testing/hosts.ts";
import type { HostFunction } from "./yielder.ts";

function kindOf(act: () => unknown): string {
  return assertThrows(act, CoroutineError).kind;
}

function addressOf(arch: "x86_64" | "aarch64", name: string): bigint {
  return parseElf(programFile(arch)).symbolNamed(name)?.value ?? 0n;
}

for (const arch of ARCH_NAMES) {
  Deno.test(`CoroutineHost.boot ${arch}, programs that cannot be driven`, () => {
    const wrong = arch === "aarch64" ? "x86_64" : "aarch64";
    const cases: readonly [Partial<Parameters<typeof bootHost>[1]>, string, string][] = [
      [
        { program: programFile(wrong) },
        "program",
        `it is for ${wrong}, expected a program for ${arch}`,
      ],
      [
        { program: otherProgram("spinner", arch) },
        "program",
        "no symbol coro_agent_record, expected",
      ],
      [{ program: new Uint8Array(100) }, "program", "Cannot drive coroutines: "],
      [{ budget: 0 }, "value", "Cannot use budget 0: expected a positive integer"],
    ];
    for (const [options, kind, words] of cases) {
      const error = assertThrows(() => bootHost(arch, options), CoroutineError);
      assertEquals(error.kind, kind);
      assert(error.message.includes(words), error.message);
    }
  });

  Deno.test(`coro_agent ${arch}, without a host the program says so and ends`, () => {
    const modules = [{ commandLine: "coroutines", bytes: programFile(arch) }];
    using machine = new Machine({ arch: archByName(arch), modules, memory: 16 << 20 });
    assertEquals(machine.run(10_000_000).kind, "halted");
    assertEquals(
      machine.console.text(),
      "This program's functions are for a CoroutineHost to call.\n",
    );
    assertEquals(machine.tasks[1]?.status, { kind: "exit", code: 127 });
  });

  Deno.test(`CoroutineHost.call ${arch}, plain functions with up to six words`, () => {
    using host = bootHost(arch);
    assertEquals(host.call("polynomial", 1, 2, 3, 4, 5, 6), 91n);
    assertEquals(host.call("polynomial", -1), (1n << 64n) - 1n);
  });

  Deno.test(`GuestMemory ${arch}, is allocated, written, read and given back`, () => {
    using host = bootHost(arch);
    const { memory } = host;
    const before = host.machine.tasks[1]?.mappings.length;
    {
      using buffer = memory.allocate("ä text");
      assertEquals([memory.text(buffer.address), buffer.size], ["ä text", 8]);
      memory.write(buffer.address, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
      assertEquals(memory.word(buffer.address), 0x0807060504030201n);
      memory.writeWord(buffer.address, 1n << 63n);
      assertEquals(buffer.bytes(), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80));
      using large = memory.allocate(100_000);
      assertEquals(memory.read(large.address, 100_000), new Uint8Array(100_000));
      large[Symbol.dispose]();
    }
    assertEquals(host.machine.tasks[1]?.mappings.length, before);
    const error = assertThrows(() => memory.allocate(2 ** 50), CoroutineError);
    assert(
      error.message.startsWith("Cannot allocate 1125899906842624 bytes: the kernel answered -"),
    );
  });

  Deno.test(`budget ${arch}, a body that never yields is an error, and may be proceeded with`, () => {
    using host = bootHost(arch, { budget: 50_000 });
    using spin = host.coroutine("spin");
    using echo = host.coroutine("echo");
    const error = assertThrows(() => spin.next(100_000), CoroutineError);
    assertEquals([error.kind, error.message], [
      "budget",
      "Cannot resume spin in 50000 instructions: expected it to come to its end, or to yield",
    ]);
    assertEquals([spin.state, host.isBroken], ["running", true]);
    const top = spin.frames();
    assertEquals(top.find(({ function: name }) => name === "spin")?.stack.name, "spin");
    assertEquals(top.at(-1)?.function, "_start");
    const busy = assertThrows(() => echo.next(1), CoroutineError);
    assertEquals(busy.kind, "busy");
    assertStrictEquals(busy.cause, error);
    assertEquals(kindOf(() => spin.next()), "running");
    assertEquals(kindOf(() => host.call("drops")), "busy");
    assertEquals(kindOf(() => host.proceed(1000)), "budget");
    const { coroutine, result } = host.proceed(10_000_000);
    assertStrictEquals(coroutine, spin);
    assertEquals(result, { done: true, value: 100_000n });
    assertEquals([spin.state, host.isBroken], ["finished", false]);
    assertEquals(echo.next(1).value, 2n);
  });

  Deno.test(`budget ${arch}, broken off inside of a host function`, () => {
    const log: unknown[] = [];
    const ask: HostFunction = (_, word = 0n) => {
      if (word === 1n) return 1;
      try {
        return spin.next(word).value ?? 0n;
      } catch (error) {
        log.push((error as CoroutineError).kind);
        return 5;
      }
    };
    using host: CoroutineHost = bootHost(arch, { budget: 50_000, imports: { ask } });
    const spin = host.coroutine("spin");
    const asker = host.coroutine("asker");
    assertEquals(asker.next(1).value, 1n);
    const error = assertThrows(() => asker.next(20_000), CoroutineError);
    assertEquals([error.kind, log], ["budget", ["budget"]]);
    assertEquals([asker.state, spin.state], ["running", "running"]);
    // The host function is gone: its call fails with the error that it was left by.
    assertStrictEquals(assertThrows(() => host.proceed(10_000_000)), error);
    assertEquals([asker.state, spin.state], ["threw", "finished"]);
    assertEquals(host.call("drops"), 0n);
  });

  Deno.test(`breakpoints ${arch}, are told of, or break a call off`, () => {
    const stops: [Stop["kind"], string][] = [];
    using host: CoroutineHost = bootHost(arch, {
      onStop: (stop) => {
        const names = host.frames().filter(({ stack }) => stack.kind === "coroutine");
        stops.push([stop.kind, names[0]?.function ?? ""]);
        assertEquals(kindOf(() => echo.next(1)), "running");
        assertEquals(kindOf(() => host.call("drops")), "busy");
      },
    });
    using echo = host.coroutine("echo");
    const point = host.machine.addBreakpoint(addressOf(arch, "coro_yield"));
    assertEquals(echo.next(1).value, 2n);
    point[Symbol.dispose]();
    const { limit = 0n, base = 0n } = echo.stack ?? {};
    using _watch = host.machine.addWatchpoint(base - 16n, 8, "write");
    assertEquals(echo.next(2).value, 3n);
    assertEquals(stops[0], ["breakpoint", "coro_yield"]);
    assertEquals(stops.length, 2);
    assertEquals(stops[1]?.[0], "watchpoint", "the link is written anew");
    assert(limit < base);

    using plain = bootHost(arch);
    using other = plain.coroutine("echo");
    using _point = plain.machine.addBreakpoint(addressOf(arch, "coro_yield"));
    const error = assertThrows(() => other.next(1), CoroutineError);
    const at = addressOf(arch, "coro_yield").toString(16);
    assertEquals([error.kind, error.message], [
      "stopped",
      `Cannot resume echo before the breakpoint at 0x${at}: expected onStop, or a call of proceed`,
    ]);
    assertEquals(plain.machine.cpu.pc, addressOf(arch, "coro_yield"));
    assertEquals(plain.proceed(), { coroutine: other, result: { done: false, value: 2n } });
    assertEquals(other.next(0), { done: true, value: 77n });
  });

  Deno.test(`interrupts ${arch}, change nothing that a coroutine sees`, () => {
    const outputs = (disturb: boolean) => {
      using host = bootHost(arch, { quantum: disturb ? 300 : 10_000 });
      using relay = host.coroutine("relay");
      return [1, 2, 4, 3, 7, 6, 8, 0].map((input) => {
        if (disturb) host.machine.injectInterrupt(3);
        return relay.next(input);
      });
    };
    assertEquals(outputs(true), outputs(false));
  });

  Deno.test(`CoroutineHost.restore ${arch}, coroutines go back with the machine`, () => {
    using host = bootHost(arch);
    const early = host.machine.snapshot();
    const fibonacci = host.coroutine("fibonacci");
    for (let i = 0; i < 5; i++) fibonacci.next();
    const echo = host.coroutine("echo");
    const snapshot = host.machine.snapshot();
    const run = () => [fibonacci.next(), echo.next(4), fibonacci.return(1n), echo.next(0)];
    const results = run();
    assertEquals([fibonacci.state, echo.state], ["finished", "finished"]);
    const later = host.coroutine("echo");
    later.next(7);
    for (let turn = 0; turn < 3; turn++) {
      host.restore(snapshot);
      assertEquals([fibonacci.state, echo.state], ["suspended", "fresh"]);
      assertEquals(host.coroutines.map(({ number }) => number).sort(), [1n, 2n]);
      assertEquals(kindOf(() => later.next(1)), "foreign");
      assertEquals(run(), results);
    }
    host.restore(early);
    assertEquals([fibonacci.state, echo.state], ["finished", "finished"], "as they ended last");
    assertEquals(kindOf(() => later.state), "foreign");
    // What is made now is in the same place, and is another all the same.
    const anew = host.coroutine("echo");
    assertEquals(anew.next(1).value, 2n);
    assertEquals(kindOf(() => later.next(1)), "foreign");
    // Without the host's help, too, between its calls.
    host.machine.restore(snapshot);
    assertEquals(run(), results);
  });

  Deno.test(`CoroutineHost ${arch}, whose machine was run or restored without it`, () => {
    using host = bootHost(arch, { budget: 100_000 });
    const spin = host.coroutine("spin");
    const echo = host.coroutine("echo");
    assertEquals(echo.next(1).value, 2n);
    for (const instructions of [1, 10, 1000, 12_345]) {
      host.machine.run(instructions);
      assertEquals(echo.next(instructions).value, BigInt(instructions + 1));
    }
    assertEquals(kindOf(() => spin.next(50_000)), "budget");
    const snapshot = host.machine.snapshot();
    assertEquals(host.proceed(10_000_000).result, { done: true, value: 50_000n });
    host.machine.restore(snapshot);
    assertEquals(kindOf(() => echo.next(1)), "busy");
    assertEquals(host.proceed(10_000_000).result, { done: true, value: 50_000n });
    assertEquals(echo.next(1).value, 2n);
  });

  Deno.test(`CoroutineHost.from ${arch}, coroutines go on in another host`, () => {
    using host = bootHost(arch);
    using fibonacci = host.coroutine("fibonacci");
    for (let i = 0; i < 5; i++) fibonacci.next();
    using relay = host.coroutine("relay");
    relay.next(4);
    const file = encodeSnapshot(host.machine.snapshot());
    const drive = ([first, second]: readonly Coroutine[]) => [
      ...[
        first?.name,
        first?.next(),
        first?.next(),
        second?.name,
        second?.next(8),
        second?.next(0),
      ],
    ];
    const expected = drive([fibonacci, relay]);
    using other = CoroutineHost.from(decodeSnapshot(file));
    const found = other.coroutines.toSorted((a, b) => Number(a.number - b.number));
    assertEquals(found.map(({ state }) => state), ["suspended", "suspended"]);
    assertEquals(drive(found), expected);
    const more = other.coroutine("echo");
    assertEquals([more.number, more.next(1).value], [3n, 2n]);
  });

  Deno.test(`CoroutineHost.from ${arch}, out of the middle of coroutines three deep`, () => {
    const snapshots: Snapshot[] = [];
    const ask: HostFunction = (_, depth = 0n) => {
      if (depth === 0n) {
        snapshots.push(host.machine.snapshot());
        return 100;
      }
      return host.coroutine("asker").next(depth - 1n).value ?? 0n;
    };
    using host: CoroutineHost = bootHost(arch, { imports: { ask } });
    const outer = host.coroutine("asker");
    assertEquals(outer.next(2).value, 100n);
    const [snapshot] = snapshots;
    assert(snapshot !== undefined);
    // The innermost call is made again; the host functions around it are of another time.
    using other = CoroutineHost.from(snapshot, { imports: { ask: () => 7 } });
    assertEquals(other.isBroken, true);
    assertEquals(other.coroutines.map(({ state }) => state), Array(3).fill("running"));
    const depth = new Set(other.frames().map(({ stack }) => stack.link)).size;
    assertEquals(depth, 4);
    assertEquals(kindOf(() => other.call("drops")), "busy");
    assertEquals(kindOf(() => other.proceed()), "foreign");
    assertEquals(other.isBroken, false);
    // In C the calls' failure ends the coroutines; the innermost has yielded before.
    assertEquals(other.coroutines.map(({ state }) => state), ["suspended"]);
    assertEquals(other.coroutines[0]?.next(3).value, 14n);
  });

  Deno.test(`CoroutineHost.from ${arch}, at any instant of a resume, with the same result`, () => {
    using host = bootHost(arch);
    const relay = host.coroutine("relay");
    assertEquals(relay.next(4).value, 8n);
    const before = host.machine.snapshot();
    const { instructions } = host.machine.cpu;
    assertEquals(relay.next(6).value, 12n);
    const length = host.machine.cpu.instructions - instructions;
    const after = relay.next(9);
    for (let at = 1; at < length; at += 41) {
      using other = CoroutineHost.from(before);
      const [same] = other.coroutines;
      assert(same !== undefined);
      using tight = CoroutineHost.from(before, { budget: at });
      assertEquals(kindOf(() => tight.coroutines[0]?.next(6)), "budget");
      using third = CoroutineHost.from(tight.machine.snapshot());
      const { coroutine, result } = third.proceed();
      assertEquals(result, { done: false, value: 12n }, `after ${at} instructions`);
      assertEquals(coroutine?.next(9), after);
    }
  });

  Deno.test(`CoroutineHost ${arch}, a generator of a host function is in no snapshot`, () => {
    function* ask(): Generator<number> {
      for (let i = 1;; i++) yield i;
    }
    using host = bootHost(arch, { imports: { ask } });
    const asker = host.coroutine("asker");
    asker.next(1);
    const snapshot = host.machine.snapshot();
    host.restore(snapshot);
    assertEquals(asker.next().value, 2n, "it is where it was");
    host.restore(snapshot);
    const error = assertThrows(() => asker.next(), CoroutineError);
    assertEquals(error.kind, "foreign");
    assert(error.message.includes("expected the generator of a host function"), error.message);
    using other = CoroutineHost.from(snapshot);
    assertEquals(kindOf(() => other.coroutines[0]?.next()), "foreign");
  });

  Deno.test(`CoroutineHost ${arch}, what a sink throws breaks a call off`, () => {
    let armed = false;
    const error = new Error("full");
    const sink = {
      write: () => {
        if (!armed) return;
        armed = false;
        throw error;
      },
    };
    using host = bootHost(arch, { sinks: [sink], quantum: 300 });
    using spin = host.coroutine("spin");
    armed = true;
    assertStrictEquals(assertThrows(() => spin.next(1000)), error);
    assertEquals(host.proceed().result, { done: true, value: 1000n });
  });

  Deno.test(`CoroutineHost ${arch}, the same calls give the same event stream`, () => {
    const stream = () => {
      const events: KernelEvent[] = [];
      const sinks = [{ write: (event: KernelEvent) => void events.push(event) }];
      const ask: HostFunction = (yielder, word = 0n) => yielder.yield(word);
      using host = bootHost(arch, { sinks, imports: { ask }, quantum: 500 });
      using relay = host.coroutine("relay");
      for (const input of [1, 5, 3, 9, 10]) relay.next(input);
      const echo = host.coroutine("echo");
      echo.next(1);
      assertThrows(() => echo.throw(new Error()));
      return events.map(formatJsonLine).join("");
    };
    const first = stream();
    assert(first.length > 10_000);
    assertEquals(stream() === first, true);
  });
}
