import { assert, assertEquals, assertThrows } from "@std/assert";
import type { TrapFrame } from "../arch.ts";
import { ArchError } from "../errors.ts";
import type { BareMachine } from "../testing/harness.ts";
import { Vector } from "./exceptions.ts";
import { x86_64 } from "./mod.ts";
import { makeMachine } from "./testing/conformance.ts";
import { REGISTER_NAMES } from "./trap_frame.ts";

const { image } = x86_64;
const USER_CS = image.symbol("USER_CS") | 3n;
const KERNEL_CS = image.symbol("KERNEL_CS");

function view(machine: BareMachine, address?: bigint): TrapFrame {
  const at = address ?? machine.thread + image.symbol("TH_FRAME");
  return x86_64.trapFrame(machine.space, at, { cpu: machine.cpu });
}

Deno.test("X86TrapFrame, registers lie where the image says and take 64 bits", () => {
  using machine = makeMachine();
  const frame = view(machine);
  REGISTER_NAMES.forEach((name, i) => frame.setRegister(name, -1n - BigInt(i)));
  REGISTER_NAMES.forEach((name, i) => {
    const value = BigInt.asUintN(64, -1n - BigInt(i));
    assertEquals(frame.register(name), value);
    const label = name === "rip" ? "PC" : name === "rsp" ? "SP" : name.toUpperCase();
    assertEquals(
      machine.space.readU64(frame.address + image.symbol(`FRAME_${label}`)),
      value,
      name,
    );
  });
  assertEquals(frame.pc, frame.register("rip"));
  assertEquals(frame.sp, frame.register("rsp"));
});

Deno.test("X86TrapFrame, refuses registers a frame does not have", () => {
  using machine = makeMachine();
  const frame = view(machine);
  for (const name of ["cr2", "RAX", "", "x0", "toString"]) {
    assertThrows(() => frame.register(name), ArchError, `Cannot access register "${name}"`);
    assertThrows(() => frame.setRegister(name, 0n), ArchError);
  }
  assertThrows(() => frame.syscallArgument(6), ArchError, "there are six");
  assertThrows(() => frame.syscallArgument(-1), ArchError);
});

Deno.test("X86TrapFrame, a frame over two pages that are not neighbours in RAM", () => {
  using machine = makeMachine();
  const page = machine.kernelPage(0);
  const second = machine.mapKernel(page + 0x1000n, { write: true, execute: false });
  const first = machine.mapKernel(page, { write: true, execute: false });
  assert(second < first, "the frames are in the other order");
  const frame = view(machine, page + 0xfc0n);
  frame.initializeUser({ pc: 1n, sp: 2n, argument: 3n });
  REGISTER_NAMES.forEach((name, i) => frame.setRegister(name, 100n + BigInt(i)));
  const names = REGISTER_NAMES.map((name) => frame.register(name));
  assertEquals(names, REGISTER_NAMES.map((_, i) => 100n + BigInt(i)));
  const words = (physical: bigint, count: number) =>
    Array.from({ length: count }, (_, i) => machine.memory.readU64(physical + BigInt(8 * i)));
  assert(words(first + 0xfc0n, 8).every((word) => word >= 100n && word < 118n));
  assertEquals(words(second + 14n * 8n - 8n, 1)[0], frame.register("ss"));
});

Deno.test("X86TrapFrame, initializeUser makes a clean start at CPL 3 with interrupts on", () => {
  using machine = makeMachine();
  const frame = view(machine);
  for (const name of REGISTER_NAMES) frame.setRegister(name, 0x55n);
  frame.initializeUser({ pc: 0x40_1000n, sp: 0x7f_0000n, argument: 42n });
  const expected = new Map<string, bigint>([
    ["rip", 0x40_1000n],
    ["rsp", 0x7f_0000n],
    ["rdi", 42n],
    ["rflags", 0x202n],
  ]);
  for (const name of REGISTER_NAMES) assertEquals(frame.register(name), expected.get(name) ?? 0n);
  assertEquals(frame.register("cs"), USER_CS);
  assertEquals(frame.fromUser, true);
  assertEquals(frame.exitRoutine(), "exit_to_user");
});

function withVector(
  machine: BareMachine,
  vector: number,
  options: { error?: bigint; cs?: bigint },
): TrapFrame {
  const frame = view(machine);
  frame.setRegister("vector", BigInt(vector));
  frame.setRegister("error", options.error ?? 0n);
  frame.setRegister("cs", options.cs ?? USER_CS);
  return frame;
}

