import { assert, assertEquals, assertThrows } from "@std/assert";
import { readSimso } from "../../../simso/mod.ts";
import { COMPARISONS, drawFile } from "./report.ts";
import { countEvents, difference } from "./trace.ts";

const ONE = "0 release 0 0\n0 dispatch 0 0 0\n2 release 1 0\n2 complete 0 0\n2 dispatch 1 0 0\n";

Deno.test("difference, the order within an instant is no difference, everything else is", () => {
  const lines = ONE.trim().split("\n");
  const swapped = [lines[1], lines[0], lines[4], lines[2], lines[3]].join("\n");
  assertEquals([difference(ONE, swapped, true), countEvents(ONE)], [null, 5]);
  const changes: [string, string, string][] = [
    ["2 complete 0 0\n", "", "at 2 ours has complete 0 0, dispatch 1 0 0, release 1 0, SimSo "],
    ["2 dispatch 1 0 0", "3 dispatch 1 0 0", "at 2 ours has "],
    [
      "dispatch 0 0 0",
      "dispatch 0 0 1",
      "at 0 ours has dispatch 0 0 0, release 0 0, SimSo dispatch",
    ],
    ["release 1 0", "release 1 1", "at 2 "],
    ["complete 0 0", "preempt 0 0", "at 2 "],
  ];
  for (const [from, to, text] of changes) {
    assertEquals(difference(ONE, ONE.replace(from, to), true)?.startsWith(text), true, text);
  }
  assertEquals(difference(ONE, `${ONE}3 miss 1 0`, true), "at 3 ours has nothing, SimSo miss 1 0");
  assertThrows(() => difference(ONE, "0 release 0", true), Error, '"0 release 0"');
});

Deno.test("difference, where CPUs do not count a job that moves has not stopped", () => {
  const there = "0 dispatch 0 0 1\n5 preempt 0 0\n5 dispatch 1 0 1\n5 dispatch 0 0 0";
  const here = "0 dispatch 0 0 0\n5 dispatch 1 0 1";
  assertEquals(difference(here, there, false), null);
  assertEquals(difference(here, there, true)?.startsWith("at 0 "), true);
  assertEquals(difference(here, here.replace("5 dispatch", "6 dispatch"), false) !== null, true);
});

Deno.test("drawFile, our reader takes each file, and no two jobs come or are due at one time where that matters", () => {
  for (const comparison of COMPARISONS) {
    for (let seed = 0; seed < 4; seed++) {
      const file = readSimso(drawFile(comparison, { seed, jobs: 500 }));
      assertEquals(file.scheduler, `simso.schedulers.${comparison.scheduler}`);
      assertEquals([file.simulation.cpus, file.simulation.switchCost], [comparison.cpus, 0]);
      const { threads } = file.workload;
      const jobs = threads.reduce((sum, { period = 0 }) => sum + file.simulation.until / period, 0);
      assert(Math.abs(jobs - 500) < 5, `${jobs}`);
      if (comparison.cpus === 1 && seed % 2 === 0) continue;
      const residues = threads.flatMap(({ arrival, period = 0, deadline = 0 }) => {
        assertEquals([period % 32, deadline % 32], [0, 0]);
        return [Number(arrival) % 32];
      });
      assertEquals(new Set(residues).size, threads.length);
    }
  }
});
