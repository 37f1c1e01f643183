// CPU exceptions in coroutines: one is lost, and the rest goes on.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CoroutineError, GuestTrap } from "./errors.ts";
import { ARCH_NAMES, bootHost } from "./testing/hosts.ts";

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
}
