// Exceptions between a host and coroutines in C++: both can throw, both can catch, and what a stack
// holds is destroyed once.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { CoroutineError, GuestPanic, GuestTrap } from "./errors.ts";
import type { CoroutineHost } from "./host.ts";
import { ARCH_NAMES, bootCxx } from "./testing/hosts.ts";
import type { HostFunction } from "./yielder.ts";

/** What `thrower` throws: type, text, and how the message ends. */
const THROWN: readonly [string, string, string][] = [
  ["int", "-12", "exception of type int: -12"],
  ["char const*", "a text", "exception of type char const*: a text"],
  ["(anonymous namespace)::Failure", "said by a class", "Failure: said by a class"],
  ["(anonymous namespace)::Plain", "", "exception of type (anonymous namespace)::Plain"],
  ["unsigned long", "45", "exception of type unsigned long: 45"],
  ["panic", "a panic", ": a panic"],
];

/** A host that keeps what it is asked, and answers it. */
function recording(arch: "x86_64" | "aarch64", ask?: HostFunction): [CoroutineHost, bigint[]] {
  const asked: bigint[] = [];
  const host = bootCxx(arch, {
    imports: {
      ask: (yielder, question = 0n) => {
        asked.push(question);
        return ask === undefined ? question : ask(yielder, question);
      },
    },
  });
  return [host, asked];
}

