/**
 * A system call that does nothing, for the C harness: the guest code of the kernel image at the
 * point where it waits for the answer to such a call, with all of RAM and every register that
 * matters.
 *
 * @module
 */
import { archByName } from "../../arch/mod.ts";
import { BareMachine } from "../../arch/testing/harness.ts";
import { AArch64SystemRegister, X86Msr } from "../../unicorn/mod.ts";
import { benchProgram } from "../paths/guest.ts";
import type { PeerArch } from "./guest_code.ts";

/** What the C harness starts from. */
export interface NullCall {
  /** RAM. */
  readonly ram: Uint8Array;
  /** Declarations in C: where RAM lies, the registers, and how a call is answered. */
  readonly header: string;
}

const X86_GENERAL = [
  ...["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"],
  ...["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"],
];
const X86_CONTROL = ["cr3", "cr4", "cr0"];
const X86_MSRS = {
  star: X86Msr.STAR,
  lstar: X86Msr.LSTAR,
  fmask: X86Msr.FMASK,
  efer: X86Msr.EFER,
  gs_base: X86Msr.GS_BASE,
  kernel_gs_base: X86Msr.KERNEL_GS_BASE,
};
/** The MMU is switched on last. */
const AARCH64_SYSTEM = [
  ...["mair_el1", "tcr_el1", "ttbr0_el1", "ttbr1_el1", "vbar_el1", "tpidr_el1", "sp_el0"],
  "sctlr_el1",
] as const;

/** Brings a bare machine to a system call, and says how to go on from there. */
export function makeNullCall(name: PeerArch): NullCall {
  const arch = archByName(name);
  using machine = new BareMachine({ arch, code: benchProgram(arch), kernelState: {} });
  machine.start({ mode: "user", pc: machine.userLabel("trap_for_ever") });
  const { frame } = machine.runToTrap();
  const { cpu } = machine;
  const value = (register: string): string => word(cpu.register(register));
  const prefix = name.toUpperCase();
  const lines = [
    `#define ${prefix}_NULL_BASE ${word(machine.memory.base)}`,
    `#define ${prefix}_NULL_SIZE ${machine.memory.size}`,
    `#define ${prefix}_NULL_ROUTINE ${word(machine.routine(frame.exitRoutine()))}`,
    `#define ${prefix}_NULL_THREAD ${word(machine.thread)}`,
    `#define ${prefix}_NULL_PC ${word(cpu.pc)}`,
    `#define ${prefix}_NULL_SP ${word(cpu.sp)}`,
  ];
  if (name === "x86_64") {
    for (const register of ["star", "lstar", "fmask"]) {
      lines.push(`#define X86_64_NULL_${register.toUpperCase()} ${value(register)}`);
    }
    const rows = [...X86_GENERAL, ...X86_CONTROL].map((register) =>
      `{UC_X86_REG_${register.toUpperCase()}, ${value(register)}}`
    );
    lines.push(table("x86_null_registers", rows));
    const msrs = Object.entries(X86_MSRS).map(([register, id]) => `{${id}, ${value(register)}}`);
    lines.push(table("x86_null_msrs", msrs));
  } else {
    lines.push(`#define AARCH64_NULL_VBAR ${value("vbar_el1")}`);
    const rows = Array.from({ length: 31 }, (_, i) => `{UC_ARM64_REG_X${i}, ${value(`x${i}`)}}`);
    lines.push(table("aarch64_null_registers", rows));
    const system = AARCH64_SYSTEM.map((register) => {
      const key = register.toUpperCase() as Uppercase<typeof register>;
      const { op0, op1, crn, crm, op2 } = AArch64SystemRegister[key];
      return `{{${crn}, ${crm}, ${op0}, ${op1}, ${op2}, ${value(register)}}}`;
    });
    lines.push(
      `static const struct { uc_arm64_cp_reg reg; } aarch64_null_system[] = {\n${
        system.join(",\n")
      }};\n`,
    );
  }
  return { ram: machine.memory.bytes.slice(), header: lines.join("\n") + "\n" };
}

function word(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}ull`;
}

function table(name: string, rows: readonly string[]): string {
  return `static const struct { int id; uint64_t value; } ${name}[] = {\n${rows.join(",\n")}};`;
}
