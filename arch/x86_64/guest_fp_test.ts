/**
 * `fp.S` on x86-64: saving and loading the whole x87 and SSE state.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { ArchError } from "../errors.ts";
import { x86_64 } from "./mod.ts";
import { fpPattern, makeMachine } from "./testing/conformance.ts";

const { image } = x86_64;

/** Whether a byte of an FXSAVE area is one of a register's. */
function isRegister(at: number): boolean {
  return (at >= 32 && at < 160 && at % 16 < 10) || (at >= 160 && at < 416);
}

Deno.test("X86Cpu.fpState, is what FXSAVE64 stores, wherever the x87 stack begins", () => {
  using machine = makeMachine();
  for (const top of [7, 0, 3]) {
    for (const used of [0xff, 0x00, 0x91]) {
      const pattern = fpPattern();
      new DataView(pattern.buffer).setUint16(2, top << 11, true);
      pattern[4] = used;
      // One that is zero, one that is infinite: their tags differ in a full tag word.
      pattern.fill(0, 32, 42);
      pattern.set([0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x7f], 48);
      machine.loadFp(pattern);
      const state = machine.cpu.fpState();
      assertEquals(state, machine.saveFp(), `top ${top}, ${used} in use`);
      assertEquals([state[4], state.slice(48, 58)], [used, pattern.slice(48, 58)]);
      machine.loadFp(fpPattern().map((byte, i) => isRegister(i) ? byte ^ 0x11 : byte));
      machine.cpu.setFpState(state);
      assertEquals(machine.saveFp(), state, `set: top ${top}, ${used} in use`);
    }
  }
});

Deno.test("X86Cpu.setFpState, refuses another size", () => {
  using machine = makeMachine();
  assertThrows(() => machine.cpu.setFpState(new Uint8Array(100)), ArchError, "of 100 bytes");
});

Deno.test("fp_save, fp_load and fp_swap, the whole state goes round", () => {
  using machine = makeMachine();
  const { space, memory } = machine;
  const other = machine.createThread().address;
  const area = (thread: bigint) =>
    memory.slice(space.physical(thread + image.symbol("TH_FP")), 512);
  const first = fpPattern();
  const second = first.map((byte, i) => i >= 160 && i < 416 ? byte ^ 0x5a : byte);
  machine.loadFp(first);
  const saved = machine.saveFp();
  assertEquals(saved.subarray(160, 416), first.subarray(160, 416), "SSE registers");
  assertEquals(saved.subarray(32, 42), first.subarray(32, 42), "ST0");
  assertEquals(saved.subarray(0, 5), first.subarray(0, 5), "x87 control, status and tags");
  assertEquals(saved.subarray(24, 28), first.subarray(24, 28), "MXCSR");

  area(other).set(second);
  area(machine.thread).fill(0);
  machine.call("fp_swap", machine.thread, other);
  assertEquals(area(machine.thread), saved, "the old owner's state is saved");
  assertEquals(machine.saveFp().subarray(160, 416), second.subarray(160, 416));
  machine.call("fp_save", other);
  assertEquals(area(other).subarray(160, 416), second.subarray(160, 416));
});
