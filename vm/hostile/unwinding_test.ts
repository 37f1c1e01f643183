// Exceptions and forced unwinding, begun in each kind of code, through each kind, taken in each.
import { assert, assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { Reference } from "../mod.ts";
import { followed } from "../testing/followed.ts";
import { unwindingProgram, WAYS } from "../testing/unwinding_program.ts";

/** Ways that are followed in one run. */
const RUN = 45;

/** In the quick sweep one of so many: a prime, so that all kinds and causes are among them. */
const STRIDE = 29;

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, exceptions go through all kinds of code`, async () => {
    const ways = WAYS.filter((_, i) => sweep({ quick: i % STRIDE === 5, full: true }));
    for (let i = 0; i < ways.length; i += RUN) {
      const program = unwindingProgram(ways.slice(i, i + RUN));
      const report = await followed(arch, program, { every: 64 });
      assertEquals(report.mismatch, undefined);
      assertEquals(report.halted, "all tasks have ended");
      const truth = new Reference(program);
      truth.run();
      assertEquals(report.printed, truth.output);
      // Each has been seen on its way, and taken.
      assert(report.printed.length >= 2 * ways.slice(i, i + RUN).length);
    }
  });
}
