// Random programs that use every local, operand and parameter there can be: at every instruction.
import { assert, assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { sweep } from "../../util/testing/sweep.ts";
import type { WantedKind } from "../mod.ts";
import { followed } from "../testing/followed.ts";
import { wideProgram } from "../testing/wide_program.ts";

const STEPS = sweep<readonly [number, number]>({ quick: [100, 200], full: [100, 1500] });
/** Mostly code that has no place of its own for an operand. */
const KINDS: readonly WantedKind[] = ["optimized", "optimized", "jit", "interpreter"];

for (const arch of ARCH_NAMES) {
  Deno.test(`lockstep ${arch}, methods with as many variables as there can be`, async () => {
    let states = 0;
    for (let seed = 0; seed < sweep({ quick: 2, full: 150 }); seed++) {
      const { program, text } = wideProgram(seed, { kinds: KINDS, steps: STEPS });
      const { mismatch, states: seen } = await followed(arch, program, { every: 200 });
      assertEquals(mismatch, undefined, `seed ${seed}\n${text}`);
      states += seen;
    }
    assert(states > 150);
  });
}
