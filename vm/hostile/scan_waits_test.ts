// While a root scan runs nobody executes managed code: who comes back from native code waits, who is
// called by it waits, and so does an exception that is about to land. Each is interrupted where it
// matters, and the root-scanning thread, which is interrupted in turn, has begun by then.
import { assert, assertEquals } from "@std/assert";
import type { GuestArch } from "../../guest/embedded.ts";
import { InterruptLine } from "../../kernel/clock.ts";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { StackWatcher } from "../lockstep/watcher.ts";
import { vmOf } from "../lockstep/vm_task.ts";
import { assemble } from "../mod.ts";
import { machineWith } from "../testing/followed.ts";

const TURNS = sweep({ quick: 4, full: 16 });

/** Goes into native code, is called by it, and throws, in each kind of code. */
function turn(kind: string, next: string): string {
  return `
method turn_${kind}(int n): int ${kind}
  local box
try:
  new Box
  store box
  load n
  invoke ${next}
  pop
  invoke brk
  load box
  throw
caught:
  geti 0
  load n
  add
  return_value
  handler try caught caught Box
end`;
}

const PROGRAM = assemble(`class Box refs 0 ints 1
${turn("interpreter", "turn_jit")}
${turn("jit", "hop")}
${turn("optimized", "leaf")}
method hop(int n): int jit
  iconst @turn_optimized
  load n
  invoke upcall
  return_value
end
method leaf(int n): int optimized
  load n
  return_value
end
method main()
  local i
  iconst 0
  store i
again:
  load i
  invoke turn_interpreter
  pop
  inc i 1
  load i
  iconst ${TURNS}
  if_lt again
  return
end
`);

/** Who waits, each at least so many times. */
const PLACES = ["vm_land", "vm_enter", "native function"];
const LEAST = sweep({ quick: 1, full: 10 });

/** Kinds of code that nobody may be in. */
const MANAGED = ["interpreter", "jit", "optimized", "adapter"];

/** Runs the program; gives the number of scans, and counts who waited for one. */
async function scans(
  arch: GuestArch,
  quantum: number,
  waits: Map<string, number>,
): Promise<number> {
  const settings = { seed: 1n, collectInterval: 1, heapSize: 0x4000 };
  using machine = await machineWith(arch, PROGRAM, settings, { quantum });
  const { task, file } = vmOf(machine);
  const watcher = new StackWatcher(machine, { task, file });
  const label = (name: string): bigint => file.symbolNamed(name)!.value;
  const [begin, end] = [label("vm_root_scan"), label("vm_free_unseen_code")];
  const wait = label("vm_scan_wait");
  const places = ["vm_native_here", "vm_enter", "vm_land"].map(label);
  let count = 0;
  for (const place of [begin, ...places]) machine.addBreakpoint(place);
  let interrupted = 0n;
  while (machine.run(50_000_000).kind === "breakpoint") {
    const { pc } = machine.cpu;
    if (pc !== begin) {
      // Having been interrupted, it comes back to the same instruction.
      if (interrupted !== pc) machine.injectInterrupt(InterruptLine.TIMER);
      interrupted = interrupted === pc ? 0n : pc;
      continue;
    }
    // The scan is interrupted, too.
    if (interrupted !== pc) machine.injectInterrupt(InterruptLine.TIMER);
    count++;
    assertEquals(watcher.discover(), []);
    while (machine.cpu.pc !== end) {
      machine.run(1);
      if (!machine.cpu.userMode) continue;
      if (machine.cpu.pc === interrupted) interrupted = 0n;
      if (machine.cpu.pc === wait) {
        const from = watcher.walk().frames[1]!;
        const who = from.method === undefined ? from.name : "native function";
        waits.set(who, (waits.get(who) ?? 0) + 1);
      }
      if (!watcher.isInCode) continue;
      const [innermost] = watcher.walk().frames;
      assert(!MANAGED.includes(innermost!.kind), `scan ${count}: ${innermost!.name} executes`);
    }
  }
  assertEquals([machine.console.text(), machine.kernel.halted], ["", "all tasks have ended"]);
  return count;
}

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, nobody executes managed code while a root scan runs`, async () => {
    const waits = new Map<string, number>();
    const isSeen = () => PLACES.every((place) => (waits.get(place) ?? 0) >= LEAST);
    let count = 0;
    // Who runs when is up to the quantum.
    for (let quantum = 300; quantum < 1500 && !isSeen(); quantum += 67) {
      count += await scans(arch, quantum, waits);
    }
    assert(isSeen() && count > 10, `${count} scans: ${[...waits].join("; ")}`);
  });
}
