import { assert, assertEquals } from "@std/assert";
import { MUTEX_PROTOCOLS, type MutexProtocol } from "../locks/mod.ts";
import { createPolicy } from "../policies/registry.ts";
import { simulate } from "../simulator/simulator.ts";
import { CYCLE, pathfinder } from "./pathfinder.ts";

/** When the bus misses its cycle first, if it does, and the longest it takes. */
function fly(protocol: MutexProtocol, options: { policy?: string; communication?: number } = {}) {
  const { policy = "priority", communication } = options;
  const workload = pathfinder(protocol, communication);
  let reset: number | null = null;
  let longest = 0;
  let complete = 0;
  for (const event of simulate(workload, createPolicy(policy), { until: 20_000 })) {
    if (!("thread" in event) || workload.threads[event.thread]?.name !== "bus") continue;
    if (event.type === "miss") reset ??= event.time;
    if (event.type !== "complete") continue;
    complete++;
    longest = Math.max(longest, event.time - (event.deadline! - CYCLE));
  }
  return { reset, longest, complete };
}

Deno.test("pathfinder, is reset without a protocol: communications keep weather from unlocking", () => {
  const { reset, longest } = fly("none");
  assertEquals([reset, longest], [3 * CYCLE, 200]);
});

Deno.test("pathfinder, what is lost without a protocol grows with the communications", () => {
  const longest = [0, 100, 200, 300].map((more) =>
    fly("none", { communication: 1 + more }).longest
  );
  assertEquals(longest, [41, 141, 241, 341]);
});

for (const protocol of MUTEX_PROTOCOLS.filter((each) => each !== "none")) {
  Deno.test(`pathfinder, runs with ${protocol}: the bus waits for weather's section at most`, () => {
    for (const communication of [1, 160, 400]) {
      const { reset, longest, complete } = fly(protocol, { communication });
      assertEquals([reset, complete], [null, 160]);
      // Its own 30, and what is left of weather's 20.
      assert(longest === 40, `${longest}`);
    }
  });

  Deno.test(`pathfinder, runs with ${protocol} under rate and deadline monotonic as well`, () => {
    for (const policy of ["rm", "dm"]) {
      assertEquals(fly(protocol, { policy }), { reset: null, longest: 40, complete: 160 });
    }
  });
}