for (const arch of ARCH_NAMES) {
  Deno.test(`GuestPanic ${arch}, what leaves a body comes out of next: type, text and frames`, () => {
    const [host, asked] = recording(arch);
    using _ = host;
    for (const [i, [type, text, ending]] of THROWN.entries()) {
      const thrower = host.coroutine("thrower");
      assertEquals(thrower.next(1).value, 2n);
      const error = assertThrows(() => thrower.next(-1 - i), GuestPanic);
      assertEquals([error.kind, error.type, error.text], ["panic", type, text]);
      assert(error.message.startsWith("Cannot resume thrower: "), error.message);
      assert(error.message.endsWith(ending), error.message);
      const names = error.frames.map(({ function: name }) => name);
      assert(names[0]?.includes("throw_one"), names.join());
      assert(names.includes("thrower") && names.includes("coro_switch_and_link"), names.join());
      assertEquals(names.at(-1), "_start");
      assertEquals(error.frames[1]?.stack.name, "thrower");
      assertEquals(thrower.state, "threw");
      assertEquals(thrower.next(), { done: true, value: undefined });
      assertEquals(asked.splice(0), [2n, 1n], "destructors, innermost first");
    }
    assertEquals(host.coroutines, []);
  });

  Deno.test(`GuestPanic ${arch}, of a plain call, and of fresh coroutines`, () => {
    using host = bootCxx(arch, { imports: { ask: () => 1 } });
    for (const [i, [type, text]] of THROWN.entries()) {
      const error = assertThrows(() => host.call("throw_plainly", i + 1), GuestPanic);
      assertEquals([error.type, error.text], [type, text]);
      assert(error.message.startsWith("Cannot call throw_plainly: "));
      const fresh = assertThrows(() => host.coroutine("thrower").next(-1 - i), GuestPanic);
      assertEquals(fresh.type, type);
    }
  });

  Deno.test(`Coroutine.throw ${arch}, the body catches, and yields on`, () => {
    using host = bootCxx(arch);
    using catcher = host.coroutine("catcher");
    assertEquals(catcher.next(4).value, 5n);
    for (const message of ["", "short", "ä", "x".repeat(200)]) {
      const error = new Error(message);
      const { value } = catcher.throw(error);
      const size = Math.min(127, new TextEncoder().encode(String(error)).length);
      assertEquals(value, 1001n + BigInt(size), message);
    }
    assertEquals(catcher.throw("no error").value, 1001n + 8n);
    assertEquals(catcher.next(0), { done: true, value: 77n });
  });

  Deno.test(`Coroutine.throw ${arch}, what nothing catches comes back itself`, () => {
    const [host, asked] = recording(arch);
    using _ = host;
    const error = { no: "error" };
    const thrower = host.coroutine("thrower");
    thrower.next(1);
    let caught: unknown;
    try {
      thrower.throw(error);
    } catch (thrown) {
      caught = thrown;
    }
    assertStrictEquals(caught, error);
    assertEquals([thrower.state, asked], ["threw", [2n, 1n]]);
  });

  Deno.test(`Coroutine ${arch}, dropping unwinds: destructors run, and no handler keeps it`, () => {
    const [host, asked] = recording(arch);
    using _ = host;
    const thrower = host.coroutine("thrower");
    thrower.next(1);
    assertEquals(thrower.return(), { done: true, value: undefined });
    assertEquals(asked.splice(0), [2n, 1n]);
    {
      using stubborn = host.coroutine("stubborn");
      stubborn.next(1);
      assertEquals(stubborn.throw(new Error()).value, 501n, "catches what is thrown");
      assertEquals(asked.splice(0), [4n]);
    }
    assertEquals(asked.splice(0), [4n, 3n]);
    for (const value of host.coroutine("stubborn")) {
      assertEquals(value, 1n);
      break;
    }
    assertEquals(asked, [4n, 3n]);
    assertEquals(host.coroutines, []);
  });

  Deno.test(`host function ${arch}, what it throws can be caught in the guest`, () => {
    const error = new RangeError("no");
    const [host, asked] = recording(arch, (_, question) => {
      if (question === 1n) throw error;
      return question;
    });
    using _ = host;
    const careful = host.coroutine("careful");
    assertEquals(careful.next(1), { done: false, value: BigInt("RangeError: no".length) });
    assertEquals(asked.splice(0), [1n, 5n], "the destructor on the way");
    assertEquals(careful.next(3), { done: true, value: 3n });
    // And is the same error where nothing does.
    const plain = host.coroutine("poke");
    const sp = host.memory.allocate(16);
    assertEquals(plain.next(sp.address).done, true);
    assertEquals(asked.splice(0), [0n, 6n]);
  });

  Deno.test(`host function ${arch}, coroutines that it drives throw through its caller`, () => {
    const seen: unknown[] = [];
    const [host, asked] = recording(arch, (_, depth = 0n) => {
      if (depth < 100n) return depth;
      try {
        return host.coroutine("careful").next(depth + 1n).value ?? 0n;
      } catch (error) {
        seen.push(error);
        throw error;
      } finally {
        if (depth === 102n) assertThrows(() => host.call("throw_plainly", 3), GuestPanic);
      }
    });
    using _ = host;
    const bottom = new Error("at the bottom");
    const careful = host.coroutine("careful");
    // Six deep: then the stack of questions ends with an error.
    const original = asked.push.bind(asked);
    asked.push = (...items) => {
      if (items[0] === 105n) throw bottom;
      return original(...items);
    };
    const value = BigInt("Error: at the bottom".length);
    assertEquals(careful.next(100), { done: true, value }, "caught six deep, then a value");
    assertEquals(seen, []);
    assertEquals(host.coroutines.map(({ state }) => state), ["suspended"], "that which caught it");
  });

  Deno.test(`GuestTrap ${arch}, in C++ a fault unwinds the stack of its coroutine`, () => {
    const [host, asked] = recording(arch);
    using _ = host;
    using catcher = host.coroutine("catcher");
    catcher.next(1);
    const poke = host.coroutine("poke");
    const error = assertThrows(() => poke.next(64), GuestTrap);
    assertEquals([error.address, error.overflow], [64n, false]);
    assertEquals(error.frames[0]?.function, "poke");
    assertEquals([poke.state, asked.splice(0)], ["threw", [0n, 6n]]);
    const deep = host.coroutine("deep", { stackSize: 16384 });
    const overflow = assertThrows(() => deep.next(1000), GuestTrap);
    assertEquals([overflow.overflow, deep.state, asked.splice(0)], [true, "threw", [7n]]);
    assert(overflow.message.startsWith("Cannot resume deep: stack overflow, access of 0x"));
    assertEquals(catcher.next(5).value, 6n);
    assertEquals(host.coroutines, [catcher]);
    const plain = assertThrows(() => host.call("throw_plainly", 4), CoroutineError);
    assertEquals(plain.kind, "panic", "not the fault again");
  });
}
