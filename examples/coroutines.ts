// deno run --allow-ffi --allow-env examples/coroutines.ts
//
// Functions of a guest program as generators of the host's, on both architectures in step; a
// breakpoint in the middle of one, and the stacks that are linked there.
import { CoroutineHost, coroutinesProgram } from "@trapline/trapline/coro";
import { parseElf } from "@trapline/trapline/elf";

const programs = {
  x86_64: await coroutinesProgram("x86_64"),
  aarch64: await coroutinesProgram("aarch64"),
};
using x86 = CoroutineHost.boot({ arch: "x86_64", program: programs.x86_64 });
using arm = CoroutineHost.boot({
  arch: "aarch64",
  program: programs.aarch64,
  onStop: (stop) => {
    console.log(stop.kind);
    for (const { pc, function: name, stack } of arm.frames()) {
      console.log(`  0x${pc.toString(16)} ${name}, ${stack.name ?? stack.kind}`);
    }
  },
});

const other = arm.coroutine("fibonacci");
for (const value of x86.coroutine("fibonacci").take(8)) console.log(value, other.next().value);

// The relay makes a coroutine of its own, whose function is `doubler`.
const { value: doubler } = parseElf(programs.aarch64).symbolNamed("doubler")!;
using _stop = arm.machine.addBreakpoint(doubler);
using relay = arm.coroutine("relay");
console.log(relay.next(21)); // { done: false, value: 42n }
