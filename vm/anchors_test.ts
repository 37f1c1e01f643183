// Stacks of a program that goes into native code and out of it in every way, at many instants: with
// native code left out a walk gives the same managed frames, and every reference is where it is said
// to be.
import { assert, assertEquals } from "@std/assert";
import {
  backtrace,
  type Frame,
  handleRoots,
  managedFrame,
  readWord,
  stackRoots,
  type WalkInput,
} from "../unwind/walk/mod.ts";
import { sweep } from "../util/testing/sweep.ts";
import { vmOf } from "./lockstep/vm_task.ts";
import { StackWatcher } from "./lockstep/watcher.ts";
import { chainProgram } from "./testing/chain_program.ts";
import { machineWith } from "./testing/followed.ts";
import { runTo } from "./testing/run_vm.ts";

/** What a frame is, with its values. */
function shown(frame: Frame): unknown {
  const managed = managedFrame(frame)!;
  const values = managed.variables.map(({ name, value, absence }) => [name, value, absence]);
  return [frame.pc, frame.cfa, frame.code?.name, managed.bci, values];
}

/** Checks a stack; gives the number of its managed frames, and whether native code is innermost. */
function check(input: WalkInput): { managed: number; isNative: boolean; roots: number } {
  const options = { framePointer: false };
  const walked = backtrace(input, options);
  const skipped = backtrace(input, { ...options, native: "skip" });
  assertEquals([walked.error, skipped.error], [undefined, undefined]);
  const managed = walked.frames.filter(({ code }) => code !== undefined);
  const others = skipped.frames.filter(({ code }) => code !== undefined);
  assertEquals(others.map(shown), managed.map(shown));
  // What is left of native code is behind the last managed frame, or there is no anchor to take.
  const last = skipped.frames.findLastIndex(({ code }) => code !== undefined);
  assert(skipped.frames.slice(0, Math.max(0, last)).every(({ code }) => code !== undefined));
  let roots = 0;
  for (const { value, location } of stackRoots(walked.frames)) {
    roots++;
    if (location.in === "register") assertEquals(input.registers.get(location.register), value);
    else if (location.in === "memory") {
      assertEquals(readWord(input.memory, location.address), value);
    }
  }
  const isNative = walked.frames[0]?.code === undefined;
  return { managed: managed.length, isNative: isNative && managed.length > 0, roots };
}

Deno.test("FrameIterator, skips native code at every instruction, and roots are where they are", async () => {
  const program = chainProgram({
    depth: sweep({ quick: 6, full: 9 }),
    kinds: ["optimized", "native", "jit", "interpreter", "native"],
    natives: ["upcall", "blind"],
    last: ["  invoke collect", "  new Box", "  pop"],
  });
  for (const arch of ["x86_64", "aarch64"] as const) {
    using machine = await machineWith(arch, program);
    const watcher = new StackWatcher(machine, vmOf(machine));
    let [native, deepest, roots] = [0, 0, 0];
    const [far, near] = sweep({ quick: [499, 29], full: [61, 1] });
    let isNear = false;
    while (machine.kernel.halted === null) {
      // Most of the time the VM compiles.
      machine.run(isNear ? near : far);
      isNear = false;
      if (machine.kernel.halted !== null || !machine.cpu.userMode) continue;
      assertEquals(watcher.discover(), []);
      const found = check(watcher.input);
      isNear = !found.isNative && found.managed > 0;
      native += found.isNative ? 1 : 0;
      deepest = Math.max(deepest, found.managed);
      roots += found.roots;
    }
    assert(native > 0 && deepest > 10 && roots > 20, `${native} ${deepest} ${roots}`);
  }
});

Deno.test("handleRoots, finds the references that native code has been given", async () => {
  const program = chainProgram({ depth: 3, kinds: ["optimized", "native", "jit"] });
  for (const arch of ["x86_64", "aarch64"] as const) {
    using machine = await machineWith(arch, program);
    const { file, task } = vmOf(machine);
    const watcher = new StackWatcher(machine, { file, task });
    // In `hop`, whose native function gives the object that `main` has made.
    runTo(machine, "static_get");
    assertEquals(watcher.discover(), []);
    const { memory, threadPointer, modules } = watcher.input;
    const { handles } = modules.code.regions.find(({ method }) => method !== 0n)!.map!;
    const at = file.symbolNamed("vm_static_reference")!.value;
    const object = readWord(memory, at);
    const found = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      machine.run(1);
      if (!machine.cpu.userMode) continue;
      const roots = handleRoots(memory, threadPointer, handles!).map(({ value }) => value);
      found.add(roots.join());
      if (roots.length === 0 && found.size > 1) break;
    }
    assertEquals([...found], ["", String(object)]);
    assert(object !== 0n && object !== undefined);
  }
});
