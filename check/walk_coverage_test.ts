import { assert, assertEquals } from "@std/assert";
import { disassemble } from "../arch/disassemble.ts";
import { archByName } from "../arch/mod.ts";
import { unwindProgram } from "../guest/boot_modules.ts";
import { ARCH_NAMES } from "../kernel/testing/programs.ts";
import { type Program, Session } from "../kernel/testing/session.ts";
import { loadSegments } from "../elf/mod.ts";
import { everySecond, leftToFull } from "../util/testing/sweep.ts";
import { describeMismatch, verifyWalks } from "./mod.ts";

/** The routines of the kernel image that traps, switches, copies and landings go through. */
const ROUTINES = {
  aarch64: [
    ...["trap_from_user", "trap_from_el1t", "trap_from_el1h", "trap_from_kernel"],
    ...["exit_to_user", "exit_to_kernel", "enter_program", "land"],
    ...["switch_context", "load_context", "thread_root", "stack_handoff", "call_continuation"],
    ...["copyin", "copyout", "copy_bytes", "copy_fault", "zero_page"],
    ...["fp_save", "fp_load", "fp_swap"],
  ],
  x86_64: [
    ...["trap_entry", "trap_from_user", "syscall_entry"],
    ...["exit_to_user", "exit_to_user_sysret", "exit_to_kernel", "enter_program", "land"],
    ...["switch_context", "load_context", "thread_root", "stack_handoff", "call_continuation"],
    ...["copyin", "copyout", "copy_bytes", "copy_fault", "zero_page"],
    ...["fp_load", "fp_swap"],
  ],
} as const;

/** Instructions of these that no program reaches, and why. */
const NOT_REACHED = {
  aarch64: [
    // Nothing runs at EL1 with SP_EL0; the conformance tests of the back-end make such traps.
    "trap_from_el1t+0x0 mrs x1, sp_el0",
    "trap_from_el1t+0x4 b",
    // Stands before the label that is returned to.
    "thread_root+0x0 .inst 0x00000000",
  ],
  x86_64: ["thread_root+0x0 ud2"],
} as const;

// What is the same on each architecture the quick sweep has on one of them.
for (const arch of everySecond(ARCH_NAMES, 0)) {
  Deno.test(`verifyWalks ${arch}, every instruction of the kernel's trap and switch routines`, async () => {
    const unwind = (args: string, mode: "user" | "kernel") => unwindProgram(arch, { args, mode });
    const runs: Program[][] = [
      [await unwind("syscall 2", "user"), "jobs wild 1"],
      [await unwind("overflow 2", "kernel")],
      [await unwind("syscall 2", "kernel")],
      ["threads"],
      ["fpmix"],
    ];
    const { image } = archByName(arch);
    const seen = new Set<bigint>();
    for (const programs of runs) {
      using session = new Session({ arch, programs });
      const { cpu } = session.machine;
      const report = verifyWalks(session.machine, {
        instructions: 60_000,
        depth: 16,
        // Of each routine every instruction is to be checked, but not every turn of its loops.
        once: leftToFull(),
        beforeEach: () => {
          if (!cpu.userMode) seen.add(cpu.pc);
        },
      });
      assertEquals(report.mismatch && describeMismatch(report.mismatch), null);
    }
    const missed: string[] = [];
    const text = loadSegments(image.elf)[0];
    assert(text !== undefined);
    for (const name of ROUTINES[arch]) {
      const address = image.symbol(name);
      const size = Number(image.elf.symbolNamed(name)?.size);
      const begin = Number(address - text.vaddr);
      const code = image.elf.segmentData(text).subarray(begin, begin + size);
      for (const instruction of await disassemble(code, { arch, address })) {
        if (seen.has(instruction.address)) continue;
        const offset = (instruction.address - address).toString(16);
        // A branch's target is an address of this very image.
        missed.push(`${name}+0x${offset} ${instruction.text.replace(/ #0xffff\w+$/, "")}`);
      }
    }
    assertEquals(missed, [...NOT_REACHED[arch]]);
  });
}
