/**
 * Has a callback change, while the guest runs, what the code that runs it was compiled upon: for
 * tests, in a process of its own.
 *
 * @module
 */
import { Engine } from "../engine.ts";

const HOT = 300_000;

using engine = Engine.open("x86_64");
const ram = new Uint8Array(0x10000);
// inc dword [0x8000]; hlt; jmp to the first
ram.set([0xff, 0x04, 0x25, 0x00, 0x80, 0x00, 0x00, 0xf4, 0xeb, 0xf6], 0x1000);
engine.mapRam(0n, ram);
engine.x86.rip = 0x1000n;
for (let i = 0; i < HOT; i++) engine.run(1_000);
// Compilation is concurrent.
await new Promise((resolve) => setTimeout(resolve, 200));
for (let i = 0; i < HOT; i++) engine.run(1_000);
// The first access ever that is told makes fields change that never had.
engine.watchMemory([{ begin: 0, end: 8, reads: true, writes: true }], "all");
engine.x86.rip = 0x1000n;
console.log(engine.run(100).kind);
