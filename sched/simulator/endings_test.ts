// Nothing hangs: whatever may be read comes to an end, or is refused.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { Fifo } from "../policies/sharing/fifo.ts";
import { createHostedPolicy, policyNames } from "../policies/registry.ts";
import { RoundRobin } from "../policies/sharing/round_robin.ts";
import { changedFile } from "../testing/changed_file.ts";
import { randomEverything } from "../testing/random_everything.ts";
import { GOOD_FILES } from "../testing/workload_files.ts";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import type { SimulationOptions } from "./conditions.ts";
import { readWorkload } from "./read_workload.ts";
import { prepareSimulation, simulate } from "./simulator.ts";
import type { GivenWorkload, ThreadSpec } from "./workload.ts";

/** Number of instants a simulation takes; it is over then. */
function instants(workload: GivenWorkload, options: SimulationOptions & { most: number }): number {
  const { most, ...rest } = options;
  const simulation = prepareSimulation(workload, {
    ...rest,
    policy: new RoundRobin({ quantum: 10 }),
    sink: { thread: () => {} },
  });
  let count = 1;
  for (; simulation.step(); count++) assert(count < most, `more than ${most} instants`);
  assertEquals(simulation.step(), false);
  return count;
}

Deno.test("simulate, jobs of no length take as many instants as releases", () => {
  const empty: ThreadSpec = { name: "a", period: 5, jobs: { pattern: "periodic" }, steps: [] };
  assertEquals(instants([empty], { until: 500, most: 200 }), 100);
  const burst: ThreadSpec = {
    ...empty,
    jobs: { pattern: "bursty", burst: 5_000, count: 10_000 },
  };
  assertEquals(instants([burst], { most: 11_000 }) <= 10_002, true);
});

Deno.test("simulate, sleeps and requests of no length pass in one instant", () => {
  const steps = Array.from(
    { length: 4_000 },
    (_, index) =>
      index % 2 === 0 ? { type: "sleep", time: 0 } as const : { type: "io", time: 0 } as const,
  );
  assert(instants([{ name: "a", steps }, { name: "b", steps }], { most: 30 }) < 30);
});

Deno.test("simulate, a thread that never blocks has the CPU until the end, if its policy lets it", () => {
  const forever = [{ type: "repeat", steps: [{ type: "run", time: 7 }] }] as const;
  const workload = [{ name: "a", steps: forever }, { name: "b", steps: forever }];
  const events = [...simulate(workload, new Fifo(), { until: 100_000 })];
  assertEquals(events.filter(({ type }) => type === "dispatch").length, 1);
});

Deno.test("simulate, a clock that is not exact any more is an error", () => {
  const steps = [{ type: "run", time: Number.MAX_SAFE_INTEGER } as const];
  const threads = [{ name: "a", steps }, { name: "b", steps }];
  const error = assertThrows(() => [...simulate(threads, new Fifo())], SchedError);
  assertEquals(error.kind, "invalid-workload");
  assert(error.message.includes("beyond what is exact"), error.message);
});

Deno.test("simulate, workloads without an end are refused without a time, in whatever they have none", () => {
  const run = { type: "run", time: 1 } as const;
  const endless: readonly Partial<ThreadSpec>[] = [
    { period: 9, jobs: { pattern: "periodic" } },
    { period: 9, jobs: { pattern: "sporadic", most: 9 } },
    { period: 9, jobs: { pattern: "bursty", burst: 2 } },
    { steps: [{ type: "repeat", times: 2, steps: [{ type: "repeat", steps: [run] }] }] },
  ];
  for (const spec of endless) {
    const threads = [{ name: "a", steps: [run], ...spec }];
    const error = assertThrows(() => [...simulate(threads, new Fifo())], SchedError);
    assertEquals([error.kind, error.value], ["invalid-option", undefined]);
    assert([...simulate(threads, new Fifo(), { until: 100 })].length > 1);
    const [first] = simulate(threads, new Fifo(), { until: Infinity });
    assertEquals(first?.time, 0);
  }
});

Deno.test("readWorkload and simulate, files changed at random are refused or come to an end", () => {
  const random = new Random(6);
  let simulated = 0;
  const rounds = sweep({ quick: 120, full: 8_000 });
  for (let round = 0; round < rounds; round++) {
    const file = changedFile(random, [GOOD_FILES[1], randomEverything(round, { cpus: 4 })]);
    const text = JSON.stringify(file);
    try {
      const { workload, simulation } = readWorkload(text);
      const policy = createHostedPolicy(random.pick(policyNames()), { quantum: 5 });
      const options = { cpus: 4, ...simulation, until: 3_000 };
      let events = 0;
      for (const event of simulate(workload, policy, options)) {
        assert(++events < 3_000_000, "too many events");
        assert(event.type !== "policy-fault" || event.fault.why.includes("expected at most"));
      }
      simulated++;
    } catch (error) {
      if (!(error instanceof SchedError)) throw new Error(`file ${text}`, { cause: error });
      assert(["invalid-workload", "deadlock"].includes(error.kind), error.message);
    }
  }
  assert(simulated > rounds / 30, `${simulated} only`);
});
