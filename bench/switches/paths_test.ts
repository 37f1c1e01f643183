// Guest instructions of our switches, exactly; and what makes one by a function longer than
// Boost.Context's.
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { aarch64, x86_64 } from "../../arch/mod.ts";
import { PathError } from "../paths/path.ts";
import { traceSwitches } from "./one_switch.ts";
import { OUR_FUNCTIONS, SWITCH_PATHS, switchProgram } from "./paths.ts";
import { SwitchMachine } from "./switch_machine.ts";

const document = await Deno.readTextFile(new URL("../../docs/coroutines.md", import.meta.url));

/** What the document says that a round takes, ours or others'. */
function documented(arch: ArchName, round: string): number {
  const row = document.split("\n").find((line) => line.startsWith(`| ${round} `)) ?? "";
  const [x86 = NaN, aarch64 = NaN] = row.split("|").slice(2, 4).map(Number);
  return arch === "x86_64" ? x86 : aarch64;
}

const PAIR = "there and back, inline";
const CHECKED = "`coro_resume` and `coro_yield`";
const LIFE = "a stack begun and left for good, inline";
/** Our rounds in the document's words, in the order of the paths; the doctor adds nothing. */
const ROUNDS = [
  PAIR,
  "there and back, by functions",
  CHECKED,
  LIFE,
  "`coro_create`, `coro_resume`, `coro_drop`",
  ...[PAIR, CHECKED, LIFE],
];

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
  Deno.test(`SWITCH_PATHS ${arch.name}, guest instructions of a round are the document's`, () => {
    const counts = SWITCH_PATHS.map((path) => {
      using run = path.open(arch);
      return run.instructions;
    });
    const said = (round: string) => documented(arch.name, round);
    assertEquals(counts, ROUNDS.map(said));
    assert(said(PAIR) <= said("_there and back, corosensei_"));
    assert(said(LIFE) <= said("_a stack begun and left for good, corosensei_"));
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
