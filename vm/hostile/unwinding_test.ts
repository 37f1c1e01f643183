// Exceptions and forced unwinding, begun in each kind of code, through each kind, taken in each.
import { assert, assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { followed } from "../testing/followed.ts";
import { runVm } from "../testing/run_vm.ts";
import { unwindingProgram, WAYS } from "../testing/unwinding_program.ts";
import { truthOf } from "../testing/truth.ts";

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
      assertEquals(report.printed, truthOf(program));
      // Each has been seen on its way, and taken.
      assert(report.printed.length >= 2 * ways.slice(i, i + RUN).length);
    }
  });
}

/** Throws at the first bytecode of a handler's range, inside of it, and at the one behind it. */
const EDGES = ["optimized", "jit", "interpreter"].map((kind) => `
method edge_${kind}(int at): int ${kind}
  local box
  new Box
  store box
  load at
  iconst 1
  if_lt first
  load at
  iconst 2
  if_lt last
  null
  goto behind
first:
  null
try:
  geti 0
  return_value
last:
  null
  geti 0
  pop
  null
behind:
  geti 0
  return_value
caught:
  pop
  load box
  geti 0
  return_value
  handler try behind caught any
end
method edges_${kind}(int at): int ${kind}
try:
  load at
  invoke edge_${kind}
  return_value
outside:
  pop
  iconst 9
  return_value
  handler try outside outside any
end`).join("\n");

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, a handler's range ends before the bytecode it names`, async () => {
    const calls = ["optimized", "jit", "interpreter"].flatMap((kind) =>
      [0, 1, 2].map((at) => `  iconst ${at}\n  invoke edges_${kind}\n  invoke print`)
    );
    const text = `class Box refs 0 ints 1\nmethod main()\n${
      calls.join("\n")
    }\n  return\nend${EDGES}`;
    const { output } = await runVm(arch, text);
    assertEquals(output, "0\n0\n9\n".repeat(3));
  });
}
