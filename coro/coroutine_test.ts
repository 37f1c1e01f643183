// A guest function feels like a generator.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CoroutineError } from "./errors.ts";
import { ARCH_NAMES, bootHost } from "./testing/hosts.ts";
import { number, signed, text } from "./words.ts";

for (const arch of ARCH_NAMES) {
  Deno.test(`Coroutine.next ${arch}, values go in and come out until the body returns`, () => {
    using host = bootHost(arch);
    using echo = host.coroutine("echo");
    assertEquals(echo.state, "fresh");
    assertEquals(echo.next(5), { done: false, value: 6n });
    assertEquals(echo.state, "suspended");
    assertEquals(echo.next((1n << 64n) - 2n), { done: false, value: (1n << 64n) - 1n });
    assertEquals(echo.next(-1n), { done: false, value: 0n });
    assertEquals(echo.next(true), { done: false, value: 2n });
    assertEquals(echo.next(), { done: true, value: 77n });
    assertEquals(echo.state, "finished");
    assertEquals(echo.next(5), { done: true, value: undefined });
    assertEquals(echo.stack, undefined);
  });

  Deno.test(`Coroutine ${arch}, is an iterator: loops, spreads, helpers, and breaks drop it`, () => {
    using host = bootHost(arch);
    const seen: bigint[] = [];
    const fibonacci = host.coroutine("fibonacci");
    for (const value of fibonacci) {
      if (value > 100n) break;
      seen.push(value);
    }
    assertEquals(seen, [0n, 1n, 1n, 2n, 3n, 5n, 8n, 13n, 21n, 34n, 55n, 89n]);
    assertEquals(fibonacci.state, "finished");
    const even = host.coroutine("fibonacci").filter((value) => value % 2n === 0n).take(5);
    assertEquals([...even], [0n, 2n, 8n, 34n, 144n]);
    assertEquals(host.coroutines, []);
  });

  Deno.test(`Coroutine ${arch}, many at once, each where it is`, () => {
    using host = bootHost(arch);
    const all = Array.from({ length: 40 }, () => host.coroutine("fibonacci", { stackSize: 8192 }));
    all.forEach((each, i) => {
      for (let turn = 0; turn < i; turn++) each.next();
    });
    const plain = [0n, 1n];
    while (plain.length < 40) plain.push((plain.at(-1) ?? 0n) + (plain.at(-2) ?? 0n));
    assertEquals(all.map((each) => each.next().value), plain);
    assertEquals(host.coroutines.length, 40);
    assertEquals(new Set(host.coroutines), new Set(all));
    const pages = host.machine.tasks[1]?.mappings.length ?? 0;
    for (const each of all) each[Symbol.dispose]();
    assertEquals(host.coroutines, []);
    assert((host.machine.tasks[1]?.mappings.length ?? 0) < pages - 30, "stacks are given back");
  });

  Deno.test(`Coroutine ${arch}, values are read as asked for`, () => {
    using host = bootHost(arch);
    const words = host.coroutine("words", { yields: text, returns: text });
    const results: (string | undefined)[] = [];
    for (let step = words.next(); results.push(step.value), step.done !== true;) {
      step = words.next();
    }
    assertEquals(results, ["stack", "frame", "end"]);
    using echo = host.coroutine("echo", { yields: signed, returns: number });
    assertEquals(echo.next(-5).value, -4n);
    assertEquals(echo.next(0).value, 77);
  });

  Deno.test(`Coroutine.resume ${arch}, one that has ended is an error`, () => {
    using host = bootHost(arch);
    using echo = host.coroutine("echo");
    assertEquals(echo.resume(1), { done: false, value: 2n });
    assertEquals(echo.resume(0), { done: true, value: 77n });
    const error = assertThrows(() => echo.resume(1), CoroutineError);
    assertEquals([error.kind, error.message], [
      "finished",
      "Cannot resume echo: it has finished, expected it to be fresh or suspended",
    ]);
  });

  Deno.test(`Coroutine.return ${arch}, of fresh, suspended and ended ones`, () => {
    using host = bootHost(arch);
    const fresh = host.coroutine("echo");
    assertEquals(fresh.return(4n), { done: true, value: 4n });
    assertEquals(fresh.next(1), { done: true, value: undefined });
    const suspended = host.coroutine("echo");
    suspended.next(1);
    assertEquals(suspended.return(), { done: true, value: undefined });
    assertEquals(suspended.state, "finished");
    assertEquals(suspended.return(9n), { done: true, value: 9n });
  });

  Deno.test(`Coroutine.throw ${arch}, in C nothing catches it: the error comes back`, () => {
    using host = bootHost(arch);
    const error = new RangeError("from the host");
    for (const before of [0, 1, 2]) {
      const echo = host.coroutine("echo");
      for (let i = 0; i < before; i++) echo.next(1);
      assertEquals(assertThrows(() => echo.throw(error)), error);
      assertEquals(echo.next(1), { done: true, value: undefined });
      assertEquals(assertThrows(() => echo.throw(error)), error);
    }
    assertEquals(host.coroutines, []);
  });

  Deno.test(`Coroutine ${arch}, its object is on its stack and dropped once`, () => {
    using host = bootHost(arch);
    const object = Uint8Array.from({ length: 200 }, (_, i) => i + 1);
    const make = (first: number) => {
      const holder = host.coroutine("holder", {
        object: Uint8Array.of(first, ...object),
        drop: "count_drop",
      });
      return holder;
    };
    const whole = make(7);
    const { value: address = 0n } = whole.next(1000);
    const { limit = 0n, base = 0n } = whole.stack ?? {};
    assertEquals(address % 16n, 0n);
    assert(address >= limit && address + 201n <= base - 16n);
    assertEquals(host.memory.read(address, 201).subarray(1), object);
    assertEquals(host.call("drops"), 0n);
    assertEquals(whole.next(201), { done: true, value: 1007n + 100n * 201n });
    assertEquals(host.call("drops"), 0x107n);
    make(8).return();
    assertEquals(host.call("drops"), 0x208n);
    {
      using dropped = make(9);
      dropped.next(0);
    }
    assertEquals(host.call("drops"), 0x309n);
    const thrown = make(10);
    thrown.next(0);
    assertThrows(() => thrown.throw(new Error()));
    assertEquals(host.call("drops"), 0x40an);
  });

  Deno.test(`Coroutine ${arch}, bad use is an error that says what was expected`, () => {
    using host = bootHost(arch);
    using echo = host.coroutine("echo");
    const cases: readonly [() => unknown, CoroutineError["kind"], string][] = [
      [() => host.coroutine("nobody"), "function", "Cannot find nobody in coroutines: expected"],
      [() => host.coroutine("dropped"), "function", "found one of type object"],
      [() => host.coroutine("echo", { drop: "none" }), "function", "Cannot find none"],
      [
        () => host.coroutine("echo", { stackSize: 0 }),
        "stack",
        "expected a multiple of 16 from 16",
      ],
      [() => host.coroutine("echo", { stackSize: 8200 }), "stack", "8200 bytes: expected a mult"],
      [() => host.coroutine("echo", { stackSize: NaN }), "stack", "a stack of NaN bytes"],
      [() => host.coroutine("echo", { stackSize: 2 ** 40 }), "stack", "to 1073741824"],
      [
        () => host.coroutine("holder", { object: new Uint8Array(513) }),
        "value",
        "an object of 513 bytes: expected at most 512",
      ],
      [() => echo.next(1n << 64n), "value", "input of echo: expected an integer from -2^63"],
      [() => echo.next(0.5), "value", "Cannot use 0.5 as input of echo"],
      [() => echo.next("1" as unknown as number), "value", 'Cannot use "1" as input of echo'],
      [
        () => host.call("drops", 1, 2, 3, 4, 5, 6, 7),
        "value",
        "with 7 arguments: expected at most 6",
      ],
      [() => host.proceed(), "busy", "Cannot proceed: expected an operation that was broken off"],
      [() => host.memory.allocate(0), "value", "Cannot allocate 0 bytes: expected a positive"],
    ];
    for (const [act, kind, words] of cases) {
      const error = assertThrows(act, CoroutineError);
      assertEquals(error.kind, kind, error.message);
      assert(error.message.includes(words), error.message);
    }
    assertEquals(echo.next(1), { done: false, value: 2n }, "goes on");
    echo[Symbol.dispose]();
    echo[Symbol.dispose]();
    for (const act of [() => echo.next(), () => echo.return(), () => echo.throw(new Error())]) {
      assertEquals(assertThrows(act, CoroutineError).kind, "disposed");
    }
    const other = host.coroutine("echo");
    host[Symbol.dispose]();
    for (
      const act of [() => other.next(), () => host.coroutine("echo"), () => host.call("drops")]
    ) {
      assertEquals(assertThrows(act, CoroutineError).kind, "disposed");
    }
    other[Symbol.dispose]();
  });
}
