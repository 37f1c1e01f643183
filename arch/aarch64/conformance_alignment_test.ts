import { assertEquals } from "@std/assert";
import type { BareMachine } from "../testing/harness.ts";
import {
  type Case,
  EL0,
  makeMachine,
  type Origin,
  syndrome,
  testCases,
} from "./testing/conformance.ts";

const PC_ALIGNMENT = syndrome(0x22, 0);
const USER_PAGE = 0x60_0000n;
/** `add x2, x2, #1` three times, and `brk #1`: what would run if nobody checked. */
const CODE = [0x91000442, 0x91000442, 0x91000442, 0xd4200020];

/** Maps a page with code at an offset for the origin's level; returns the code's address. */
function mapCode(machine: BareMachine, origin: Origin, offset: number): bigint {
  const page = pageOf(machine, origin);
  const protection = { write: false, execute: true };
  const physical = origin.mode === "user"
    ? machine.mapUser(page, protection)
    : machine.mapKernel(page, protection);
  const bytes = machine.memory.slice(physical, 4096);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  CODE.forEach((word, i) => view.setUint32(offset + 4 * i, word, true));
  return page + BigInt(offset);
}

function pageOf(machine: BareMachine, origin: Origin): bigint {
  return origin.mode === "user" ? USER_PAGE : machine.kernelPage(0);
}

const kernelPage = (() => {
  using machine = makeMachine();
  return machine.kernelPage(0);
})();

for (const offset of [0x101, 0x102, 0x103, 0xffe]) {
  const where = (origin: Origin) =>
    (origin.mode === "user" ? USER_PAGE : kernelPage) + BigInt(offset);
  for (const label of ["jump", "return_to"]) {
    const common: Omit<Case, "name" | "elr" | "far"> = {
      label,
      esr: PC_ALIGNMENT,
      registers: (_machine, origin) => ({ x1: where(origin) }),
    };
    const hex = `0x${offset.toString(16)}`;
    const present = (machine: BareMachine, origin: Origin) => {
      mapCode(machine, origin, Math.min(offset, 0xff0));
    };
    testCases([
      {
        ...common,
        name: `${label}: PC alignment fault at offset ${hex} of a page`,
        elr: where,
        far: where,
        prepare: present,
      },
      {
        ...common,
        name: `${label}: PC alignment fault before an abort, at offset ${hex}`,
        elr: where,
        far: where,
      },
    ]);
  }
}

Deno.test("AArch64 PC alignment, an exception return to a misaligned address", () => {
  for (const userFp of [true, false]) {
    using machine = makeMachine();
    machine.cpu.userFp = userFp;
    const pc = mapCode(machine, EL0, 0x102);
    machine.start({ mode: "user", pc, registers: { pstate: 0n, x2: 7n } });
    for (let round = 0; round < 3; round++) {
      const { entry, frame } = machine.runToTrap();
      assertEquals([entry?.vector, entry?.pc, entry?.code], [8, pc, BigInt(PC_ALIGNMENT)]);
      assertEquals(machine.cpu.register("far_el1"), pc);
      assertEquals(frame.register("x2"), 7n, "nothing there has run");
      assertEquals(frame.cause(), { kind: "error" });
      machine.answerExit(frame);
    }
  }
});

Deno.test("AArch64 PC alignment, code beside misaligned targets runs as before", () => {
  using machine = makeMachine();
  const misaligned = mapCode(machine, EL0, 0x102);
  const aligned = mapCode(machine, EL0, 0x200);
  for (const pc of [aligned, misaligned, aligned, misaligned, misaligned, aligned]) {
    machine.start({ mode: "user", pc, registers: { pstate: 0n, x2: 0n } });
    const { frame, entry } = machine.runToTrap();
    const fault = pc === misaligned;
    assertEquals(entry?.code, fault ? BigInt(PC_ALIGNMENT) : 0xf200_0001n);
    assertEquals(frame.register("x2"), fault ? 0n : 3n);
  }
});
