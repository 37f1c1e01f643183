import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { ENCODERS } from "../../arch/testing/assembler.ts";
import { u32 } from "../../arch/testing/encoder.ts";
import { everySecond, sweep } from "../../util/testing/sweep.ts";
import { Machine } from "../machine.ts";
import { Audit } from "../testing/audit.ts";
import { elfProgram } from "../testing/elf_program.ts";
import { StreamModel } from "../testing/invariants.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { SYS } from "../testing/script_program.ts";
import type { KernelEvent } from "../../trace/events.ts";

/** Bytes from the bottom of the stack where the program goes on; it may use those above. */
const LEFT = Array.from({ length: sweep({ quick: 6, full: 96 }) }, (_, index) => index)
  .map((index) => index * sweep({ quick: 256, full: 16 }));
/** Bytes of a kernel stack, and what is on it when a program begins, arguments included. */
const STACK_SIZE = 16384;

/** What the program does for ever when its stack is nearly full. */
const WORK = ["compute", "yield", "sleep", "print"] as const;

/** Sets SP so many bytes lower. */
function lowerStack(arch: ArchName, bytes: number): number[] {
  if (arch === "x86_64") return [0x48, 0x81, 0xec, ...u32(bytes)]; // sub rsp, bytes
  const part = (sub: number, imm: number): number => sub | (imm << 10);
  // sub sp, sp, #high, lsl #12; sub sp, sp, #low
  return u32(part(0xd14003ff, bytes >> 12), part(0xd10003ff, bytes & 0xff0));
}

/** A program for kernel mode that lowers its stack and works. */
function deepProgram(
  arch: ArchName,
  { work, lower }: { work: (typeof WORK)[number]; lower: number },
): Uint8Array {
  const { programRegion } = archByName(arch);
  const encoder = ENCODERS[arch];
  const enter = arch === "x86_64" ? [0xcd, 0x80] : encoder.systemCall(); // int 0x80; svc #0
  const call = (number: number, ...args: bigint[]): number[] => [
    ...args.flatMap((value, i) => encoder.constant(encoder.argumentRegisters[i] ?? 0, value)),
    ...encoder.constant(encoder.numberRegister, BigInt(number)),
    ...enter,
  ];
  const body = {
    compute: [
      ...encoder.constant(encoder.saved[1], 400n),
      ...encoder.countDown(encoder.saved[1]),
    ],
    yield: call(SYS.YIELD),
    sleep: call(SYS.SLEEP, 200n),
    print: call(SYS.PRINT, programRegion, 1n),
  }[work];
  const code = [...lowerStack(arch, lower), ...body, ...encoder.jump(-body.length)];
  return elfProgram({
    machine: arch,
    segments: [{ address: programRegion, bytes: new Uint8Array(code) }],
  });
}

for (const arch of ARCH_NAMES) {
  // The quick sweep has each on one architecture.
  for (const work of everySecond(WORK, ARCH_NAMES.indexOf(arch))) {
    Deno.test(`endOnFullStack ${arch} ${work}, whatever is left of a kernel-mode task's stack, the machine goes on`, () => {
      let ended = 0;
      for (const left of LEFT) {
        const events: KernelEvent[] = [];
        const bytes = programFile("threads", arch);
        using machine = new Machine({
          arch: archByName(arch),
          memory: 8 * 2 ** 20,
          quantum: 250,
          seed: 1 + left,
          modules: [
            {
              commandLine: "deep",
              bytes: deepProgram(arch, { work, lower: STACK_SIZE - 256 - left }),
              mode: "kernel",
            },
            { commandLine: "threads", bytes },
            { commandLine: "threads", bytes },
          ],
          sinks: [{ write: (event) => void events.push(event) }],
        });
        const audit = new Audit(machine);
        machine.run(400_000);
        const { kernel } = machine;
        assert(!machine.halted?.startsWith("Kernel panic"), `${left}: ${machine.halted}`);
        const [, deep, ...others] = kernel.tasks;
        for (const other of others) assertEquals(other.status?.kind, "exit", `${left}`);
        if (deep?.status === null || deep?.status === undefined) continue;
        ended++;
        assert(deep.status.kind === "killed");
        assertMatch(deep.status.reason, /^stack overflow: /);
        assertEquals(machine.halted, "all tasks have ended");
        audit.check();
        StreamModel.check(events);
      }
      assert(ended > LEFT.length / 4 && ended < LEFT.length, `${ended} of ${LEFT.length} ended`);
    });
  }
}
