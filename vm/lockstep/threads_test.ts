// Threads that are preempted in the middle of every kind of code, wait in system calls, and have
// their objects moved meanwhile: the one that runs and those that do not are walked.
import { assert, assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { assemble } from "../mod.ts";
import { followed } from "../testing/followed.ts";
import { randomProgram } from "../testing/random_program.ts";
import { truthOf } from "../testing/truth.ts";

/** Innermost frames of threads that do not run, all of which a full sweep comes by. */
const PLACES = ["interpreter", "jit", "optimized", "native", "native-stub", "system call"];

for (const arch of ARCH_NAMES) {
  Deno.test(`lockstep ${arch}, threads that are stopped anywhere`, async () => {
    const stopped: Record<string, number> = {};
    for (let seed = 1; seed <= sweep({ quick: 1, full: 20 }); seed++) {
      const { program, text } = randomProgram(seed, {
        natives: ["collect", "move", "print", "sleep", "yield"],
        kinds: ["interpreter", "jit", "optimized"],
        steps: [150, sweep({ quick: 300, full: 600 })],
      });
      const threads = 3;
      const report = await followed(arch, program, {
        every: 500,
        threads,
        settings: { seed: BigInt(seed), threads, collectInterval: 4000, heapSize: 32_768 },
        machine: { quantum: 300, seed },
      });
      assertEquals(report.mismatch, undefined, `seed ${seed}\n${text}`);
      const truth = truthOf(program);
      const printed = Array.from({ length: threads }, () => truth).flat();
      assertEquals(report.printed.toSorted(), printed.toSorted(), `seed ${seed}`);
      assertEquals(report.reference.threads.map(({ ended }) => ended), [true, true, true]);
      for (const [kind, count] of Object.entries(report.stopped)) {
        stopped[kind] = (stopped[kind] ?? 0) + count;
      }
    }
    assert(Object.keys(stopped).length > 0);
    for (const kind of sweep({ quick: [], full: PLACES })) {
      assert((stopped[kind] ?? 0) > 0, `${kind}: ${JSON.stringify(stopped)}`);
    }
  });

  Deno.test(`lockstep ${arch}, a thread waits and another ends it by force`, async () => {
    const program = assemble(`
method main()
  local first second
  iconst @waiter
  iconst 1
  invoke start
  store first
  iconst @waiter
  iconst 2
  invoke start
  store second
  load first
  invoke cancel
  invoke signal
  invoke signal
  load first
  invoke join
  load second
  invoke join
  iconst 99
  invoke print
  return
end
method waiter(int n): int jit
begin:
  iconst @inner
  load n
  invoke upcall
  return_value
end_of_it:
  pop
  iconst 7
  invoke print
  iconst 0
  return_value
  handler begin end_of_it end_of_it finally
end
method inner(int n): int optimized
begin:
  invoke wait
  load n
  return_value
never:
  pop
  iconst -1
  return_value
  handler begin never never any
end`);
    const report = await followed(arch, program, { every: 300, machine: { quantum: 1000 } });
    assertEquals(report.mismatch, undefined);
    // Only the first one is ended: what it does on its way is behind finally.
    assertEquals(report.printed, [7n, 99n]);
  });

  Deno.test(`lockstep ${arch}, a loop of any kind is ended by force at any instant`, async () => {
    for (const kind of ["interpreter", "jit", "optimized"]) {
      for (let turns = 1; turns <= sweep({ quick: 1, full: 10 }); turns++) {
        const program = assemble(`
method main()
  local worker
  iconst @loop
  iconst 1
  invoke start
  store worker
  iconst ${40 * turns}
  invoke spin
  load worker
  invoke cancel
  load worker
  invoke join
  return
end
method loop(int n): int ${kind}
begin:
  inc n 1
  goto begin
ending:
  pop
  iconst 8
  invoke print
  load n
  return_value
  handler begin ending ending finally
end`);
        const report = await followed(arch, program, {
          every: 500,
          machine: { quantum: 257, seed: turns },
        });
        assertEquals(report.mismatch, undefined, `${kind}, ${turns}`);
        assertEquals(report.printed, [8n], `${kind}, ${turns}`);
      }
    }
  });
}
