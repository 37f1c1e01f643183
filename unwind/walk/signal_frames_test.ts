import { assertEquals } from "@std/assert";
import { DW_CFA } from "../cfi/mod.ts";
import { op } from "../testing/frame_image.ts";
import {
  CALLER,
  RBX,
  RIP,
  RSP,
  STACK,
  trace,
  world,
  type WorldInit,
} from "../testing/walk_world.ts";
import { backtrace } from "./walk.ts";

/** Where the trampoline is. */
const CODE = 0x3000;

/** A handler that has returned to nothing yet, directly before the trampoline. */
const HANDLER = { name: "handler", begin: CODE - 0x100, table: [] };

const ARM_CALLER = { ...CALLER, table: [op.one(DW_CFA.undefined, 30)] };

/** The stack that the system has made, its registers being their DWARF numbers plus 0x100. */
function signalStack(machine: "x86_64" | "aarch64", interrupted: number): (number | bigint)[] {
  const words = new Array<number | bigint>(80).fill(0x6666);
  const general = machine === "x86_64"
    ? [8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2]
    : Array.from({ length: 31 }, (_, i) => i);
  const first = machine === "x86_64" ? 5 : 39;
  general.forEach((register, i) => words[first + i] = 0x100 + register);
  words[first + general.length] = STACK + 0x200;
  words[first + general.length + 1] = interrupted;
  return words;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text.split(" "), (byte) => parseInt(byte, 16));
}

/** In the handler, about to return. */
function inHandler(machine: "x86_64" | "aarch64", text: string): WorldInit {
  const isArm = machine === "aarch64";
  const frame = signalStack(machine, 0x2010);
  return {
    machine,
    functions: [
      isArm ? { ...HANDLER, table: [] } : HANDLER,
      isArm ? ARM_CALLER : CALLER,
    ],
    stack: isArm ? frame : [CODE, ...frame],
    memory: [{ start: BigInt(CODE), bytes: bytesOf(text) }],
    registers: isArm
      ? { 32: CODE - 4, 31: STACK, 30: CODE }
      : { [RIP]: CODE - 1, [RSP]: STACK, [RBX]: 0x77 },
  };
}

const TRAMPOLINES = [
  // mov $15, %rax; syscall
  { machine: "x86_64", text: "48 c7 c0 0f 00 00 00 0f 05", second: 7 },
  // mov $15, %eax; syscall
  { machine: "x86_64", text: "b8 0f 00 00 00 0f 05", second: 5 },
  // mov x8, #139; svc #0
  { machine: "aarch64", text: "68 11 80 d2 01 00 00 d4", second: 4 },
] as const;

for (const { machine, text, second } of TRAMPOLINES) {
  Deno.test(`FrameIterator, knows what handlers return through without a table: ${machine}, ${text}`, () => {
    const isArm = machine === "aarch64";
    const called = inHandler(machine, text);
    assertEquals(trace(called), [
      `handler+${isArm ? 252 : 255} call registered`,
      `0x${CODE.toString(16)} signal sigreturn`,
      "caller+16 call registered",
      "return-address-undefined",
    ]);
    // Stopped at either of its instructions, with the stack pointer at the frame.
    for (const at of [0, second]) {
      const { pc, sp } = isArm ? { pc: 32, sp: 31 } : { pc: RIP, sp: RSP };
      const registers = {
        ...called.registers,
        [pc]: CODE + at,
        [sp]: STACK + (isArm ? 0 : 8),
      };
      const { frames } = backtrace(world({ ...called, registers }));
      assertEquals(frames.map((frame) => [frame.kind, frame.source, frame.interrupted]), [
        ["signal", "sigreturn", true],
        ["call", "registered", true],
      ]);
      const caller = frames[1]!;
      assertEquals(caller.certainty, "recognized");
      const saved = isArm ? [0, 1, 18, 19, 29, 30] : [0, 1, 2, 3, 4, 5, 6, 8, 15];
      for (const register of saved) {
        assertEquals(caller.registers.get(register), BigInt(0x100 + register), `${register}`);
      }
      assertEquals(caller.registers.sp, BigInt(STACK + 0x200));
      assertEquals(caller.pc, 0x2010n);
    }
  });
}

Deno.test("FrameIterator, looks a signal frame up where its code begins", () => {
  // The table and the symbol begin at the first byte; before them is another function.
  const restore = {
    name: "restore",
    begin: CODE,
    signal: true,
    // The interrupted code's PC is one word up.
    table: [op.defCfaOffset(16), op.offset(RIP, 1)],
  };
  const walk = backtrace(world({
    functions: [HANDLER, restore, CALLER],
    stack: [CODE, 0, 0x2010],
    registers: { [RIP]: CODE - 1, [RSP]: STACK },
  }));
  assertEquals(walk.frames.map((frame) => `${frame.function?.name}+${frame.function?.offset}`), [
    "handler+255",
    "restore+0",
    "caller+16",
  ]);
  assertEquals(walk.frames.map((frame) => frame.lookupAddress), [
    BigInt(CODE - 1),
    BigInt(CODE),
    0x2010n,
  ]);
  assertEquals(walk.end, "return-address-undefined");
});

Deno.test("FrameIterator, takes a return address behind a function for a call of it", () => {
  // The last instruction of a function is a call that never returns; another function follows.
  const last = { name: "last", begin: CODE, table: [op.defCfaOffset(16), op.offset(RIP, 2)] };
  const first = { name: "first", begin: 0x1000, table: [] };
  assertEquals(
    trace({
      functions: [first, HANDLER, last, CALLER],
      stack: [CODE, 0x2080],
      registers: { [RIP]: 0x1010, [RSP]: STACK },
    }),
    [
      "first+16 call registered",
      "handler+256 call registered",
      "caller+128 call registered",
      "return-address-undefined",
    ],
  );
});
