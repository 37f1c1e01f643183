// CPU exceptions in coroutines: one is lost, and the rest goes on.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CoroutineError, GuestTrap } from "./errors.ts";
import type { CoroutineHost } from "./host.ts";
import { ARCH_NAMES, bootCxx, bootHost } from "./testing/hosts.ts";
import type { HostFunction } from "./yielder.ts";
import { leftToFull } from "../util/testing/sweep.ts";

for (const arch of ARCH_NAMES) {
  Deno.test(`GuestTrap ${arch}, a wild access ends its coroutine only, and says where`, () => {
    using host = bootHost(arch);
    using echo = host.coroutine("echo");
    echo.next(1);
    for (const address of [0n, 0x123000n]) {
      const poke = host.coroutine("poke", { object: Uint8Array.of(3), drop: "count_drop" });
      const error = assertThrows(() => poke.next(address), GuestTrap);
      assertEquals([error.kind, error.address, error.overflow], ["trap", address, false]);
      assert(
        error.message.startsWith(
          `Cannot resume poke: access of 0x${address.toString(16)}, by the `,
        ),
        error.message,
      );
      const names = error.frames.map(({ function: name, stack }) => `${name} ${stack.kind}`);
      assertEquals(names[0], "poke coroutine");
      assertEquals(names.at(-1), "_start thread");
      assertEquals(poke.state, "threw");
      assertEquals(poke.next(1), { done: true, value: undefined });
    }
    assertEquals(host.call("drops"), 0x203n);
    assertEquals(echo.next(4).value, 5n);
    assertEquals(host.coroutines, [echo]);
  });

  Deno.test(`GuestTrap ${arch}, a stack that overflows into its guard`, () => {
    using host = bootHost(arch);
    const sizes = [4096, 16384, 65536].map((stackSize) => {
      const deep = host.coroutine("deep", { stackSize });
      const { limit = 0n } = deep.stack ?? {};
      const error = assertThrows(() => deep.next(100_000), GuestTrap);
      assertEquals(error.overflow, true);
      assert(error.message.startsWith("Cannot resume deep: stack overflow, access of 0x"));
      assert(error.address < limit && error.address >= limit - 8192n);
      const frames = error.frames.filter(({ function: name }) => name === "deeper");
      assert(frames.every(({ stack }) => stack.name === "deep"));
      assertEquals(error.frames.at(-1)?.function, "_start");
      return frames.length;
    });
    const [small = 0, middle = 0, large = 0] = sizes;
    assert(small >= 4 && middle > 2 * small && large > 2 * middle, sizes.join());
    using fits = host.coroutine("deep");
    assertEquals(fits.next(20).done, true);
    assertEquals(host.coroutines, []);
  });

  Deno.test(`GuestTrap ${arch}, outside of a coroutine it is the program's end`, () => {
    using host = bootHost(arch);
    using echo = host.coroutine("echo");
    echo.next(1);
    const before = host.machine.snapshot();
    const error = assertThrows(() => host.call("poke", 0, 16), CoroutineError);
    assertEquals(error.kind, "halted");
    assert(error.message.startsWith("Cannot call poke: the program has ended: "), error.message);
    assert(error.cause instanceof GuestTrap);
    assertEquals([error.cause.address, error.cause.frames[0]?.function], [16n, "poke"]);
    for (const act of [() => echo.next(), () => host.call("drops"), () => host.frames()]) {
      assertEquals(assertThrows(act, CoroutineError), error);
    }
    assertEquals(host.coroutines, []);
    host.restore(before);
    assertEquals(echo.next(2).value, 3n);
  });

  Deno.test(`GuestTrap ${arch}, what the guest's own coroutines trap in is told to the guest`, () => {
    using host = bootHost(arch);
    using relay = host.coroutine("relay");
    assertEquals(relay.next(2).value, 4n);
    assertEquals(relay.next(13), { done: true, value: 1013n });
    using again = host.coroutine("relay");
    assertEquals(again.next(2).value, 4n);
  });

  Deno.test(`GuestTrap ${arch}, of a call in a host function, takes the caller's coroutine along`, () => {
    const log: unknown[] = [];
    const ask: HostFunction = (_, depth = 0n) => {
      if (depth === 9n) return 1;
      try {
        if (depth > 0n) return host.coroutine("asker").next(depth - 1n).value ?? 0n;
        return host.call("poke", 0, 32);
      } catch (error) {
        log.push((error as Error).name, (error as CoroutineError).kind);
        if (depth === 0n) assertThrows(() => host.call("drops"), CoroutineError, "has ended");
        return 5;
      }
    };
    using host: CoroutineHost = bootHost(arch, { imports: { ask } });
    using echo = host.coroutine("echo");
    echo.next(1);
    // The call runs on the stack of the innermost, which its trap ends; the others go on.
    for (const depth of [0, 1, 2]) {
      const asker = host.coroutine("asker", { object: Uint8Array.of(2), drop: "count_drop" });
      if (depth === 0) {
        const error = assertThrows(() => asker.next(0), GuestTrap);
        assertEquals([error.address, asker.state], [32n, "threw"]);
        assertEquals(log.splice(0), ["CoroutineError", "halted"]);
      } else {
        assertEquals(asker.next(depth), { done: false, value: 5n });
        assertEquals(log.splice(0), ["CoroutineError", "halted", "GuestTrap", "trap"]);
        assertEquals(asker.next(9), { done: false, value: 6n });
        asker.return();
      }
      assertEquals(host.coroutines.filter(({ state }) => state === "running"), []);
    }
    assertEquals(host.call("drops"), 0x302n);
    assertEquals(echo.next(3).value, 4n);
  });

  Deno.test(`CoroutineHost.abandon ${arch}, ends what never yields, and nothing else`, () => {
    using host = bootHost(arch, { budget: 30_000 });
    using echo = host.coroutine("echo");
    echo.next(1);
    assertEquals(assertThrows(() => host.abandon(), CoroutineError).kind, "busy");
    for (const budget of [25_000, 25_013, 25_101]) {
      using tight = host.coroutine("spin", { object: Uint8Array.of(4), drop: "count_drop" });
      host.call("drops");
      assertEquals(assertThrows(() => tight.next(1n << 60n), CoroutineError).kind, "budget");
      assertEquals(assertThrows(() => host.proceed(budget), CoroutineError).kind, "budget");
      host.abandon();
      assertEquals([host.isBroken, tight.state], [false, "threw"]);
      assertEquals(echo.next(budget).value, BigInt(budget + 1));
    }
    assertEquals(host.call("drops"), 0x304n);
    assertEquals(host.coroutines, [echo]);
    // The code is as it was.
    assertEquals(host.coroutine("spin").next(10), { done: true, value: 10n });
  });

  Deno.test(`CoroutineHost.abandon ${arch}, three deep, and not on the program's own stack`, {
    ignore: leftToFull(arch === "x86_64"),
  }, () => {
    const ask: HostFunction = (_, depth = 0n) => {
      if (depth === 0n) return host.coroutine("spin").next(1n << 60n).value ?? 0n;
      return host.coroutine("asker").next(depth - 1n).value ?? 0n;
    };
    using host: CoroutineHost = bootHost(arch, { budget: 100_000, imports: { ask } });
    using echo = host.coroutine("echo");
    echo.next(1);
    const asker = host.coroutine("asker");
    const error = assertThrows(() => asker.next(1), CoroutineError);
    assertEquals([error.kind, host.coroutines.length], ["budget", 4]);
    host.abandon();
    assertEquals([host.isBroken, asker.state], [false, "threw"]);
    assertEquals(host.coroutines, [echo]);
    assertEquals(echo.next(2).value, 3n);
    assertEquals(kindOf(() => host.call("spin", 0, 1n << 60n)), "budget");
    assertEquals(kindOf(() => host.abandon()), "budget");
    assertEquals(host.isBroken, true);
  });

  Deno.test(`CoroutineHost.abandon ${arch}, in C++ the stack is unwound`, () => {
    const asked: bigint[] = [];
    const ask: HostFunction = (_, what = 0n) => {
      asked.push(what);
      return what;
    };
    using host = bootCxx(arch, { budget: 100_000, imports: { ask } });
    const endless = host.coroutine("endless");
    assertEquals(kindOf(() => endless.next(0)), "budget");
    host.abandon();
    assertEquals([endless.state, asked.splice(0)], ["threw", [9n, 8n]]);
    const keeper = host.coroutine("endless");
    assertEquals(kindOf(() => keeper.next(3)), "budget");
    host.abandon();
    assertEquals(keeper.state, "threw");
    assertEquals(asked, [9n, 8n, 9n, 8n, 9n, 8n, 9n, 8n], "it catches three times");
    assertEquals(host.coroutines, []);
  });
}

function kindOf(act: () => unknown): string {
  return assertThrows(act, CoroutineError).kind;
}
