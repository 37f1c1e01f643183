// Objects are moved just when native code has returned and nobody has looked at what it has left: a
// result in a handle or in the thread, an exception on its way.
import { assert, assertEquals } from "@std/assert";
import { InterruptLine } from "../../kernel/clock.ts";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { taskMemory } from "../../kernel/unwind/unwind_stack.ts";
import { readWord } from "../../unwind/walk/mod.ts";
import { assemble } from "../mod.ts";
import { machineWith } from "../testing/followed.ts";
import { runTo } from "../testing/run_vm.ts";
import { truthText } from "../testing/truth.ts";
import { vmOf } from "./vm_task.ts";
import { StackWatcher } from "./watcher.ts";

/**
 * References come back from native code, go into it, are thrown by it and through it, and are kept
 * in registers meanwhile.
 */
const PROGRAM = assemble(`
class Node refs 1 ints 1
method main() interpreter
  new Node
  invoke fill
  invoke static_set
  iconst 0
  invoke way_jit
  invoke print
  iconst 3
  invoke way_opt
  invoke print
  return
end
${
  [["jit", "7"], ["opt", "9"]].map(([name, value]) => `
method way_${name}(int sum): int ${name === "opt" ? "optimized" : name}
  local kept got
  new Node
  store kept
  load kept
  iconst ${value}
  puti 1
  invoke static_get
  store got
  load got
  geti 1
  load sum
  add
  store sum
  iconst @back
  load got
  invoke upcall_ref
  geti 1
  load sum
  add
  store sum
try:
  load got
  invoke raise
  iconst 0
  return_value
caught:
  geti 1
  load sum
  add
  store sum
  load got
  invoke caught_below
  load sum
  add
  load kept
  geti 1
  add
  return_value
  handler try caught caught Node
end`).join("")
}
method fill(ref node): ref interpreter
  load node
  iconst 1000
  puti 1
  load node
  return_value
end
method back(ref node): ref optimized
  local made
  new Node
  store made
  load made
  load node
  putr 0
  load made
  iconst 50
  puti 1
  load made
  return_value
end
method caught_below(ref node): int interpreter
try:
  iconst @thrower
  load node
  geti 1
  invoke upcall
  return_value
caught:
  geti 1
  return_value
  handler try caught caught Node
end
method thrower(int n): int jit
  local made
  new Node
  store made
  load made
  load n
  puti 1
  load made
  throw
end`);

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, objects are moved when native code has just returned`, async () => {
    const settings = { seed: 1n, collectInterval: 1, heapSize: 16_384 };
    using machine = await machineWith(arch, PROGRAM, settings, {
      policy: "priority",
      timer: "periodic",
      quantum: 20_000,
    });
    const { task, file } = vmOf(machine);
    const watcher = new StackWatcher(machine, { task, file });
    const memory = taskMemory(machine.kernel, task);
    const collections = file.symbolNamed("vm_statistics")!.value;
    // What makes a reference in native code takes the lock, behind an anchor.
    const lock = file.symbolNamed("vm_lock")!.value;
    runTo(machine, "vm_enter")[Symbol.dispose]();
    assertEquals(watcher.discover(), []);
    machine.addBreakpoint(lock);
    const returns = new Set<bigint>();
    let [times, moved, before] = [0, 0, 0n];
    let isBack = false;
    while (machine.run(100_000_000).kind === "breakpoint") {
      if (watcher.thread !== 1) continue;
      const { pc } = machine.cpu;
      if (pc === lock) {
        const at = watcher.anchorPc;
        if (at !== undefined && !returns.has(at)) machine.addBreakpoint(at);
        if (at !== undefined) returns.add(at);
        continue;
      }
      const count = readWord(memory, collections)!;
      if (isBack && count !== before) moved++;
      // Having been interrupted, the thread comes back to the same instruction.
      if (!isBack) {
        times++;
        before = count;
        machine.injectInterrupt(InterruptLine.TIMER);
      }
      isBack = !isBack;
    }
    assertEquals(machine.console.text(), truthText(PROGRAM));
    assert(returns.size > 5 && moved > times / 2, `${returns.size}: ${moved} of ${times}`);
  });
}
