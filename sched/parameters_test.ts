import { assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "./errors.ts";
import {
  checkParameters,
  DEFAULT_PARAMETERS,
  niceWeight,
  type ParameterOptions,
} from "./parameters.ts";

const of = { cpus: 4, thread: "thread 7" };

Deno.test("checkParameters, makes the choices left open", () => {
  assertEquals(checkParameters({}, of), DEFAULT_PARAMETERS);
  const { weight, deadline } = checkParameters({ nice: -5, period: 20 }, of);
  assertEquals([weight, deadline], [3121, 20]);
  const given = checkParameters({ nice: 5, weight: 3, period: 20, deadline: 10 }, of);
  assertEquals([given.weight, given.deadline], [3, 10]);
  assertEquals(checkParameters({ affinity: [0, 3] }, of).affinity, [0, 3]);
});

Deno.test("checkParameters, refuses what makes no sense, naming thread, field and expectation", () => {
  const cases: [ParameterOptions, string][] = [
    [{ priority: 256 }, "priority 256: expected an integer from 0 to 255"],
    [{ priority: -1 }, "priority -1: expected an integer from 0 to 255"],
    [{ priority: 1.5 }, "priority 1.5: expected an integer from 0 to 255"],
    [{ priority: NaN }, "priority NaN: expected an integer from 0 to 255"],
    [{ priority: "9" as never }, "priority 9: expected an integer from 0 to 255"],
    [{ nice: 20 }, "nice 20: expected an integer from -20 to 19"],
    [{ weight: 0 }, "weight 0: expected an integer from 1 to 1048576"],
    [{ period: -3 }, "period -3: expected an integer from 0 to 9007199254740991"],
    [{ budget: 9, period: 8 }, "budget 9: expected at most the period, 8"],
  ];
  for (const affinity of [[], [4], [1, 1], [2, 0], [0.5], 3 as never]) {
    const found = Array.isArray(affinity) ? `[${affinity}]` : affinity;
    cases.push([
      { affinity },
      `affinity ${found}: expected a list of CPUs from 0 to 3, at least one, ascending`,
    ]);
  }
  for (const [options, message] of cases) {
    const error = assertThrows(() => checkParameters(options, of), SchedError);
    assertEquals([error.kind, error.message], [
      "invalid-parameter",
      `Cannot give thread 7 the ${message}`,
    ]);
  }
});

Deno.test("niceWeight, each nice value is worth about a quarter more than the next", () => {
  assertEquals([niceWeight(-20), niceWeight(0), niceWeight(19)], [88761, 1024, 15]);
  for (let nice = -20; nice < 19; nice++) {
    const ratio = niceWeight(nice) / niceWeight(nice + 1);
    assertEquals(ratio > 1.15 && ratio < 1.35, true, `${nice}: ${ratio}`);
  }
});
