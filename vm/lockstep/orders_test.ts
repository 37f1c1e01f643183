// Calls through all kinds of code in every order up to depth five, at every instruction.
import { assert, assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { followed } from "../testing/followed.ts";
import { ORDER_COUNT, orderOf, orderProgram } from "../testing/order_program.ts";
import { truthOf } from "../testing/truth.ts";

/** Orders that are followed in one run. */
const RUN = 32;

/** In the quick sweep one of so many orders: they are a prime apart, so that all kinds are at each level. */
const STRIDE = 257;

for (const arch of ARCH_NAMES) {
  Deno.test(`lockstep ${arch}, calls through all kinds in every order`, async () => {
    const numbers = Array.from({ length: ORDER_COUNT }, (_, i) => i)
      .filter((i) => sweep({ quick: i % STRIDE === 27, full: true }));
    const kinds = new Set<string>();
    let deepest = 0;
    for (let i = 0; i < numbers.length; i += RUN) {
      const program = orderProgram(numbers.slice(i, i + RUN).map(orderOf));
      const report = await followed(arch, program);
      assertEquals(report.mismatch, undefined, `orders ${numbers[i]} and ${RUN - 1} more`);
      assertEquals(report.printed, truthOf(program));
      for (const kind of Object.keys(report.kinds)) kinds.add(kind);
      deepest = Math.max(deepest, report.deepest);
      assert(report.anchored > 0);
    }
    for (const kind of ["interpreter", "jit", "optimized", "adapter", "native-stub", "native"]) {
      assert(kinds.has(kind), kind);
    }
    assert(deepest >= 20);
  });
}
