// deno run --allow-ffi --allow-env --allow-read --allow-write --allow-run=clang,ld.lld examples/own_program.ts
//
// Builds a C program with this host's clang and lld, and boots it.
import { archByName, Machine } from "@trapline/trapline";
import { buildProgram } from "@trapline/trapline/build";

const source = new URL("hello.c", import.meta.url).pathname;
const { bytes, warnings } = await buildProgram({ arch: "x86_64", sources: [source] });
console.log(warnings || "no warnings");

using machine = new Machine({
  arch: archByName("x86_64"),
  modules: [{ commandLine: "hello world again", bytes }], // the program's arguments
});
console.log(machine.run()); // { kind: "halted", reason: "all tasks have ended" }
console.log(machine.console.text("hello"));
console.log(machine.tasks[1]?.status); // { kind: "exit", code: 7 }
