// deno run --allow-ffi --allow-env examples/watchpoint.ts
//
// Who writes to a variable, and what? And who reads it, the kernel's copy routines included?
import { archByName, Machine, moduleHello } from "@trapline/trapline";
import { parseElf } from "@trapline/trapline/elf";

for (const arch of ["x86_64", "aarch64"] as const) {
  const program = await moduleHello(arch);
  const { symbols } = parseElf(program.bytes);
  const { value: joined } = symbols.all.find(({ name }) => name === "joined")!;
  const functions = symbols.all.filter(({ type }) => type === "func");
  const nameOf = (pc: bigint) =>
    functions.find(({ value, size }) => pc >= value && pc < value + size)?.name ?? "the kernel";

  using machine = new Machine({ arch: archByName(arch), modules: [program] });
  // static char joined[128]: its eighth byte.
  machine.addWatchpoint(joined + 7n, 1, "access", { task: 1 });
  for (let result = machine.run(); result.kind === "watchpoint"; result = machine.run()) {
    for (const { access, pc, before, value } of result.hits) {
      const change = access === "write" ? `${before[0]} to ${value[0]}` : `${value[0]}`;
      console.log(`${arch} ${machine.now}: ${access} by ${nameOf(pc)}, ${change}`);
    }
  }
}
