// Stack frames through linked stacks, wherever a coroutine is.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { sweep } from "../util/testing/sweep.ts";
import { CoroutineError } from "./errors.ts";
import type { CoroutineFrame } from "./frames.ts";
import type { CoroutineHost } from "./host.ts";
import { ARCH_NAMES, bootHost } from "./testing/hosts.ts";
import type { HostFunction } from "./yielder.ts";

/** Functions and stacks, as lines. */
function linesOf(frames: readonly CoroutineFrame[]): string[] {
  return frames.map(({ function: name, stack }) => `${name} on ${stack.name ?? stack.kind}`);
}

/** Instructions between two walks. */
const STRIDE = sweep({ quick: 13, full: 1 });

for (const arch of ARCH_NAMES) {
  Deno.test(`Coroutine.frames ${arch}, of fresh, suspended, running and ended ones`, () => {
    const inside: string[][] = [];
    const ask: HostFunction = () => {
      inside.push(linesOf(asker.frames()), linesOf(other.frames()), linesOf(host.frames()));
      return 1;
    };
    using host: CoroutineHost = bootHost(arch, { imports: { ask } });
    const other = host.coroutine("echo");
    const asker = host.coroutine("asker");
    assertEquals([asker.frames(), other.frames()], [[], []]);
    other.next(1);
    asker.next(1);
    const suspended = ["coro_switch_yield", "coro_yield", "echo"];
    assertEquals(
      linesOf(other.frames()).slice(0, 3),
      suspended.map((name) => `${name} on echo`),
    );
    assertEquals(linesOf(other.frames()).at(-1), "coro_init_trampoline on echo");
    const [running = [], waiting, all] = inside;
    assertEquals(waiting, linesOf(other.frames()));
    assertEquals(running, all);
    assertEquals(running.slice(0, 2), ["coro_agent_import on asker", "asker on asker"]);
    const root = running.indexOf("coro_init_trampoline on asker");
    assertEquals(running[root + 1], "coro_switch_and_link on thread");
    assertEquals(running.at(-1), "_start on thread");
    asker.return();
    assertEquals(asker.frames(), []);
  });

  Deno.test(`Coroutine.frames ${arch}, one that waits for others begins with its own`, () => {
    const lines: string[][] = [];
    const ask: HostFunction = (_, depth = 0n) => {
      if (depth === 0n) {
        lines.push(linesOf(outer.frames()), linesOf(host.frames()));
        return 1;
      }
      return host.coroutine("asker").next(depth - 1n).value ?? 0n;
    };
    using host: CoroutineHost = bootHost(arch, { imports: { ask } });
    const outer = host.coroutine("asker");
    outer.next(2);
    const [own = [], all = []] = lines;
    assertEquals(all.slice(-own.length), own);
    assertEquals(own.filter((line) => line === "asker on asker").length, 1);
    assertEquals(all.filter((line) => line === "asker on asker").length, 3);
    assertEquals(all.filter((line) => line.startsWith("coro_init_trampoline")).length, 3);
  });

  Deno.test(`CoroutineHost.frames ${arch}, at each instruction they lead to the thread's end`, () => {
    const ask: HostFunction = (yielder, word = 0n) => yielder.yield(word);
    using host = bootHost(arch, { imports: { ask }, budget: STRIDE });
    // What is small enough for the budget is done in several parts.
    const whole = (act: () => unknown): number => {
      let parts = 0;
      const check = (error: CoroutineError) => {
        assertEquals(error.kind, "budget");
        const frames = host.frames();
        const lines = linesOf(frames);
        assertEquals(lines.at(-1), "_start on thread", lines.join(", "));
        assert(frames.every(({ frame }) => frame.certainty === "exact"), lines.join(", "));
        const links = frames.map(({ stack }) => stack.link);
        const changes = links.filter((link, i) => link !== links[i - 1]);
        assertEquals(new Set(changes).size, changes.length, "each stack is walked once");
        parts++;
      };
      check(assertThrows(act, CoroutineError));
      while (host.isBroken) {
        try {
          host.proceed(STRIDE);
        } catch (error) {
          check(error as CoroutineError);
        }
      }
      return parts;
    };
    // No coroutine can be made in so few instructions: one is made at another time.
    assert(whole(() => host.coroutine("relay")) > 5);
    const [relay] = host.coroutines;
    assert(relay !== undefined);
    let parts = 0;
    for (const input of [2, 5, 8, 3, 7]) parts += whole(() => relay.next(input));
    assert(parts > 100 / STRIDE, `${parts}`);
    assertEquals(relay.state, "suspended");
  });
}
