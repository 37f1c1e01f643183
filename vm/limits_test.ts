// Programs at the limits of the VM: large methods, many handlers, many threads, no more memory. What
// they print is what the reference interpreter does, unless it knows no such limit.
import { assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../kernel/testing/programs.ts";
import { leftToFull, sweep } from "../util/testing/sweep.ts";
import { assemble } from "./mod.ts";
import { runVm, vmMachine } from "./testing/run_vm.ts";
import { truthText } from "./testing/truth.ts";

function truthOf(text: string): string {
  return truthText(assemble(text));
}

function repeated(count: number, text: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => text(i)).join("\n");
}

/** A method with so many handlers, each of which takes what is thrown just before it. */
function manyHandlers(kind: string, count: number): string {
  return `
class Oops refs 0 ints 1
method main(): int
  iconst 3
  invoke large
  invoke print
  iconst 0
  return_value
end
method large(int n): int ${kind}
  local sum
  iconst 0
  store sum
again:
  load n
  iconst 0
  if_eq done
${
    repeated(count, (i) => `
from${i}:
  load n
  iconst ${i % 3 + 1}
  if_ne over${i}
  new Oops
  dup
  iconst ${i}
  puti 0
  throw
catch${i}:
  geti 0
  load sum
  add
  store sum
over${i}:
  inc sum 1
  handler from${i} catch${i} catch${i} Oops`)
  }
  inc n -1
  goto again
done:
  load sum
  return_value
end`;
}

/** A method of so many bytecodes that do nothing, called three times. */
function manyNops(kind: string, count: number): string {
  const calls = repeated(3, () => "invoke large\ninvoke print");
  return `
method main(): int
${calls}
iconst 7
return_value
end
method large(): int ${kind}
${repeated(count, () => "nop")}
iconst 5
return_value
end`;
}

/** Replaces its own code in each of so many activations, all of which are live at the deepest. */
function replacing(depth: number): string {
  return `
method main(): int
  iconst ${depth}
  invoke down
  invoke print
  invoke collect
  iconst 0
  return_value
end
method down(int n): int
  load n
  iconst 0
  if_eq out
  iconst @down
  load n
  iconst 3
  and
  invoke tier
  load n
  iconst 1
  sub
  invoke down
  load n
  add
  return_value
out:
  invoke collect
  iconst 0
  return_value
end`;
}

/** Starts that many threads, which wait, and prints how many could not be started. */
function starting(count: number): string {
  return `
method main(): int
  local i
  local failed
  iconst 0
  store i
  iconst 0
  store failed
more:
  iconst @worker
  load i
  invoke start
  iconst 0
  if_ne started
  inc failed 1
started:
  inc i 1
  load i
  iconst ${count}
  if_lt more
  load failed
  invoke print
  load i
  load failed
  sub
  store i
give:
  invoke signal
  inc failed 1
  load failed
  iconst ${count}
  if_lt give
wait:
  load i
  iconst 1
  add
  invoke join
  inc i -1
  iconst 0
  load i
  if_lt wait
  iconst 0
  return_value
end
method worker(int n): int
  invoke wait
  load n
  return_value
end`;
}

const FOREVER = `
class Node refs 1 ints 0
method main(): int
  local list
  local node
  null
  store list
more:
  new Node
  store node
  load node
  load list
  putr 0
  load node
  store list
  goto more
end`;

const TOO_LARGE = "vm: a method is too large for its kind of code\n";

for (const arch of ARCH_NAMES) {
  Deno.test(`the VM ${arch}, methods with many handlers and far branches`, async () => {
    for (const kind of ["interpreter", "jit", "optimized"]) {
      const text = manyHandlers(kind, sweep({ quick: 40, full: 150 }));
      const ran = await runVm(arch, text);
      assertEquals(ran, { output: truthOf(text), code: 0, reason: undefined }, kind);
    }
  });

  Deno.test(`the VM ${arch}, methods that are too large to be compiled`, async () => {
    // One that is to be compiled cannot be run; others stay as they are.
    const refused = await runVm(arch, manyNops("jit", 30_000));
    assertEquals(refused, { output: TOO_LARGE, code: 102, reason: undefined });
    const stays = await runVm(arch, manyNops("", 30_000), { jitAt: 2, optimizeAt: 3 });
    assertEquals(stays, { output: "5\n5\n5\n", code: 7, reason: undefined });
  });

  Deno.test(`the VM ${arch}, code replaced in each activation of a deep recursion`, async () => {
    const text = replacing(100);
    const ran = await runVm(arch, text);
    assertEquals(ran, { output: truthOf(text), code: 0, reason: undefined });
  });

  Deno.test({
    name: `the VM ${arch}, more code in use than the code cache can list`,
    ignore: leftToFull() || arch !== "x86_64",
    fn: async () => {
      const text = replacing(4200);
      const settings = { reserved: [0n, 0n, 8_388_608n] };
      const { machine, end } = await vmMachine(arch, text, settings);
      using _ = machine;
      machine.run(2_000_000_000);
      assertEquals([machine.console.text(), end], [truthOf(text), { code: 0 }]);
    },
  });

  Deno.test(`the VM ${arch}, as many threads as there can be, and no more memory`, async () => {
    // The table has 48 places, one of them for the first thread.
    const ran = await runVm(arch, starting(60));
    assertEquals(ran, { output: "13\n", code: 0, reason: undefined });
    const exhausted = await runVm(arch, FOREVER, { heapSize: 4096 });
    assertEquals(exhausted, { output: "vm: heap exhausted\n", code: 101, reason: undefined });
  });
}
