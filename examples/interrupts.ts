// deno run --allow-ffi --allow-env examples/interrupts.ts
//
// Raises an interrupt at every 100th instruction of a whole run, boot included. Nothing but time
// may change: what the program prints and how it ends stays the same.
import { archByName, Machine, moduleHello } from "@trapline/trapline";
import { Statistics } from "@trapline/trapline/trace";

const modules = [await moduleHello("x86_64")];

using quiet = new Machine({ arch: archByName("x86_64"), modules });
const end = quiet.run();

const statistics = new Statistics();
using disturbed = new Machine({ arch: archByName("x86_64"), modules, sinks: [statistics] });
let raised = 0;
while (disturbed.run(100).kind === "paused") {
  disturbed.injectInterrupt(2 + raised++ % 30); // lines 0 and 1 are the timer's and the page-in device's
}
console.log(`${raised} raised, ${statistics.figures().counts.get("irq")} taken`);
if (disturbed.console.text() !== quiet.console.text()) throw new Error("The output differs");
if (disturbed.halted !== quiet.halted) throw new Error("The end differs");
console.log("same output, same end:", end);
