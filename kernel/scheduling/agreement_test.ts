// The machine and the simulator decide the same, decision by decision, under every policy.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { policyNames } from "../../sched/policies/registry.ts";
import { Random } from "../../util/random.ts";
import { everySecond, sweep } from "../../util/testing/sweep.ts";
import { accountsOf, START } from "../testing/agreement.ts";
import { ARCH_NAMES } from "../testing/programs.ts";

/** Policies under which little is decided beside a program that computes for ever. */
const UNTIL_IT_BLOCKS: ReadonlySet<string> = new Set(["fifo", "sjf"]);

/**
 * Periodic, CPU-bound and interactive programs with parameters for every kind of policy, in part
 * overloaded.
 */
function randomPrograms(random: Random, policy: string): string[] {
  const count = random.between(1, 4);
  const periodic = Array.from({ length: count }, () => {
    const period = random.between(2_500, 9_000);
    const time = random.between(150, Math.floor(period / count));
    const parameters = [
      `period=${period}`,
      `deadline=${random.between(period / 2 | 0, period)}`,
      `budget=${Math.min(period, Math.floor(time * 1.3) + random.between(0, 400))}`,
      `priority=${random.between(20, 60)}`,
      `weight=${random.between(1, 4_000)}`,
    ];
    return `periodic ${START} 1000000 ${time} ${parameters.join(" ")}`;
  });
  const busy = Array.from(
    { length: UNTIL_IT_BLOCKS.has(policy) ? 0 : random.between(1, 3) },
    () =>
      `busy ${START} 100000000 nice=${random.between(-10, 10)} priority=${random.between(1, 30)}`,
  );
  const bursts = Array.from({ length: random.between(0, 2) }, () => {
    const pause = random.below(3) === 0 ? 0 : random.between(300, 5_000);
    const parameters = `nice=${random.between(-10, 10)} priority=${random.between(1, 60)}`;
    return `bursts ${START} 1000000 ${random.between(200, 3_000)} ${pause} ${parameters}`;
  });
  return [...periodic, ...busy, ...bursts];
}

for (const arch of ARCH_NAMES) {
  for (const policy of everySecond(policyNames(), ARCH_NAMES.indexOf(arch))) {
    Deno.test(`Simulation ${arch}, under ${policy} decides what the machine does, given what it has recorded`, () => {
      let lines = 0;
      for (let seed = 1; seed <= sweep({ quick: 1, full: 25 }); seed++) {
        const random = new Random(seed);
        const { machine, simulator } = accountsOf({
          arch,
          policy,
          programs: randomPrograms(random, policy),
          quantum: random.between(600, 4_000),
          length: sweep({ quick: 40_000, full: 120_000 }),
        });
        assertEquals(simulator, machine, `seed ${seed}`);
        lines += machine.length;
      }
      assert(lines >= 30, `${lines}`);
    });
  }
}

Deno.test("Simulation, without what decisions have cost it decides otherwise", () => {
  const programs = [
    `periodic ${START} 1000 900 period=3000`,
    `periodic ${START} 1000 1500 period=4100`,
    `busy ${START} 1000000`,
  ];
  const run = { arch: "x86_64", policy: "edf", programs, length: 40_000 } as const;
  const { machine, simulator } = accountsOf({ ...run, cost: 0 });
  assertNotEquals(simulator, machine);
});

Deno.test("Simulation, a single instruction more for a single decision is seen under every policy", () => {
  const programs = [
    `periodic ${START} 1000000 900 period=6000 budget=1800 priority=40`,
    `periodic ${START} 1000000 1500 period=9100 budget=2500 priority=35`,
  ];
  for (const [i, policy] of policyNames().entries()) {
    const arch = ARCH_NAMES[i % 2]!;
    const run = { arch, policy, programs, quantum: 3_000, length: 8_000, off: 1 };
    const { machine, simulator } = accountsOf(run);
    assertNotEquals(simulator, machine, policy);
  }
});
