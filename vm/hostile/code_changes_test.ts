// Code that is replaced, moved and freed while its frames are on the stack, where they go on: by
// returning, and by exceptions. And a method that gets hot while it calls itself.
import { assert, assertEquals } from "@std/assert";
import type { Machine } from "../../kernel/mod.ts";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { taskMemory } from "../../kernel/unwind/unwind_stack.ts";
import { managedFrame, readWord } from "../../unwind/walk/mod.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { vmOf } from "../lockstep/vm_task.ts";
import { assemble } from "../mod.ts";
import { followed } from "../testing/followed.ts";
import { truthOf } from "../testing/truth.ts";

const METHODS = `class Node refs 1 ints 1
# Calls itself; each level changes the code of all, so that frames of old code are on the stack.
method step(int n, ref list): int
  local own sum
  new Node
  store own
  load own
  load list
  putr 0
  load own
  load n
  puti 1
  load n
  store sum
try:
  load n
  iconst 1
  if_lt bottom
  load sum
  load n
  invoke change
  load n
  iconst 1
  sub
  load own
  invoke step
  add
  add
  store sum
  goto check
bottom:
  load own
  throw
caught:
  store own
  load n
  iconst 3
  and
  iconst 1
  if_lt keep
  load own
  throw
keep:
  load sum
  iconst 1000
  add
  store sum
check:
  load own
  geti 1
  load sum
  add
  return_value
  handler try caught caught Node
end
method change(int n): int
  load n
  iconst 3
  and
  iconst 3
  if_ne other
  iconst @step
  invoke move
  iconst @change
  invoke move
  invoke collect
  load n
  return_value
other:
  iconst @step
  load n
  iconst 3
  and
  iconst 1
  add
  invoke tier
  iconst @change
  load n
  iconst 3
  and
  invoke tier
  invoke collect
  load n
  return_value
end
`;

/** Reads how many pieces of code the VM has freed: the fourth word of `vm_code_counts`. */
function freedCode(machine: Machine): () => bigint {
  const { task, file } = vmOf(machine);
  const memory = taskMemory(machine.kernel, task);
  const at = file.symbolNamed("vm_code_counts")!.value + 24n;
  return () => readWord(memory, at) ?? 0n;
}

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, code changes under frames that go on in it`, async () => {
    const program = assemble(`${METHODS}
method main()
  iconst ${sweep({ quick: 5, full: 22 })}
  null
  invoke step
  invoke print
  iconst ${sweep({ quick: 1, full: 21 })}
  null
  invoke step
  invoke print
  return
end`);
    let freed: (() => bigint) | undefined;
    let mostFreed = 0n;
    const report = await followed(arch, program, {
      every: 256,
      beforeEach(machine) {
        mostFreed = (freed ??= freedCode(machine))();
      },
    });
    assertEquals(report.mismatch, undefined);
    assertEquals(report.halted, "all tasks have ended");
    assertEquals(report.printed, truthOf(program));
    assert(mostFreed > 3n, `${mostFreed} pieces of code freed`);
    for (const kind of ["interpreter", "jit", "optimized"]) assert(report.kinds[kind]! > 0, kind);
  });
}

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, a hot method has frames of all its kinds at once`, async () => {
    const depth = sweep({ quick: 8, full: 40 });
    const program = assemble(`class Node refs 1 ints 1
method main() interpreter
  iconst ${depth}
  null
  invoke hot
  invoke print
  return
end
# Each call counts; what its caller is compiled to does not change under it.
method hot(int n, ref list): int
  local own
  new Node
  store own
  load own
  load list
  putr 0
  load n
  iconst 1
  if_lt bottom
  load n
  load n
  iconst 1
  sub
  load own
  invoke hot
  add
  return_value
bottom:
  invoke collect
  load own
  getr 0
  geti 1
  return_value
end`);
    let kinds = new Set<string>();
    let most = "";
    const settings = { jitAt: 3, optimizeAt: 6 };
    const report = await followed(arch, program, {
      every: 256,
      settings,
      beforeEach: () => kinds = new Set(),
      onFrame(frame) {
        if (frame.code === undefined || managedFrame(frame)?.method?.name !== "hot") return;
        kinds.add(frame.code.kind.name);
        if (kinds.size > most.split(" ").length) most = [...kinds].join(" ");
      },
    });
    assertEquals([report.mismatch, report.printed], [undefined, [BigInt(depth * (depth + 1) / 2)]]);
    for (const kind of ["interpreter", "jit", "optimized"]) assert(most.includes(kind), most);
  });
}