Deno.test("X86TrapFrame, cause of every kind of vector", () => {
  using machine = makeMachine();
  machine.cpu.setRegister("cr2", 0x1234_5000n);
  const cause = (vector: number, error = 0n) => withVector(machine, vector, { error }).cause();
  assertEquals(cause(256), { kind: "syscall" });
  assertEquals(cause(Vector.NM), { kind: "fp-disabled" });
  assertEquals(cause(32), { kind: "interrupt", line: 0 });
  assertEquals(cause(63), { kind: "interrupt", line: 31 });
  for (const vector of [0, 1, 3, 6, 8, 13, 64, 255]) assertEquals(cause(vector), { kind: "error" });
  const fault = { kind: "page-fault", address: 0x1234_5000n } as const;
  assertEquals(cause(Vector.PF, 0x4n), { ...fault, access: "read", present: false });
  assertEquals(cause(Vector.PF, 0x7n), { ...fault, access: "write", present: true });
  assertEquals(cause(Vector.PF, 0x14n), { ...fault, access: "execute", present: false });
  assertEquals(cause(Vector.PF, 0x9n), { kind: "error" }, "a reserved bit cannot be resolved");
});

Deno.test("X86TrapFrame, report names the trap and shows PC from kernel mode only", () => {
  using machine = makeMachine();
  machine.cpu.setRegister("cr2", 0x5000n);
  const user = withVector(machine, Vector.PF, { error: 6n });
  user.pc = 0x40_1000n;
  assertEquals(user.report(), {
    origin: "CPL 3",
    name: "#PF",
    words: [
      { label: "VEC", value: 14n },
      { label: "ERR", value: 6n },
      { label: "CR2", value: 0x5000n },
    ],
    meaning: "page fault: write, page not present, from user mode",
  });
  const kernel = withVector(machine, Vector.PF, { error: 2n, cs: KERNEL_CS }).report();
  assertEquals(kernel.origin, "CPL 0");
  assertEquals(kernel.words.at(-1), { label: "PC", value: 0x40_1000n });
  const call = withVector(machine, 256, {});
  call.setRegister("rax", 7n);
  assertEquals(call.report().words, [{ label: "SYSCALL", value: 7n }]);
});

Deno.test("X86TrapFrame, exit routine: SYSRET only restores what SYSCALL saved", () => {
  using machine = makeMachine();
  const frame = withVector(machine, 256, {});
  frame.pc = 0x40_1000n;
  frame.setRegister("rcx", 0x40_1000n);
  frame.setRegister("rflags", 0x246n);
  frame.setRegister("r11", 0x246n);
  assertEquals(frame.exitRoutine(), "exit_to_user_sysret");
  frame.setRegister("r11", 0x202n);
  assertEquals(frame.exitRoutine(), "exit_to_user");
  frame.setRegister("r11", 0x246n);
  frame.pc += 2n;
  assertEquals(frame.exitRoutine(), "exit_to_user");
  assertEquals(withVector(machine, 14, {}).exitRoutine(), "exit_to_user");
  assertEquals(withVector(machine, 14, { cs: KERNEL_CS }).exitRoutine(), "exit_to_kernel");
});

Deno.test("X86TrapFrame, what a program's handler is told: CR2 of a page fault only", () => {
  using machine = makeMachine();
  machine.cpu.setRegister("cr2", 0x5000n);
  const told = (vector: number, error = 0n) => withVector(machine, vector, { error }).userTrap();
  assertEquals(told(Vector.PF, 6n), { code: 14n, syndrome: 6n, address: 0x5000n });
  assertEquals(told(Vector.GP, 8n), { code: 13n, syndrome: 8n, address: 0n });
  assertEquals(told(Vector.UD), { code: 6n, syndrome: 0n, address: 0n });
});

Deno.test("X86TrapFrame, a function is entered without flags, other registers are kept", () => {
  using machine = makeMachine();
  const frame = view(machine);
  REGISTER_NAMES.forEach((name, i) => frame.setRegister(name, 100n + BigInt(i)));
  frame.enterFunction({ pc: 0x40_0000n, sp: 0x80_0000n, framePointer: 9n, arguments: [1n, 2n] });
  const changed: Readonly<Record<string, bigint>> = {
    rip: 0x40_0000n,
    rsp: 0x80_0000n,
    rbp: 9n,
    rdi: 1n,
    rsi: 2n,
    rflags: 0x202n,
  };
  REGISTER_NAMES.forEach((name, i) => {
    assertEquals(frame.register(name), changed[name] ?? 100n + BigInt(i), name);
  });
});
