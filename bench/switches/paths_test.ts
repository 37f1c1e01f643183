// Guest instructions of our switches, exactly; and what makes one by a function longer than
// Boost.Context's.
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { aarch64, x86_64 } from "../../arch/mod.ts";
import { PathError } from "../paths/path.ts";
import { traceSwitches } from "./one_switch.ts";
import { OUR_FUNCTIONS, SWITCH_PATHS, switchProgram } from "./paths.ts";
import { SwitchMachine } from "./switch_machine.ts";

/** Guest instructions of a round, the loop included; of the last three the doctor adds none. */
const ROUNDS: Readonly<Record<ArchName, readonly number[]>> = {
  x86_64: [21, 61, 172, 23, 270, 21, 172, 23],
  aarch64: [21, 71, 172, 28, 239, 21, 172, 28],
};

/**
 * Those of the same rounds of corosensei 0.3.4, as `deno task bench:peers` counts them: there and
 * back, and a stack's whole life.
 */
const COROSENSEI: Readonly<Record<ArchName, readonly [pair: number, spawn: number]>> = {
  x86_64: [22, 26],
  aarch64: [22, 30],
};

/** `jump_fcontext` of Boost.Context 1.74, as `deno task bench:peers` counts it. */
const JUMP_FCONTEXT: Readonly<Record<ArchName, number>> = { x86_64: 24, aarch64: 28 };

/** Of one switch: all its instructions, and those that `jump_fcontext` has nothing like. */
interface Items {
  readonly all: number;
  /** The parent link: its frame record on the parent's stack, and where the next resume begins. */
  readonly link: readonly string[];
  /** Floating-point control, which on x86-64 `jump_fcontext` keeps, too. */
  readonly control: readonly string[];
}

const ITEMS: Readonly<Record<ArchName, readonly [there: Items, back: Items]>> = {
  x86_64: [
    { all: 25, link: ["push rbp", "mov qword ptr [rdx - 0x10], rsp"], control: [] },
    { all: 26, link: ["lea rax, [rip + 0xc]", "push rax"], control: [] },
  ],
  aarch64: [
    {
      all: 33,
      link: ["stp x29, x30, [sp, #-0x10]!", "mov x9, sp", "stur x9, [x2, #-0x10]"],
      control: ["mrs x9, fpcr", "ldr x9, [x1, #0x18]", "msr fpcr, x9"],
    },
    {
      all: 32,
      link: ["ldr x9, [x1]", "ldp x29, x30, [sp], #0x10"],
      control: ["mrs x9, fpcr", "msr fpcr, x9"],
    },
  ],
};

for (const arch of [x86_64, aarch64]) {
  Deno.test(`SWITCH_PATHS ${arch.name}, guest instructions of a round are these`, () => {
    const counts = SWITCH_PATHS.map((path) => {
      using run = path.open(arch);
      return run.instructions;
    });
    assertEquals(counts, ROUNDS[arch.name]);
    const [pair = NaN, , , spawn = NaN] = counts;
    const [theirPair, theirSpawn] = COROSENSEI[arch.name];
    assert(pair <= theirPair && spawn <= theirSpawn, "inline, no more than corosensei's");
  });

  Deno.test(`traceSwitches ${arch.name}, a switch is jump_fcontext, its link and its control`, async () => {
    const traces = await traceSwitches(arch, switchProgram(arch), OUR_FUNCTIONS);
    for (const [i, { all, link, control }] of ITEMS[arch.name].entries()) {
      const trace = traces[i] ?? [];
      assertEquals(trace.length, all, trace.join("\n"));
      for (const item of [...link, ...control]) assert(trace.includes(item), item);
      assert(all <= JUMP_FCONTEXT[arch.name] + link.length + control.length);
    }
  });
}

Deno.test("SwitchMachine, a loop that is not there is an error", () => {
  const options = { name: "none", loop: "none", program: switchProgram(x86_64) };
  assertThrows(() => new SwitchMachine(x86_64, options), PathError, "has no such loop");
});
