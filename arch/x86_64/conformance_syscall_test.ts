/**
 * SYSCALL and SYSRET on x86-64 (SDM vol. 2; AMD64 vol. 2, 6.1), through the image's entry and exit
 * code.
 */
import { assert, assertEquals } from "@std/assert";
import { assertSameRegisters } from "../testing/round_trip.ts";
import {
  arrive,
  checkDelivery,
  DATA,
  Flag,
  FLAGS,
  flagSets,
  fpPattern,
  makeMachine,
  MODES,
} from "./testing/conformance.ts";
import { hex } from "../physical_memory.ts";
import { SYSCALL_VECTOR, Vector } from "./exceptions.ts";
import { x86_64 } from "./mod.ts";

const { image } = x86_64;
/** TF, IF, DF, NT and AC, which boot code has SYSCALL clear. */
const FMASK = 0x4_4700n;

for (const stepped of [true, false]) {
  const how = stepped ? "in single steps" : "in one run";
  Deno.test(`x86-64 syscall and sysretq ${how}, everything but rcx and r11 comes back`, () => {
    for (const rflags of flagSets("user")) {
      using machine = makeMachine();
      const { cpu } = machine;
      machine.loadFp(fpPattern());
      const fp = machine.saveFp();
      cpu.setRegister("kernel_gs_base", 0x1234_5678_9000n);
      const pc = machine.userLabel("system_call_next");
      const before = arrive(machine, { mode: "user", label: "system_call", registers: { rflags } });
      if (stepped) assertEquals(cpu.run(1).kind, "budget");
      const entered = machine.delivered;
      const trap = machine.runToTrap();
      const entry = stepped ? entered.at(-1) : trap.entry;
      assert(entry !== undefined);
      const { registers } = entry;
      assertEquals(entry.vector, SYSCALL_VECTOR);
      assertEquals(entry.pc, pc);
      assertEquals(entry.fromUser, true);
      assertEquals(entry.userMode, false);
      assertEquals(entry.interruptsEnabled, false);
      assertEquals(hex(registers.rip ?? 0n), hex(image.symbol("syscall_entry")), "RIP from LSTAR");
      assertEquals(registers.cs, image.symbol("KERNEL_CS"));
      assertEquals(registers.ss, image.symbol("KERNEL_DS"));
      assertEquals(registers.gs_base, 0x1234_5678_9000n, "GS is left to SWAPGS");
      assertEquals(hex(registers.rflags ?? 0n), hex(rflags & ~FMASK), "RFLAGS under FMASK");
      const expected = { ...before, rcx: pc, r11: rflags };
      const general = Object.fromEntries(
        x86_64.registerNames.map((name) => [name, registers[name] ?? 0n]),
      );
      assertSameRegisters(general, {
        before: { ...expected, rflags: rflags & ~FMASK },
        flags: FLAGS,
        pc: registers.rip ?? 0n,
      });

      const { frame } = trap;
      assertEquals(frame.cause(), { kind: "syscall" });
      assertEquals(frame.syscallNumber(), before.rax);
      const { rdi, rsi, rdx, r10, r8, r9 } = before;
      const words = [0, 1, 2, 3, 4, 5].map((i) => frame.syscallArgument(i));
      assertEquals(words, [rdi, rsi, rdx, r10, r8, r9]);
      assertEquals(frame.pc, pc);
      assertEquals(frame.sp, before.rsp);
      assertEquals(frame.register("rflags"), rflags);
      assertEquals(trap.sp, machine.stackTop, "the kernel stack is empty");
      assertEquals(frame.exitRoutine(), "exit_to_user_sysret");
      frame.setSyscallResult(0x1234_5678_9abc_def0n);
      machine.leave(trap);
      assertSameRegisters(machine.registers(), {
        before: { ...expected, rax: 0x1234_5678_9abc_def0n },
        flags: FLAGS,
        pc,
      });
      assertEquals(cpu.register("gs_base"), 0x1234_5678_9000n);
      assertEquals(cpu.register("cs"), image.symbol("USER_CS") | 3n);
      assertEquals(cpu.register("ss"), image.symbol("USER_DS") | 3n);
      assert(cpu.userMode);
      assertEquals(machine.runToTrap().entry?.vector, Vector.BP);
      assertEquals(machine.saveFp(), fp);
    }
  });
}

