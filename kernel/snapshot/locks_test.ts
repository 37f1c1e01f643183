// A machine whose threads hold mutexes and wait goes on from a snapshot as it would have without:
// events and state, byte for byte, by way of a file.
import { assert, assertEquals } from "@std/assert";
import { ARCHES } from "../../arch/mod.ts";
import { DONATION_SCENARIOS } from "../../sched/testing/donation.ts";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import type { MachineOptions } from "../machine_options.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { stepsProgram } from "../testing/steps_program.ts";
import { cutRun, findDifference, Recording } from "../testing/truth.ts";
import { decodeSnapshot, encodeSnapshot } from "./file.ts";

const SCENARIOS = sweep<readonly string[]>({
  quick: ["donate-chain"],
  full: ["donate-chain", "sema", "condvar"],
});

for (const arch of ARCH_NAMES) {
  Deno.test(`Machine.from ${arch}, locks and waits go on from any instant`, () => {
    const programs = SCENARIOS.map((wanted) => {
      const { workload } = DONATION_SCENARIOS.find(({ name }) => name === wanted)!;
      return stepsProgram(arch, workload);
    });
    const modules = programs.map((program) => {
      assert(typeof program !== "string");
      return program;
    });
    modules.push({ commandLine: "locking conditions", bytes: programFile("locking", arch) });
    const options: MachineOptions = {
      ...{ arch: ARCHES[arch], modules, memory: 8 * 2 ** 20, policy: "rr", quantum: 700 },
    };
    const count = sweep({ quick: 4, full: 100 });
    const run = cutRun(options, { random: new Random(7), count });
    const kinds = new Set<string>();
    for (const [i, events] of run.events.entries()) {
      using other = new Recording(decodeSnapshot(encodeSnapshot(run.snapshots[i]!)));
      for (const { wait } of other.machine.threads) kinds.add(wait?.kind ?? "");
      const instant = `instant ${run.instants[i]}`;
      assertEquals(other.runTo(run.instants[i + 1]!), events, instant);
      assertEquals(findDifference(other.machine.snapshot(), run.snapshots[i + 1]!), null, instant);
    }
    const seen = ["mutex", "semaphore", "condition", "futex"].filter((kind) => kinds.has(kind));
    assert(seen.length >= sweep({ quick: 1, full: 4 }), `${seen}`);
  });
}
