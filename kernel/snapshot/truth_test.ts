// A machine that goes on from a snapshot does what the machine did that it was taken of, byte for
// byte. The same sweep over a thousand instants is `deno task snapshots`.
import { assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../testing/programs.ts";
import { sweep } from "../testing/truth_sweep.ts";

for (const arch of ARCH_NAMES) {
  Deno.test(`Machine.restore ${arch}, random programs go on the same from random instants`, async () => {
    const { faults, instants, elsewhere } = await sweep({
      arch,
      seed: 5,
      instants: 30,
      elsewhere: 5,
    });
    assertEquals(faults, []);
    assertEquals([instants >= 30, elsewhere >= 2], [true, true]);
  });
}
