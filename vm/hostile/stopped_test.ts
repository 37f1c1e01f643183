// Threads that have stopped anywhere: preempted in methods of all kinds, in each adapter, in stubs and
// in native code, or waiting in a system call. Walked from where they are, while others run and their
// objects are moved.
import { assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { assemble } from "../mod.ts";
import { followed } from "../testing/followed.ts";

const TURNS = sweep({ quick: 1, full: 5 });

/** Calls methods of the other kinds, one after the other, and keeps a reference meanwhile. */
function level(
  name: string,
  { kind, callees }: { readonly kind: string; readonly callees: readonly [string, string] },
): string {
  const [first, second] = callees.map((callee) => `
  load n
  iconst 1
  sub
  load own
  invoke ${callee}`);
  return `method ${name}(int n, ref box): int ${kind}
  local own
  load box
  store own
  load n
  iconst 1
  if_lt bottom${first}${second}
  add
  return_value
bottom:
  load own
  load box
  same
  return_value
end`;
}

const PROGRAM = assemble(`class Box refs 1 ints 1
${level("opt", { kind: "optimized", callees: ["jit", "int"] })}
${level("jit", { kind: "jit", callees: ["opt", "int"] })}
${level("int", { kind: "interpreter", callees: ["opt", "jit"] })}
method hop(int n): int jit
  load n
  new Box
  invoke opt
  return_value
end
method work(int index): int interpreter
  local turn sum
  iconst 0
  store turn
  iconst 0
  store sum
again:
  iconst ${sweep({ quick: 2, full: 3 })}
  new Box
  invoke opt
  iconst ${sweep({ quick: 2, full: 4 })}
  new Box
  invoke jit
  add
  iconst @hop
  iconst 1
  invoke blind
  add
  load sum
  add
  store sum
  iconst 400
  invoke sleep
  iconst 20
  invoke spin
  inc turn 1
  load turn
  iconst ${TURNS}
  if_lt again
  load sum
  return_value
end
method main()
  local first second
  iconst @work
  iconst 1
  invoke start
  store first
  iconst @work
  iconst 2
  invoke start
  store second
  iconst 0
  invoke work
  load first
  invoke join
  load second
  invoke join
  invoke print
  return
end
`);

/** Where a thread stops; in the quick sweep there are not enough stops for all. */
const PLACES = [
  ...["interpreter", "jit", "optimized", "native", "system call"],
  ...sweep({
    quick: [],
    full: ["native-stub", "@int>jit", "@int>opt", "@jit>int", "@jit>opt", "@opt>int", "@opt>jit"],
  }),
];

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, threads are walked wherever they have stopped`, async () => {
    const report = await followed(arch, PROGRAM, {
      every: 64,
      settings: { seed: 5n, collectInterval: 4000, heapSize: 0x8000 },
      machine: { quantum: 251, seed: 9 },
      beforeEach({ cpu }) {
        // AArch64 faults at a stack pointer that is no multiple of 16; the engine does not.
        if (arch === "aarch64") assertEquals(cpu.sp % 16n, 0n, `stack pointer at ${cpu.pc}`);
      },
    });
    assertEquals(report.mismatch, undefined);
    assertEquals(report.halted, "all tasks have ended");
    assertEquals(report.printed.length, 1);
    assertEquals(PLACES.filter((place) => report.stopped[place] === undefined), []);
  });
}
