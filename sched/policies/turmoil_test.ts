// Every policy of the registry, whatever becomes of its threads and their parameters.
import { assert } from "@std/assert";
import type { ParameterOptions } from "../parameters.ts";
import { cpusOf } from "../testing/instants.ts";
import { someCpus, turmoil } from "../testing/turmoil.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { Random } from "../../util/random.ts";
import { policyNames } from "./registry.ts";

/** Policies that may leave a CPU idle: threads are throttled, or have one CPU only. */
const MAY_IDLE: ReadonlySet<string> = new Set(["deadline", "linux", "pedf"]);

for (const name of policyNames()) {
  Deno.test(`${name}, keeps its contract, and no CPU idles while a thread is ready that it may run`, () => {
    const given = (random: Random, cpus: number): ParameterOptions => ({
      affinity: someCpus(random, cpus),
      priority: random.below(4),
      weight: random.between(1, 900),
      ...random.pick([{}, { period: random.between(5, 40), budget: random.between(0, 5) }]),
    });
    for (let seed = 0; seed < sweep({ quick: 8, full: 800 }); seed++) {
      for (const { host, cpus, ready, running } of turmoil(name, new Random(seed), given)) {
        if (MAY_IDLE.has(name)) continue;
        for (const thread of ready) {
          for (const cpu of cpusOf(host.parameters(thread), cpus)) {
            assert(running.has(cpu), `seed ${seed}: ${thread} waits, CPU ${cpu} idles`);
          }
        }
      }
    }
  });
}
