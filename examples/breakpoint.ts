// deno run --allow-ffi --allow-env examples/breakpoint.ts
//
// Stops at a function of a program, reads its registers and memory, changes an argument, goes on.
import { archByName, Machine, moduleHello } from "@trapline/trapline";
import { parseElf } from "@trapline/trapline/elf";

const program = await moduleHello("aarch64");
const { value: append } = parseElf(program.bytes).symbolNamed("append")!;
using machine = new Machine({ arch: archByName("aarch64"), modules: [program] });

// size_t append(size_t at, const char *text): what it is called with, each time.
machine.addBreakpoint(append);
for (let result = machine.run(); result.kind === "breakpoint"; result = machine.run()) {
  const { x0: at = 0n, x1: text = 0n, x30: caller = 0n } = machine.registers();
  const string = machine.readText(text);
  console.log(`append(${at}, "${string}") from 0x${caller.toString(16)} at time ${machine.now}`);
  if (string === "started") machine.writeMemory(text, new TextEncoder().encode("STARTED"));
}
console.log(machine.console.text()); // STARTED module-hello 1 2 …
