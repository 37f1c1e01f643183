// Stacks that are full: whoever finds no room throws, in a method's prologue or a native stub's, and
// callers of every kind take it.
import { assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { assemble } from "../mod.ts";
import { followed } from "../testing/followed.ts";

/** Bytes of a thread's stack: one page for methods beside what is kept for native code. */
const STACK = 9n * 4096n;

/** Methods that main calls. */
const STARTS = sweep({ quick: ["opt"], full: ["opt", "jit", "int"] });

/** A method that takes the exception that a call below it throws. */
function taking(name: string, kind: string, callee: string): string {
  return `method ${name}(int n): int ${kind}
  local keep
  load n
  store keep
try:
  load keep
  load n
  iconst 1
  add
  invoke ${callee}
  add
  return_value
caught:
  pop
  load n
  return_value
  handler try caught caught StackOverflow
end`;
}

/** Each calls the next; those of two kinds take the exception, wherever it comes. */
const PROGRAM = assemble(`
${taking("opt", "optimized", "jit")}
method jit(int n): int jit
  local keep
  load n
  store keep
  load keep
  load n
  iconst 1
  add
  invoke int
  add
  return_value
end
${taking("int", "interpreter", "hop")}
method hop(int n): int interpreter
  load n
  iconst 1
  and
  iconst 1
  if_lt native
  load n
  invoke opt
  return_value
native:
  iconst @opt
  load n
  invoke upcall
  return_value
end
method main()
${STARTS.map((name) => `  iconst 1\n  invoke ${name}\n  invoke print`).join("\n")}
  return
end
`);

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, a full stack is an exception of whoever finds it`, async () => {
    const settings = { reserved: [0n, 0n, STACK] };
    const report = await followed(arch, PROGRAM, { every: 64, settings });
    assertEquals(report.mismatch, undefined);
    assertEquals(report.halted, "all tasks have ended");
    assertEquals(report.printed.length, STARTS.length);
    assertEquals(report.printed.every((sum) => sum > 30n), true);
  });
}
