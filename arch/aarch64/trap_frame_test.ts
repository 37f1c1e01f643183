import { assert, assertEquals, assertThrows } from "@std/assert";
import { KernelSpace } from "../kernel_space.ts";
import { ArchError } from "../errors.ts";
import { PAGE_SIZE, PhysicalMemory } from "../physical_memory.ts";
import { aarch64 } from "./mod.ts";
import { AArch64TrapFrame, frameLayout, REGISTER_NAMES } from "./trap_frame.ts";

const layout = frameLayout(aarch64.image);

/** A kernel half without a CPU. */
function makeSpace(): KernelSpace {
  const memory = new PhysicalMemory(aarch64.ramBase, 4 * 1024 * 1024);
  let next = aarch64.ramBase + 0x10_0000n;
  const frames = {
    allocate: () => (next += BigInt(PAGE_SIZE)) - BigInt(PAGE_SIZE),
    free: () => {},
  };
  const { image, entryFormat: format, directMap, stackRegion } = aarch64;
  return new KernelSpace(memory, { frames, format, image, directMap, stackRegion });
}

/** A frame in kernel memory. */
function makeFrame(fields: { pstate?: bigint; esr?: bigint; far?: bigint; vector?: number } = {}) {
  const { pstate = 0n, esr = 0n, far = 0n, vector = 8 } = fields;
  const space = makeSpace();
  const address = aarch64.ramBase + aarch64.directMap + 0x1000n;
  space.writeU64(address + BigInt(layout.pstate), pstate);
  space.writeU64(address + BigInt(layout.esr), esr);
  space.writeU64(address + BigInt(layout.far), far);
  space.writeU64(address + BigInt(layout.vector), BigInt(vector));
  return {
    space,
    address,
    frame: new AArch64TrapFrame(space, address, { layout, cpu: { interruptLine: 17 } }),
  };
}

Deno.test("AArch64 trap frame, every register is where the vectors put it", () => {
  const { space, address, frame } = makeFrame();
  REGISTER_NAMES.forEach((name, i) => frame.setRegister(name, 0x1111_0000_0000n + BigInt(i)));
  const word = (offset: number) => space.readU64(address + BigInt(offset));
  for (let i = 0; i < 31; i++) assertEquals(word(8 * i), 0x1111_0000_0000n + BigInt(i), `x${i}`);
  assertEquals(word(layout.sp), frame.sp);
  assertEquals(word(layout.pc), frame.pc);
  REGISTER_NAMES.forEach((name, i) => {
    assertEquals(frame.register(name), 0x1111_0000_0000n + BigInt(i), name);
  });
});

Deno.test("AArch64 trap frame, a system call's words by the kernel's convention", () => {
  const { frame } = makeFrame();
  for (let i = 0; i < 9; i++) frame.setRegister(`x${i}`, 0xffff_ffff_ffff_ff00n + BigInt(i));
  assertEquals(frame.syscallNumber(), 0xffff_ffff_ffff_ff08n);
  for (let i = 0; i < 6; i++) assertEquals(frame.syscallArgument(i), frame.register(`x${i}`));
  frame.setSyscallResult(5n);
  assertEquals(frame.register("x0"), 5n);
});

Deno.test("AArch64 trap frame, registers that are not in it are refused", () => {
  const { frame } = makeFrame();
  for (const name of ["x31", "x01", "q0", "rip", "", "SP", "toString"]) {
    const error = assertThrows(() => frame.register(name), ArchError);
    assertEquals(
      [error.kind, error.message],
      ["misuse", `Cannot access register "${name}" of an AArch64 trap frame`],
    );
    assertThrows(() => frame.setRegister(name, 0n), ArchError);
  }
});

Deno.test("AArch64 trap frame, values are taken modulo 2^64", () => {
  const { frame } = makeFrame();
  frame.setRegister("x3", -1n);
  assertEquals(frame.register("x3"), 0xffff_ffff_ffff_ffffn);
});

const CAUSES: readonly (readonly [
  fields: Parameters<typeof makeFrame>[0],
  cause: ReturnType<AArch64TrapFrame["cause"]>,
])[] = [
  [{ esr: 0x5600_0000n }, { kind: "syscall" }],
  // of a program in kernel mode
  [{ esr: 0x5600_0000n, pstate: 5n, vector: 4 }, { kind: "syscall" }],
  [{ vector: 9, esr: 0x5600_0000n }, { kind: "interrupt", line: 17 }],
  [{ vector: 5, pstate: 5n }, { kind: "interrupt", line: 17 }],
  [{ vector: 10 }, { kind: "interrupt", line: 17 }], // FIQ
  [{ vector: 11, esr: 0xbe00_0000n }, { kind: "error" }],
  [{ esr: 0x1fe0_0000n }, { kind: "fp-disabled" }],
  [{ esr: 0x0200_0000n }, { kind: "error" }],
  [{ esr: 0xf200_0000n }, { kind: "error" }],
  [
    { esr: 0x9200_0047n, far: 0x1234n },
    { kind: "page-fault", address: 0x1234n, access: "write", present: false },
  ],
  [
    { esr: 0x9200_000bn, far: 0x1234n },
    { kind: "page-fault", address: 0x1234n, access: "read", present: true },
  ],
  [
    { esr: 0x8200_000fn, far: 0x1234n },
    { kind: "page-fault", address: 0x1234n, access: "execute", present: true },
  ],
  [
    { esr: 0x9600_0044n, far: 0x1234n, pstate: 5n, vector: 4 },
    { kind: "page-fault", address: 0x1234n, access: "write", present: false },
  ],
  // Aborts that no table can mend.
  [{ esr: 0x9200_0021n, far: 1n }, { kind: "error" }],
  [{ esr: 0x9200_0010n, far: 1n }, { kind: "error" }],
  [{ esr: 0x9200_0000n, far: 1n }, { kind: "error" }],
];

