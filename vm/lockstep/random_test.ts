// Random programs of all kinds, whose code is compiled, moved, replaced and freed while frames of it
// are live, and whose objects are moved meanwhile: at every instruction.
import { assert, assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { followed } from "../testing/followed.ts";
import { randomProgram } from "../testing/random_program.ts";
import { truthOf } from "../testing/truth.ts";

const NATIVES = ["collect", "tier", "move", "print", "spin", "yield", "sleep", "static_set"];

/** Least and most bytecodes of a program. */
const STEPS = sweep<readonly [number, number]>({ quick: [100, 250], full: [100, 1000] });

for (const arch of ARCH_NAMES) {
  Deno.test(`lockstep ${arch}, random programs while code and objects are moved`, async () => {
    let states = 0;
    for (let seed = 0; seed < sweep({ quick: 2, full: 100 }); seed++) {
      const { program, text } = randomProgram(seed, { natives: NATIVES, steps: STEPS });
      const report = await followed(arch, program, {
        every: 200,
        settings: {
          seed: BigInt(seed),
          jitAt: 2,
          optimizeAt: 4,
          collectInterval: 5000,
          heapSize: 16_384,
        },
      });
      assertEquals(report.mismatch, undefined, `seed ${seed}\n${text}`);
      assertEquals(report.printed, truthOf(program), `seed ${seed}`);
      assert(report.reference.threads.every(({ ended }) => ended), `seed ${seed}`);
      states += report.states;
    }
    assert(states > 300);
  });
}
