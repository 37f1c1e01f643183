// deno run --allow-ffi --allow-env examples/raw_bytes.ts
//
// A bare CPU without a kernel: machine code that JavaScript writes, and runs to a system call.
import { AArch64Vector, Engine } from "@trapline/trapline/unicorn";

const ram = new Uint8Array(0x10000);
const code = new DataView(ram.buffer, 0x1000);
[
  0xd2800000, // mov x0, #0
  0x8b010000, // add x0, x0, x1     <-+
  0xf1000421, // subs x1, x1, #1      |
  0x54ffffc1, // b.ne ----------------+
  0xd4000001, // svc #0
].forEach((word, i) => code.setUint32(4 * i, word, true));

using engine = Engine.open("aarch64");
engine.mapRam(0x4000_0000n, ram); // the same bytes on both sides: no copies
const cpu = engine.aarch64;
cpu.pc = 0x4000_1000n;
cpu.setX(1, 10n);
const exit = engine.run(1_000);
if (exit.kind !== "trap" || exit.vector !== AArch64Vector.SUPERVISOR_CALL) {
  throw new Error(exit.kind);
}
console.log(`1 + 2 + … + 10 = ${cpu.x(0)}, after ${exit.instructions} instructions`); // 55, 32
