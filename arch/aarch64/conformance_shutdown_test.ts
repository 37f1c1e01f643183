import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { BareMachine, Trap } from "../testing/harness.ts";
import { checkFrame, EL1H, EL1T, makeMachine, startOf } from "./testing/conformance.ts";

const FRAME_SIZE = 304n;
/** The vectors take an SP that is further below its stack for one on another stack. */
const REACH = 0x4000n;

/** Runs to the end of the machine and returns its reason. */
function shutdown(machine: BareMachine): string {
  const exit = machine.run(100_000);
  assert(exit.kind === "shutdown", exit.kind);
  assertEquals(machine.run(10), exit, "and it stays so");
  return exit.reason;
}

/** Starts kernel code with almost all of its stack used; the frame of the start is elsewhere. */
function startAt(sp: bigint, options: { label: string; emergency?: boolean }): BareMachine {
  const machine = makeMachine();
  if (options.emergency ?? true) {
    machine.setThreadWord(machine.thread, "TH_EMERGENCY", machine.emergencyStackTop);
  }
  const pc = machine.kernelLabel(options.label);
  machine.start({ mode: "kernel", pc, registers: { pstate: EL1H.pstate } });
  machine.runTo(pc);
  machine.cpu.sp = sp;
  return machine;
}

const STACK_BASE = stackBase();

function stackBase(): bigint {
  using machine = makeMachine();
  return machine.threadWord(machine.thread, "TH_STACK_BASE");
}

function expectFrame(machine: BareMachine, trap: Trap, place: bigint): void {
  assertEquals(trap.delivered.length, 1);
  assertEquals(trap.frame.address, place - FRAME_SIZE);
  assertEquals(trap.sp, trap.frame.address);
  assertEquals(machine.cpu.interruptsEnabled, false);
}

for (const room of [FRAME_SIZE, FRAME_SIZE + 16n, 0x1000n]) {
  Deno.test(`AArch64 exception, with ${room} bytes of kernel stack left uses it`, () => {
    const sp = STACK_BASE + room;
    using machine = startAt(sp, { label: "svc_42" });
    machine.cpu.run(1);
    const before = machine.registers();
    const trap = machine.runToTrap();
    expectFrame(machine, trap, sp);
    checkFrame(trap, before, machine.kernelLabel("svc_42_next"));
    machine.leave(trap);
    assertEquals(machine.registers(), { ...before, pc: machine.kernelLabel("svc_42_next") });
  });
}

for (const room of [FRAME_SIZE - 16n, 16n, 0n, -16n, -0x1000n, FRAME_SIZE - REACH]) {
  Deno.test(`AArch64 exception, with ${room} bytes of kernel stack left uses the emergency stack`, () => {
    for (const interrupt of [false, true]) {
      const sp = STACK_BASE + room;
      using machine = startAt(sp, { label: "svc_42" });
      if (!interrupt) machine.cpu.run(1);
      const before = machine.registers();
      if (interrupt) machine.cpu.raiseInterrupt(4);
      const trap = machine.runToTrap();
      expectFrame(machine, trap, machine.emergencyStackTop);
      assertEquals(trap.entry?.vector, interrupt ? 5 : 4);
      const pc = machine.kernelLabel(interrupt ? "svc_42" : "svc_42_next");
      checkFrame(trap, before, pc);
    }
  });
}

Deno.test("AArch64 exception, of a kernel stack that is used up is seen on the emergency stack", () => {
  using machine = startAt(STACK_BASE + 0x1000n, { label: "descend" });
  const trap = machine.runToTrap(100_000);
  expectFrame(machine, trap, machine.emergencyStackTop);
  assertEquals(trap.entry?.code, 0x9600_0047n);
  assertEquals(machine.cpu.register("far_el1"), STACK_BASE - 64n);
  assertEquals(trap.frame.sp, STACK_BASE);
});

Deno.test("AArch64 exception, without an emergency stack shuts the machine down", () => {
  using machine = startAt(STACK_BASE + 0x1000n, { label: "descend", emergency: false });
  const reason = shutdown(machine);
  assertStringIncludes(reason, "inside the exception entry: syndrome 0x96000044");
});

Deno.test("AArch64 exception, on a stack that is not there shuts the machine down", () => {
  using machine = startAt(0x1000n, { label: "svc_0" });
  const reason = shutdown(machine);
  assertStringIncludes(reason, "inside the exception entry: syndrome 0x96000046");
  assertStringIncludes(reason, "address 0xed0");
});

Deno.test("AArch64 interrupt, on a stack that is not there shuts the machine down", () => {
  using machine = startAt(0x1000n, { label: "turns" });
  machine.cpu.raiseInterrupt(0);
  assertStringIncludes(shutdown(machine), "address 0xed0");
});

Deno.test("AArch64 exception, with SP_EL0 in use a used-up stack is an exception like others", () => {
  using machine = makeMachine();
  machine.start({
    ...startOf(machine, EL1T),
    sp: STACK_BASE + 0x200n,
    pc: machine.kernelLabel("descend"),
    registers: { pstate: EL1T.pstate },
  });
  const { entry, frame } = machine.runToTrap(100_000);
  assertEquals([entry?.vector, entry?.code], [0, 0x9600_0047n]);
  assertEquals(frame.sp, STACK_BASE);
  assertEquals(machine.cpu.register("far_el1"), STACK_BASE - 64n);
});

Deno.test("AArch64 exception, whose vector is not there shuts the machine down", () => {
  using machine = makeMachine();
  machine.cpu.setRegister("vbar_el1", 0xffff_8000_0000_0000n);
  machine.start({
    mode: "user",
    pc: machine.userLabel("svc_0"),
    registers: { pstate: 0n },
  });
  assertStringIncludes(shutdown(machine), "Exceptions without end");
});
