// Threads that another has unwound: in loops of compiled code, waiting for a semaphore, sleeping, and
// waiting for a thread; through methods of all kinds and native code without unwind tables.
import { assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { runVm } from "../testing/run_vm.ts";

const PROGRAM = `class Box refs 1 ints 1
method loop_opt(int n): int optimized
  local sum
  iconst 0
  store sum
again:
  inc sum 1
  load sum
  iconst 0
  if_lt out
  goto again
out:
  load sum
  return_value
end
method loop_jit(int n): int jit
  local sum box
  new Box
  store box
  iconst 0
  store sum
try:
again:
  inc sum 1
  load n
  invoke leaf
  pop
  goto again
seen:
  load box
  iconst 3
  puti 1
  throw
  handler try seen seen finally
end
method loop_int(int n): int interpreter
  local box
  new Box
  store box
try:
  load n
  iconst 2
  if_lt jit
  load n
  iconst 3
  if_lt wait
  load n
  iconst 4
  if_lt sleep
  load n
  iconst 5
  if_lt optimized
  iconst @leaf
  load n
  invoke start
  invoke join
  invoke self
  invoke join
  load n
  return_value
optimized:
  load n
  invoke loop_opt
  return_value
jit:
  load n
  invoke loop_jit
  return_value
wait:
  invoke wait
  load n
  return_value
sleep:
  iconst 2000
  invoke sleep
  goto sleep
seen:
  load box
  iconst 5
  puti 1
  throw
  handler try seen seen finally
end
method leaf(int n): int optimized
  load n
  return_value
end
method work(int n): int optimized
  local keep
  load n
  store keep
try:
  iconst @loop_int
  load keep
  invoke blind
  return_value
seen:
  load keep
  invoke print
  throw
  handler try seen seen finally
end
method main() interpreter
  local n thread
  iconst 1
  store n
next:
  iconst @work
  load n
  invoke start
  store thread
  iconst 3000
  invoke sleep
  load thread
  invoke cancel
  load thread
  invoke join
  inc n 1
  load n
  iconst 6
  if_lt next
  return
end
`;

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, a thread is unwound wherever it is, also while it waits`, async () => {
    const settings = { collectInterval: 3000, heapSize: 0x8000 };
    const { output, reason } = await runVm(arch, PROGRAM, settings);
    assertEquals({ output, reason }, { output: "1\n2\n3\n4\n5\n", reason: undefined });
  });
}