for (const [fields, cause] of CAUSES) {
  const { esr = 0n, vector = 8 } = fields ?? {};
  Deno.test(`AArch64 trap frame, cause of syndrome 0x${esr.toString(16)} in slot ${vector}`, () => {
    assertEquals(makeFrame(fields).frame.cause(), cause);
  });
}

Deno.test("AArch64 trap frame, a report from EL0 has syndrome and address, from EL1 PC too", () => {
  const esr = 0x9200_0047n;
  const { frame } = makeFrame({ esr, far: 0x40_1000n });
  assertEquals(frame.report(), {
    origin: "EL0",
    name: "data abort, lower EL",
    words: [{ label: "ESR", value: esr }, { label: "FAR", value: 0x40_1000n }],
    meaning: "data abort, lower EL: write, translation fault, level 3",
  });
  const kernel = makeFrame({ vector: 5, pstate: 0x3c5n }).frame;
  kernel.pc = 0xffff_0000_4020_0000n;
  const report = kernel.report();
  assertEquals([report.origin, report.name, report.meaning], ["EL1", "IRQ", "IRQ line 17"]);
  assertEquals(report.words.at(-1), { label: "PC", value: 0xffff_0000_4020_0000n });
});

Deno.test("AArch64 trap frame, the first one of a user thread", () => {
  const { space, address, frame } = makeFrame({ pstate: ~0n & 0xffff_ffffn, esr: 7n, far: 9n });
  for (const name of REGISTER_NAMES) frame.setRegister(name, 0xddn);
  frame.initializeUser({ pc: 0x40_0000n, sp: 0x80_0000n, argument: 3n });
  for (let offset = 0; offset < layout.size; offset += 8) {
    const expected = offset === layout.x0
      ? 3n
      : offset === layout.pc
      ? 0x40_0000n
      : offset === layout.sp
      ? 0x80_0000n
      : 0n;
    assertEquals(space.readU64(address + BigInt(offset)), expected, `offset ${offset}`);
  }
  assertEquals([frame.fromUser, frame.exitRoutine()], [true, "exit_to_user"]);
});

Deno.test("AArch64 trap frame, one of the kernel goes back by its own routine", () => {
  for (const pstate of [0x3c4n, 0x3c5n]) {
    const { frame } = makeFrame({ pstate, vector: 4 });
    assertEquals([frame.fromUser, frame.exitRoutine()], [false, "exit_to_kernel"]);
  }
});

Deno.test("AArch64 trap frame, over the end of a page whose next one is elsewhere in RAM", () => {
  const space = makeSpace();
  const base = aarch64.stackRegion;
  const [first, second] = [aarch64.ramBase + 0x9000n, aarch64.ramBase + 0x3000n];
  space.mapStackPage(base, first);
  space.mapStackPage(base + 0x1000n, second);
  for (let inFirst = 16; inFirst < layout.size; inFirst += 16) {
    const address = base + 0x1000n - BigInt(inFirst);
    const frame = new AArch64TrapFrame(space, address, { layout, cpu: { interruptLine: 0 } });
    REGISTER_NAMES.forEach((name, i) => frame.setRegister(name, 0x7700n + BigInt(i)));
    for (let i = 0; i < 31; i++) {
      assertEquals(space.readU64(address + BigInt(8 * i)), 0x7700n + BigInt(i));
    }
    const pc = frame.address + BigInt(layout.pc);
    const physical = pc < base + 0x1000n ? first + (pc - base) : second + (pc - base - 0x1000n);
    assertEquals(space.memory.readU64(physical), frame.pc);
    assertEquals(frame.fromUser, (frame.register("pstate") & 0xfn) === 0n);
  }
});

Deno.test("AArch64 trap frame, the layout is a multiple of the stack's alignment", () => {
  assertEquals(layout.size % 16, 0);
  assert(layout.vector + 8 <= layout.size);
});

Deno.test("AArch64 trap frame, what a program's handler is told: the address where there is one", () => {
  const told = (esr: bigint) => makeFrame({ esr, far: 0x1234n }).frame.userTrap();
  for (
    const [esr, address] of [
      [0x9200_0047n, 0x1234n], // data abort
      [0x8200_000fn, 0x1234n], // instruction abort
      [0x8a00_0000n, 0x1234n], // PC alignment
      [0xd200_0022n, 0x1234n], // watchpoint
      [0x0200_0000n, 0n], // undefined instruction
      [0xf200_0007n, 0n], // BRK
    ] as const
  ) {
    assertEquals(told(esr), { code: esr >> 26n, syndrome: esr, address });
  }
});

Deno.test("AArch64 trap frame, a function is entered without flags, other registers are kept", () => {
  const { frame } = makeFrame({ pstate: 0xf020_0c00n, esr: 1n });
  for (let i = 0; i < 31; i++) frame.setRegister(`x${i}`, 100n + BigInt(i));
  frame.enterFunction({ pc: 0x40_0000n, sp: 0x80_0000n, framePointer: 9n, arguments: [1n, 2n] });
  assertEquals([frame.pc, frame.sp, frame.register("pstate")], [0x40_0000n, 0x80_0000n, 0n]);
  for (let i = 0; i < 31; i++) {
    const expected = [1n, 2n][i] ?? (i === 29 ? 9n : 100n + BigInt(i));
    assertEquals(frame.register(`x${i}`), expected, `x${i}`);
  }
});