Deno.test("x86-64 syscall whose frame was edited, returns with iretq and every register", () => {
  using machine = makeMachine();
  arrive(machine, { mode: "user", label: "system_call" });
  const trap = machine.runToTrap();
  const { frame } = trap;
  const wanted: Record<string, bigint> = {};
  x86_64.registerNames.forEach((name, i) => {
    if (!["rip", "rsp", "rflags"].includes(name)) wanted[name] = 0x9999_0000n + BigInt(i);
  });
  wanted.rsp = machine.userStackTop - 128n;
  wanted.rflags = Flag.ONE | Flag.IF | Flag.CF | Flag.DF;
  for (const [name, value] of Object.entries(wanted)) frame.setRegister(name, value);
  assertEquals(frame.exitRoutine(), "exit_to_user");
  machine.leave(trap, { pc: machine.userLabel("divide_next") });
  assertEquals(machine.registers(), { ...wanted, rip: machine.userLabel("divide_next") });
});

for (const mode of MODES) {
  Deno.test(`x86-64 syscall with EFER.SCE clear in ${mode} mode, #UD at it`, () => {
    using machine = makeMachine();
    machine.cpu.setRegister("efer", machine.cpu.register("efer") & ~1n);
    const before = arrive(machine, { mode, label: "system_call" });
    const trap = machine.runToTrap();
    const pc = machine.label(mode, "system_call_at");
    checkDelivery(machine, { before, trap }, { vector: Vector.UD, kind: "fault", pc, mode });
  });
}

Deno.test("x86-64 syscall in kernel mode, is entered like any other", () => {
  using machine = makeMachine();
  const before = arrive(machine, { mode: "kernel", label: "system_call" });
  machine.run(1);
  const [entry] = machine.delivered;
  assertEquals(entry?.fromUser, false);
  assertEquals(entry?.registers.rcx, machine.kernelLabel("system_call_next"));
  assertEquals(entry?.registers.rsp, before.rsp);
});

Deno.test("x86-64 syscall with FMASK clear, RFLAGS stays as it is", () => {
  using machine = makeMachine();
  machine.cpu.setRegister("fmask", 0n);
  const rflags = Flag.ONE | Flag.IF | Flag.DF | Flag.CF;
  arrive(machine, { mode: "user", label: "system_call", registers: { rflags } });
  machine.run(1);
  assertEquals(machine.delivered[0]?.registers.rflags, rflags);
  assertEquals(machine.delivered[0]?.interruptsEnabled, true);
});

Deno.test("x86-64 syscall with RF set, R11 does not have it", () => {
  using machine = makeMachine();
  const rflags = Flag.ONE | Flag.IF;
  machine.start({
    mode: "user",
    pc: machine.userLabel("system_call"),
    registers: { rflags: rflags | Flag.RF },
  });
  machine.runTo(machine.userLabel("system_call"));
  assertEquals(machine.cpu.register("rflags"), rflags | Flag.RF, "IRETQ has restored it");
  const { entry } = machine.runToTrap();
  assertEquals(entry?.registers.r11, rflags);
  assertEquals((entry?.registers.rflags ?? 0n) & Flag.RF, 0n);
});

Deno.test("x86-64 syscall with FMASK leaving TF, the step is reported at its target", () => {
  using machine = makeMachine();
  machine.cpu.setRegister("fmask", FMASK & ~Flag.TF);
  const registers = { rflags: Flag.ONE | Flag.IF | Flag.TF };
  machine.start({ mode: "user", pc: machine.userLabel("system_call"), registers });
  machine.run(50);
  const seen = machine.delivered.map((entry) => [entry.vector, entry.pc]);
  assertEquals(seen[0], [SYSCALL_VECTOR, machine.userLabel("system_call_next")]);
  assertEquals(seen[1], [Vector.DB, image.symbol("syscall_entry")]);
});

Deno.test("x86-64 interrupt pending at syscall, is taken before it or after sysretq", () => {
  using machine = makeMachine();
  const registers = { rflags: Flag.ONE | Flag.IF };
  arrive(machine, { mode: "user", label: "system_call", registers });
  machine.cpu.run(1);
  machine.cpu.raiseInterrupt(0);
  const call = machine.runToTrap();
  assertEquals(call.frame.cause().kind, "syscall", "the entry runs with IF clear");
  machine.answerExit(call.frame);
  const interrupt = machine.runToTrap();
  assertEquals(interrupt.frame.cause(), { kind: "interrupt", line: 0 });
  assertEquals(interrupt.frame.pc, machine.userLabel("system_call_next"));
  assertEquals(interrupt.frame.register("r11"), registers.rflags);
});

Deno.test("x86-64 syscall with a stack pointer to nowhere, the kernel never uses it", () => {
  using machine = makeMachine();
  arrive(machine, { mode: "user", label: "system_call", sp: DATA });
  const trap = machine.runToTrap();
  assertEquals(trap.frame.sp, DATA);
  assertEquals(trap.sp, machine.stackTop);
});
