import { assertEquals, assertThrows } from "@std/assert";
import { ArchError } from "../errors.ts";
import { makeMachine } from "./testing/conformance.ts";
import { generalIndex, SYSTEM_REGISTERS } from "./registers.ts";

Deno.test("AArch64 CPU, general registers by name", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  for (let i = 0; i < 31; i++) cpu.setRegister(`x${i}`, 0xaa00n + BigInt(i));
  for (let i = 0; i < 31; i++) assertEquals(cpu.register(`x${i}`), 0xaa00n + BigInt(i));
  cpu.setRegister("sp", 0x5550n);
  cpu.setRegister("pc", 0x4440n);
  assertEquals([cpu.sp, cpu.pc], [0x5550n, 0x4440n]);
  assertEquals([cpu.register("sp"), cpu.register("pc")], [0x5550n, 0x4440n]);
});

Deno.test("AArch64 CPU, system registers keep what is written", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  for (const name of ["elr_el1", "spsr_el1", "esr_el1", "far_el1", "tpidr_el0", "vbar_el1"]) {
    cpu.setRegister(name, 0x1234_5000n);
    assertEquals(cpu.register(name), 0x1234_5000n, name);
  }
  for (const name of Object.keys(SYSTEM_REGISTERS)) {
    assertEquals(typeof cpu.register(name), "bigint");
  }
});

Deno.test("AArch64 CPU, unknown registers are refused", () => {
  using machine = makeMachine();
  for (const name of ["x31", "x-1", "w0", "sctlr_el3", "toString", "", "X0"]) {
    const error = assertThrows(() => machine.cpu.register(name), ArchError);
    assertEquals(error.message, `Cannot access AArch64 register "${name}": unknown name`);
    assertThrows(() => machine.cpu.setRegister(name, 0n), ArchError);
  }
});

Deno.test("AArch64 CPU, PSTATE chooses exception level and stack pointer as hardware does", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  cpu.sp = 0x1110n;
  cpu.setRegister("pstate", 0x3c4n); // EL1t
  cpu.sp = 0x2220n;
  assertEquals(cpu.userMode, false);
  cpu.setRegister("pstate", 0n); // EL0
  assertEquals([cpu.userMode, cpu.sp, cpu.interruptsEnabled], [true, 0x2220n, true]);
  cpu.setRegister("pstate", 0x3c5n); // EL1h
  assertEquals([cpu.userMode, cpu.sp, cpu.interruptsEnabled], [false, 0x1110n, false]);
  cpu.setRegister("pstate", 0xf000_0085n);
  assertEquals([cpu.register("pstate"), cpu.interruptsEnabled], [0xf000_0085n, false]);
  cpu.setRegister("pstate", 0x345n);
  assertEquals(cpu.interruptsEnabled, true);
});

Deno.test("AArch64 CPU, translates by the half an address is in", () => {
  using machine = makeMachine();
  const { cpu, arch } = machine;
  const physical = machine.mapUser(0x60_0000n, { write: true, execute: false });
  assertEquals(cpu.translate(0x60_0123n), physical + 0x123n);
  assertEquals(cpu.translate(0x70_0000n), undefined);
  assertEquals(cpu.translate(arch.directMap + arch.ramBase + 5n), arch.ramBase + 5n);
  assertEquals(cpu.translate(0xffff_8000_0000_0000n), undefined);
  cpu.setRegister("ttbr0_el1", machine.root | (7n << 48n) | 1n);
  assertEquals(cpu.translate(0x60_0123n), physical + 0x123n, "ASID and CnP are no address");
  cpu.setRegister("sctlr_el1", cpu.register("sctlr_el1") & ~1n);
  assertEquals(cpu.translate(0x60_0123n), 0x60_0123n, "MMU off");
});

Deno.test("AArch64 CPU, floating point is CPACR_EL1.FPEN", () => {
  using machine = makeMachine();
  const { cpu } = machine;
  assertEquals([cpu.userFp, cpu.register("cpacr_el1")], [false, 1n << 20n], "after boot");
  cpu.userFp = true;
  assertEquals(cpu.register("cpacr_el1"), 3n << 20n);
  for (const [fpen, allowed] of [[0n, false], [1n, false], [2n, false], [3n, true]] as const) {
    cpu.setRegister("cpacr_el1", fpen << 20n);
    assertEquals(cpu.userFp, allowed);
  }
});

Deno.test("AArch64 CPU, misuse is refused", () => {
  using machine = makeMachine();
  for (const budget of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => machine.cpu.run(budget), ArchError);
  }
  for (const line of [-1, 32, 0.5, NaN]) {
    assertThrows(() => machine.cpu.raiseInterrupt(line), ArchError);
  }
});

Deno.test("generalIndex, x0 to x30 and nothing else", () => {
  for (let i = 0; i < 31; i++) assertEquals(generalIndex(`x${i}`), i);
  for (const name of ["x31", "x00", "x", "w1", "x 1", "1"]) {
    assertEquals(generalIndex(name), undefined);
  }
});
