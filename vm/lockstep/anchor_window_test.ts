// Between the two stores of an anchor: if the thread is interrupted there and the root scan runs, the
// anchor must not count yet. Were its program counter stored first, it would, with an old stack
// pointer.
import { assert, assertEquals } from "@std/assert";
import type { GuestArch } from "../../guest/embedded.ts";
import { InterruptLine } from "../../kernel/clock.ts";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import type { Machine } from "../../kernel/mod.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { VM_FLAGS } from "../mod.ts";
import { machineWith } from "../testing/followed.ts";
import { graphProgram } from "../testing/graph_program.ts";
import { runTo } from "../testing/run_vm.ts";
import { vmOf } from "./vm_task.ts";
import { StackWatcher } from "./watcher.ts";

/** Steps a machine to the instruction that follows the first of the two stores. */
function windowOf(machine: Machine): bigint {
  const watcher = new StackWatcher(machine, vmOf(machine));
  runTo(machine, "vm_enter")[Symbol.dispose]();
  assertEquals(watcher.discover(), []);
  let before = watcher.anchor;
  for (let steps = 0; steps < 1_000_000; steps++) {
    machine.run(1);
    if (!machine.cpu.userMode || watcher.thread !== 1) continue;
    const now = watcher.anchor;
    const [isSp, isPc] = [now.sp !== before.sp, now.pc !== before.pc];
    before = now;
    const isOne = isSp !== isPc && (isSp ? now.pc === 0n : now.pc !== 0n);
    if (!isOne || !watcher.isInCode) continue;
    const [innermost] = watcher.walk().frames;
    // The VM's own stubs are as they should be: only those of native functions are made wrong.
    if (innermost?.kind === "native-stub" && innermost.method !== undefined) return machine.cpu.pc;
  }
  throw new Error("No native function was called");
}

/** Runs a program whose thread is interrupted in every window; what the VM says of itself. */
async function interrupted(
  arch: GuestArch,
  flags: number,
): Promise<{ readonly times: number; readonly said: string; readonly halted: string | null }> {
  const program = graphProgram(1, sweep({ quick: 15, full: 200 }));
  const settings = { seed: 1n, collectInterval: 1, heapSize: 131_072, flags };
  using machine = await machineWith(arch, program, settings, { quantum: 1000, seed: 1 });
  const window = windowOf(machine);
  machine.addBreakpoint(window);
  let times = 0;
  let isBack = false;
  while (machine.run(100_000_000).kind === "breakpoint") {
    // Having been interrupted, the thread comes back to the same instruction.
    if (!isBack) {
      times++;
      machine.injectInterrupt(InterruptLine.TIMER);
    }
    isBack = !isBack;
  }
  return { times, said: machine.console.text(), halted: machine.kernel.halted };
}

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, an anchor counts when both of its words are stored`, async () => {
    const right = await interrupted(arch, 0);
    assertEquals([right.said, right.halted], ["", "all tasks have ended"]);
    assert(right.times >= sweep({ quick: 25, full: 300 }), `${right.times}`);
    const swapped = await interrupted(arch, VM_FLAGS.swapAnchorStores);
    assert(swapped.said.startsWith("vm: "), `${swapped.times} times: ${swapped.said}`);
  });
}
