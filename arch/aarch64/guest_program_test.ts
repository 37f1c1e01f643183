import { assertEquals } from "@std/assert";
import type { BareMachine } from "../testing/harness.ts";
import { aarch64 } from "./mod.ts";
import { makeMachine } from "./testing/conformance.ts";

const STACK = (machine: BareMachine): bigint => machine.stackTop - 0x1230n;

/** Sends the CPU into a program of the kernel half. */
function enter(machine: BareMachine): void {
  const words = [machine.kernelLabel("arrived"), STACK(machine), 0x1234n];
  machine.cpu.answer(machine.routine("enter_program"), ...words);
  machine.runTo(machine.routine("enter_program"));
}

Deno.test("AArch64 enter_program, starts a program at EL1 with interrupts unmasked", () => {
  using machine = makeMachine();
  enter(machine);
  const { entry, frame } = machine.runToTrap();
  assertEquals([entry?.vector, frame.pc], [4, machine.kernelLabel("arrived")]);
  const names = ["x0", "sp", "x29", "x30"];
  assertEquals(names.map((name) => frame.register(name)), [0x1234n, STACK(machine), 0n, 0n]);
  assertEquals(frame.register("pstate") & 0x3cfn, 0x345n, "I is clear");
});

Deno.test("AArch64 enter_program, an interrupt at each instruction", () => {
  const first = aarch64.image.symbol("enter_program");
  let taken = 0;
  for (let count = 0; count < 7; count++) {
    using machine = makeMachine();
    enter(machine);
    if (count > 0) machine.cpu.run(count);
    machine.cpu.raiseInterrupt(2);
    const interrupt = machine.runToTrap();
    assertEquals(interrupt.entry?.vector, 5);
    const at = Number(interrupt.frame.pc - first) / 4;
    // Masked until the last but one has been executed.
    assertEquals(at, Math.max(count, 6));
    if (at === count) taken++;
    machine.leave(interrupt);
    const { frame } = machine.runToTrap();
    const names = ["x0", "sp", "x29", "x30", "pc"];
    assertEquals(
      names.map((name) => frame.register(name)),
      [0x1234n, STACK(machine), 0n, 0n, machine.kernelLabel("arrived")],
    );
  }
  assertEquals(taken, 1);
});

/** Fills a trap frame in and goes to what it holds by a routine with one argument. */
function goTo(
  machine: BareMachine,
  options: { frame: bigint; routine: "land" | "exit_to_kernel"; argument: bigint },
): void {
  const frame = aarch64.trapFrame(machine.space, options.frame, machine);
  const registers: Record<string, bigint> = {
    ...machine.distinctRegisters(),
    sp: STACK(machine),
    pc: machine.kernelLabel("arrived"),
    pstate: 0x6000_0345n,
  };
  for (const [name, value] of Object.entries(registers)) frame.setRegister(name, value);
  machine.cpu.answer(machine.routine(options.routine), options.argument);
  machine.runTo(machine.kernelLabel("arrived"));
  assertEquals(machine.registers(), registers);
}

Deno.test("AArch64 land, loads every register of the thread's frame", () => {
  using machine = makeMachine();
  const frame = machine.thread + aarch64.image.symbol("TH_FRAME");
  goTo(machine, { frame, routine: "land", argument: machine.thread });
});

Deno.test("AArch64 exit_to_kernel, loads every register, SP too, of a frame that is not on the stack", () => {
  using machine = makeMachine();
  const frame = machine.space.virtual(machine.frame());
  goTo(machine, { frame, routine: "exit_to_kernel", argument: frame });
});
