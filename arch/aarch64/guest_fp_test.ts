import { assertEquals } from "@std/assert";
import type { BareMachine } from "../testing/harness.ts";
import { distinctFp, makeMachine } from "./testing/conformance.ts";

/** Reads the registers themselves by test code of the kernel, without the routines under test. */
function dump(machine: BareMachine): Uint8Array {
  const scratch = machine.kernelPage(0);
  const physical = machine.mapKernel(scratch, { write: true, execute: false });
  machine.start({
    mode: "kernel",
    pc: machine.kernelLabel("fp_dump"),
    registers: { pstate: 0x3c5n, x1: scratch },
  });
  const { frame } = machine.runToTrap();
  const bytes = new Uint8Array(machine.fpSize);
  bytes.set(machine.memory.slice(physical, 512));
  const view = new DataView(bytes.buffer);
  view.setBigUint64(512, frame.register("x5"), true);
  view.setBigUint64(520, frame.register("x6"), true);
  return bytes;
}

function area(machine: BareMachine, thread: bigint): Uint8Array {
  const { space, memory } = machine;
  const address = thread + machine.arch.image.symbol("TH_FP");
  return memory.slice(space.physical(address), machine.fpSize);
}

/** Another state, in which every byte of every register differs from {@linkcode distinctFp}. */
function otherFp(size: number): Uint8Array {
  const bytes = distinctFp(size).map((byte) => byte ^ 0xff);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(512, 0x0200_0000n, true);
  view.setBigUint64(520, 0x10n, true);
  return bytes;
}

Deno.test("AArch64Cpu.fpState, is what the registers hold, in the order they are saved", () => {
  using machine = makeMachine();
  for (const state of [distinctFp(machine.fpSize), otherFp(machine.fpSize)]) {
    machine.loadFp(state);
    assertEquals(machine.cpu.fpState(), state);
    const other = state.map((byte, i) => i < 512 ? byte ^ 0x5a : byte);
    machine.cpu.setFpState(other);
    assertEquals(machine.cpu.fpState(), other);
    machine.call("fp_save", machine.thread);
    assertEquals(area(machine, machine.thread), other);
  }
});

Deno.test("AArch64 fp_load, loads q0 to q31, FPCR and FPSR", () => {
  using machine = makeMachine();
  const state = distinctFp(machine.fpSize);
  area(machine, machine.thread).set(state);
  machine.call("fp_load", machine.thread);
  assertEquals(dump(machine), state);
  assertEquals(area(machine, machine.thread), state, "and leaves the thread's copy alone");
});

Deno.test("AArch64 fp_save, stores what is in the registers and changes none", () => {
  using machine = makeMachine();
  const state = distinctFp(machine.fpSize);
  const other = machine.createThread().address;
  area(machine, other).set(state);
  machine.call("fp_load", other);
  area(machine, machine.thread).fill(0xee);
  machine.call("fp_save", machine.thread);
  assertEquals(area(machine, machine.thread), state);
  assertEquals(dump(machine), state);
});

Deno.test("AArch64 fp_swap, stores the old owner's state and loads the new one's", () => {
  using machine = makeMachine();
  const [first, second] = [distinctFp(machine.fpSize), otherFp(machine.fpSize)];
  const other = machine.createThread().address;
  area(machine, other).set(first);
  machine.call("fp_load", other);
  area(machine, other).fill(0xee);
  area(machine, machine.thread).set(second);
  const sp = machine.cpu.sp;
  machine.call("fp_swap", other, machine.thread);
  assertEquals(area(machine, other), first);
  assertEquals(machine.cpu.sp, sp);
  assertEquals(dump(machine), second);
});

Deno.test("AArch64 fp_save, a new thread's state is zeros", () => {
  using machine = makeMachine();
  const { address } = machine.createThread();
  machine.loadFp(distinctFp(machine.fpSize));
  machine.call("fp_load", address);
  assertEquals(dump(machine), new Uint8Array(machine.fpSize));
});
