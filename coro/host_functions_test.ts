// Guest code calls the host, which may drive further coroutines, have its caller yield, or throw.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { Coroutine } from "./coroutine.ts";
import { CoroutineError } from "./errors.ts";
import type { CoroutineHost } from "./host.ts";
import { ARCH_NAMES, bootHost } from "./testing/hosts.ts";
import type { HostFunction, Yielder } from "./yielder.ts";

for (const arch of ARCH_NAMES) {
  Deno.test(`host function ${arch}, gets words and returns one`, () => {
    const seen: bigint[][] = [];
    const ask: HostFunction = (_, ...words) => {
      seen.push(words);
      return words[0] === 5n ? undefined : Number(words[0]) * 10;
    };
    using host = bootHost(arch, { imports: { ask } });
    using asker = host.coroutine("asker");
    assertEquals(asker.next(3), { done: false, value: 30n });
    assertEquals(asker.next(4), { done: false, value: 70n });
    assertEquals(asker.next(5), { done: true, value: 70n });
    assertEquals(seen, [3n, 4n, 5n].map((first) => [first, 2n, 3n, 4n, 5n]));
    assertEquals(host.call("ask_plainly", 6), 60n);
  });

  Deno.test(`host function ${arch}, has its caller yield`, () => {
    using host = bootHost(arch, { imports: { ask: (yielder, word = 0n) => yielder.yield(-word) } });
    using asker = host.coroutine("asker");
    assertEquals(asker.next(3).value, BigInt.asUintN(64, -3n), "from the host function");
    assertEquals(asker.next(40).value, 40n, "from the body, which got that as the answer");
    assertEquals(asker.next(5).value, BigInt.asUintN(64, -5n));
    assertEquals(asker.next(0), { done: true, value: 40n });
  });

  Deno.test(`host function ${arch}, a generator yields for its caller until it returns`, () => {
    const log: unknown[] = [];
    function* ask(_: Yielder, word = 0n): Generator<number | bigint, bigint, bigint> {
      try {
        log.push(yield word + 100n);
        log.push(yield 1);
        return 9n;
      } finally {
        log.push("end");
      }
    }
    using host = bootHost(arch, { imports: { ask } });
    const asker = host.coroutine("asker");
    assertEquals(asker.next(3).value, 103n);
    const before = host.machine.now;
    assertEquals(asker.next(11).value, 1n);
    assertEquals(host.machine.now, before, "the guest need not run for that");
    assertEquals(asker.next(12), { done: false, value: 9n });
    assertEquals(log, [11n, 12n, "end"]);
    assertEquals(asker.next(4).value, 104n);
    assertEquals(asker.return(), { done: true, value: undefined });
    assertEquals(log.splice(0), [11n, 12n, "end", "end"]);
    const thrown = host.coroutine("asker");
    thrown.next(1);
    const error = new Error("thrown in");
    assertStrictEquals(assertThrows(() => thrown.throw(error)), error);
    assertEquals(log.splice(0), ["end"]);
    assertEquals(thrown.state, "threw");
    {
      using dropped = host.coroutine("asker");
      dropped.next(1);
    }
    assertEquals(log, ["end"]);
    assertEquals(host.coroutines, []);
  });

  Deno.test(`host function ${arch}, a generator may catch, and yield in its end`, () => {
    function* ask(): Generator<number, number, bigint> {
      try {
        yield 1;
      } catch {
        yield 2;
        return 0;
      } finally {
        yield 3;
      }
      return 5;
    }
    using host = bootHost(arch, { imports: { ask } });
    const caught = host.coroutine("asker");
    assertEquals(caught.next(1).value, 1n);
    assertEquals(caught.throw(new Error()), { done: false, value: 2n });
    assertEquals(caught.next(), { done: false, value: 3n });
    assertEquals(caught.next(), { done: true, value: 0n });
    const left = host.coroutine("asker");
    left.next(1);
    assertEquals(left.return(4n), { done: false, value: 3n });
    assertEquals(left.return(4n), { done: true, value: 4n });
    assertEquals(left.state, "finished");
    // As `yield*` has it: once it has yielded again, what it returns is a value like any other.
    const kept = host.coroutine("asker");
    kept.next(1);
    assertEquals(kept.return(4n), { done: false, value: 3n });
    assertEquals(kept.next(), { done: false, value: 4n });
    assertEquals(kept.state, "suspended");
    kept.return();
    // An error of its end comes out of disposing, too, and the coroutine is gone all the same.
    const fail = () => {
      throw new RangeError("at the end");
    };
    const failing = bootHost(arch, {
      imports: {
        *ask(): Generator<number> {
          try {
            yield 1;
          } finally {
            fail();
          }
        },
      },
    });
    using _ = failing;
    const last = failing.coroutine("asker");
    last.next(1);
    assertThrows(() => last[Symbol.dispose](), RangeError, "at the end");
    assertEquals(failing.coroutines, []);
  });

  Deno.test(`host function ${arch}, a generator waits while a call is broken off`, () => {
    const given: bigint[] = [];
    function* ask(): Generator<number, number, bigint> {
      given.push(yield 1);
      given.push(yield 2);
      return 3;
    }
    using host = bootHost(arch, { budget: 50_000, imports: { ask } });
    using asker = host.coroutine("asker");
    asker.next(1);
    const spin = host.coroutine("spin");
    assertEquals(assertThrows(() => spin.next(1n << 60n), CoroutineError).kind, "budget");
    assertEquals(assertThrows(() => asker.next(5), CoroutineError).kind, "busy");
    host.abandon();
    assertEquals([asker.next(6).value, asker.next(7).value, given], [2n, 3n, [6n, 7n]]);
  });

  Deno.test(`host function ${arch}, what it throws comes out of next`, () => {
    const error = new TypeError("no answer");
    const ask: HostFunction = () => {
      throw error;
    };
    using host = bootHost(arch, { imports: { ask } });
    const asker = host.coroutine("asker", { object: Uint8Array.of(5), drop: "count_drop" });
    assertStrictEquals(assertThrows(() => asker.next(1)), error);
    assertEquals(asker.state, "threw");
    assertEquals(host.call("drops"), 0x105n);
    assertEquals(asker.next(1), { done: true, value: undefined });
    assertStrictEquals(assertThrows(() => host.call("ask_plainly", 1)), error);
    assertEquals(host.coroutines, []);
    assertEquals(host.call("drops"), 0x105n, "the host goes on");
  });

  Deno.test(`host function ${arch}, drives other coroutines, on stacks linked to its caller's`, () => {
    const depths: number[] = [];
    const states: string[] = [];
    const ask: HostFunction = (_, depth = 0n) => {
      if (depth === 0n) return 0;
      using inner = host.coroutine("asker", { stackSize: 16384 });
      const first = inner.next(depth - 1n);
      depths.push(new Set(host.frames().map(({ stack }) => stack.link)).size);
      states.push(outer.state);
      assertEquals(assertThrows(() => outer.next(), CoroutineError).kind, "running");
      assertEquals(assertThrows(() => outer.return(), CoroutineError).kind, "running");
      assertEquals(assertThrows(() => outer[Symbol.dispose](), CoroutineError).kind, "running");
      return host.call("polynomial", first.value, 0, 0, 0, 0, 0) + 1n;
    };
    using host: CoroutineHost = bootHost(arch, { imports: { ask } });
    const outer = host.coroutine("asker");
    assertEquals(outer.next(4), { done: false, value: 4n });
    assertEquals(depths, [5, 4, 3, 2]);
    assertEquals(states, Array(4).fill("running"));
    assertEquals(outer.next(0), { done: true, value: 4n });
    assertEquals(host.coroutines, []);
  });

  Deno.test(`host function ${arch}, an inner coroutine may be left suspended and go on elsewhere`, () => {
    let made: Coroutine | null = null;
    const ask: HostFunction = (_, word = 0n) => {
      made ??= host.coroutine("fibonacci");
      return word === 0n ? 0 : made.next().value as bigint + 1n;
    };
    using host: CoroutineHost = bootHost(arch, { imports: { ask } });
    using asker = host.coroutine("asker");
    assertEquals([asker.next(1).value, asker.next(1).value], [1n, 3n]);
    const fibonacci = made as unknown as Coroutine;
    assertEquals(fibonacci.next().value, 1n);
    assertEquals(asker.next(1).value, 3n + 3n);
    assertEquals(fibonacci.frames().at(-1)?.function, "coro_init_trampoline");
  });

  Deno.test(`Yielder ${arch}, tells of the link and of both stacks`, () => {
    const seen: { parent: bigint; link: bigint; base: bigint; sp: bigint }[] = [];
    const coroutines: unknown[] = [];
    const ask: HostFunction = (yielder, word = 0n) => {
      const { parentSp: parent, link, base } = yielder;
      seen.push({ parent, link, base, sp: host.machine.cpu.sp });
      coroutines.push(yielder.coroutine);
      return word;
    };
    using host: CoroutineHost = bootHost(arch, { imports: { ask } });
    using asker = host.coroutine("asker");
    asker.next(1);
    asker.next(1);
    const { limit, base } = asker.stack ?? { limit: 0n, base: 0n };
    for (const each of seen) {
      assertEquals([each.base, each.link], [base, base - 16n]);
      assert(each.sp > limit && each.sp < base && (each.parent < limit || each.parent >= base));
      assertEquals(host.memory.word(each.link), each.parent);
    }
    assertEquals(coroutines, [asker, asker]);
    const { savedSp = 0n } = asker.yielder ?? {};
    assert(savedSp >= limit && savedSp < base);
    // What is at the saved stack pointer is where it goes on.
    const place = host.memory.word(savedSp);
    assertEquals(
      host.machine.kernel.task(1).code.modules.at(place)?.nameOf(place)?.name,
      "coro_switch_yield",
    );
  });

  Deno.test(`host function ${arch}, bad use is thrown in the guest and comes out typed`, () => {
    using other = bootHost(arch, { imports: { ask: (yielder) => yielder.yield(1) } });
    let foreign: Yielder | null = null;
    using away = bootHost(arch, { imports: { ask: (yielder) => void (foreign = yielder) } });
    away.coroutine("asker").next(1);
    const wrong: Record<string, [HostFunction, CoroutineError["kind"], string]> = {
      foreign: [() => foreign?.yield(1), "foreign", "with the yielder of another host"],
      text: [() => "text" as unknown as bigint, "value", 'Cannot use "text" as result of ask'],
      large: [() => 1n << 70n, "value", "Cannot use 1180591620717411303424 as result of ask"],
      yields: [(yielder) => yielder.yield(NaN), "value", "Cannot use NaN as a value to yield"],
    };
    for (const [name, [ask, kind, words]] of Object.entries(wrong)) {
      using host = bootHost(arch, { imports: { ask } });
      const error = assertThrows(() => host.coroutine("asker").next(1), CoroutineError);
      assertEquals(error.kind, kind, name);
      assert(error.message.includes(words), error.message);
    }
    using none = bootHost(arch, { imports: { tell: () => 1, say: () => 2 } });
    const absent = assertThrows(() => none.coroutine("asker").next(1), CoroutineError);
    assertEquals([absent.kind, absent.message], [
      "function",
      "Cannot call ask of the host: expected it among its imports, which are tell, say",
    ]);
    const plain = assertThrows(() => other.call("ask_plainly", 1), CoroutineError);
    assertEquals(plain.kind, "yield");
    // A yielder of a coroutine that does not run, and one that is none.
    const suspended = other.coroutine("echo");
    suspended.next(1);
    for (const link of [suspended.yielder?.link ?? 0n, 0x1000n]) {
      const error = assertThrows(() => other.coroutine("stranger").next(link), CoroutineError);
      assertEquals(error.kind, "yield");
      assert(error.message.includes("Cannot yield from ask: the guest's runtime answered -5"));
    }
    assertEquals(suspended.next(1).value, 2n);
  });

  Deno.test(`relay ${arch}, coroutines that the guest makes are seen, and may yield and ask`, () => {
    const stacks: (string | undefined)[][] = [];
    const ask: HostFunction = (yielder, word = 0n) => {
      const names = host.frames().map(({ stack }) => stack.kind === "thread" ? "" : stack.name);
      stacks.push([...new Set(names)]);
      assertEquals(yielder.coroutine, null);
      assert(yielder.parentSp !== 0n);
      return yielder.yield(word + 1000n);
    };
    using host: CoroutineHost = bootHost(arch, { imports: { ask } });
    using relay = host.coroutine("relay");
    assertEquals(relay.next(1).value, 2n);
    assertEquals(relay.next(5).value, 1010n, "asked, and yielded to the relay, which passed it on");
    assertEquals(stacks, [[undefined, "relay", ""]]);
    assertEquals(relay.next(8).value, 8n, "the answer, by way of the doubler");
    assertEquals(relay.next(3).value, 6n, "past the relay");
    const names = relay.frames().map(({ stack, function: name }) => `${name} ${stack.name}`);
    assert(names.includes("doubler undefined") && names.includes("relay relay"), names.join());
    assertEquals(relay.frames().at(-1)?.stack.link, relay.yielder?.link);
    assertEquals(relay.next(7).value, 7n, "to the doubler, which goes on with that");
    assertEquals(relay.next(0), { done: true, value: 0n });
  });

  Deno.test(`relay ${arch}, a generator of the host cannot yield for the guest's own coroutines`, () => {
    function* ask(): Generator<number> {
      yield 1;
    }
    using host = bootHost(arch, { imports: { ask } });
    using relay = host.coroutine("relay");
    const error = assertThrows(() => relay.next(5), CoroutineError);
    assertEquals(error.kind, "yield");
    assert(
      error.message.includes("expected its caller to be the coroutine that the host has resu"),
    );
    assertEquals(relay.state, "threw");
    using next = host.coroutine("relay");
    assertEquals(next.next(2).value, 4n);
  });

  Deno.test(`host function ${arch}, cannot pull the machine away from under its caller`, () => {
    const kinds: string[] = [];
    const ask: HostFunction = () => {
      const acts = [
        () => host.restore(snapshot),
        () => host[Symbol.dispose](),
        () => host.proceed(),
        () => host.abandon(),
      ];
      for (const act of acts) kinds.push(assertThrows(act, CoroutineError).kind);
      return 1;
    };
    using host: CoroutineHost = bootHost(arch, { imports: { ask } });
    const snapshot = host.machine.snapshot();
    assertEquals(host.coroutine("asker").next(1).value, 1n);
    assertEquals(kinds, ["busy", "busy", "busy", "busy"]);
  });

  Deno.test(`host function ${arch}, called by another thread answers, and drives nothing`, () => {
    const ask: HostFunction = (_, question = 0n) => {
      const error = assertThrows(() => host.call("drops"), CoroutineError);
      assertEquals(error.kind, "foreign");
      assert(error.message.includes("that another thread has called"), error.message);
      return question + 1n;
    };
    using host: CoroutineHost = bootHost(arch, { imports: { ask }, quantum: 500 });
    assertEquals(host.call("ask_elsewhere", 6), 7n);
    assertEquals(host.call("ask_elsewhere", 8), 9n);
  });

  Deno.test(`host function ${arch}, what it throws into a plain call in C comes at its end`, () => {
    const error = new Error("first");
    const ask: HostFunction = (_, question = 0n) => {
      if (question === 5n) throw error;
      assertEquals(host.call("polynomial", 1), 1n);
      return question;
    };
    using host: CoroutineHost = bootHost(arch, { imports: { ask } });
    assertStrictEquals(assertThrows(() => host.call("ask_twice", 5)), error);
    assertEquals(host.call("ask_twice", 6), 7n);
  });
}
