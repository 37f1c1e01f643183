import { assert, assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { FluidShare } from "./fluid_share.ts";

Deno.test("FluidShare, one CPU is shared by weight among those who want to run", () => {
  const fluid = new FluidShare(Float64Array.of(1, 3), 1);
  fluid.join(0, 0);
  fluid.join(1, 10);
  assertEquals(fluid.got(0, 10), 10);
  assertEquals([fluid.got(0, 18), fluid.got(1, 18)], [12, 6]);
  fluid.leave(1, 18);
  assertEquals(fluid.got(0, 20), 14);
  fluid.join(1, 20);
  assertEquals(fluid.got(1, 24), 3, "what it got before it left is past");
});

Deno.test("FluidShare, nobody gets more than a CPU, and the others share the rest", () => {
  // Of 3 CPUs the weights 10, 2, 1, 1 would give 2.1 to the first.
  const fluid = new FluidShare(Float64Array.of(10, 2, 1, 1), 3);
  for (const thread of [2, 0, 3, 1]) fluid.join(thread, 0);
  assertEquals([0, 1, 2, 3].map((thread) => fluid.got(thread, 8)), [8, 8, 4, 4]);
  fluid.leave(1, 8);
  assertEquals([0, 2, 3].map((thread) => fluid.got(thread, 10)), [10, 6, 6]);
});

Deno.test("FluidShare, agrees with shares found anew at each of 3,000 random changes", () => {
  const random = new Random(2);
  const weights = Float64Array.from({ length: 20 }, () => random.between(1, 100));
  const cpus = 4;
  const fluid = new FluidShare(weights, cpus);
  const active = new Map<number, number>();
  let now = 0;
  for (let round = 0; round < 3_000; round++) {
    const elapsed = random.between(0, 9);
    now += elapsed;
    // By the definition: give whole CPUs out until no share is larger.
    let left = cpus;
    const sharing = new Set(active.keys());
    const sum = (): number => [...sharing].reduce((total, each) => total + weights[each]!, 0);
    for (let again = true; again;) {
      again = false;
      for (const thread of sharing) {
        if (left > 0 && weights[thread]! * left >= sum()) {
          sharing.delete(thread);
          active.set(thread, active.get(thread)! + elapsed);
          left--;
          again = true;
          break;
        }
      }
    }
    for (const thread of sharing) {
      active.set(thread, active.get(thread)! + elapsed * left * weights[thread]! / sum());
    }
    for (const [thread, got] of active) assert(Math.abs(fluid.got(thread, now) - got) < 1e-6);
    const thread = random.below(20);
    if (active.delete(thread)) fluid.leave(thread, now);
    else {
      fluid.join(thread, now);
      active.set(thread, 0);
    }
  }
});
