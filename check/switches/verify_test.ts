import { assert, assertEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { parseElf } from "../../elf/mod.ts";
import { KernelError } from "../../kernel/errors.ts";
import { ARCH_NAMES, programFile } from "../../kernel/testing/programs.ts";
import { Session } from "../../kernel/testing/session.ts";
import { type SwitchOptions, type SwitchReport, type SwitchWrite, verifySwitches } from "./mod.ts";

const FUNCTIONS = [
  "coro_switch_and_link",
  "coro_switch_yield",
  "coro_switch_and_reset",
  "coro_switch_and_throw",
];
const INLINE = ["link_inline", "yield_inline", "reset_inline", "throw_inline"];
const SHARED = ["coro_init_trampoline", "coro_throw_there"];
const ON_STACK = ["coro_on_stack", "coro_on_stack_there"];

/** How far below the base a parent link is. */
const LINK = 16n;

/** Who links writes the link: the base is the last argument, the third or fourth. */
function ownsLink({ routine, address, arguments: values }: SwitchWrite): boolean {
  const base = /link/.test(routine) ? values[2] : /throw/.test(routine) ? values[3] : undefined;
  return base !== undefined && address === base - LINK;
}

/** The word at the top of the stack that is thrown into is that of the switch. */
function ownsTop({ routine, address, arguments: values }: SwitchWrite): boolean {
  return /throw/.test(routine) && address === values[2];
}

type Options = Partial<Omit<SwitchOptions, "program">> & { readonly file?: Uint8Array };

function verify(arch: ArchName, commandLine: string, options: Options): SwitchReport {
  const { file, ...rest } = options;
  const bytes = file ?? programFile("switch-forms", arch);
  using session = new Session({ arch, programs: [{ commandLine, bytes }] });
  const owns = (write: SwitchWrite) => ownsLink(write) || ownsTop(write);
  const routines = [...FUNCTIONS, ...SHARED];
  const program = parseElf(bytes);
  const report = verifySwitches(session.machine, { program, routines, owns, ...rest });
  if (file === undefined) assertEquals(session.ending("switch-forms"), "exit 0");
  return report;
}

/** What is wrong, in short. */
function kinds({ problems }: SwitchReport): string[] {
  return [...new Set(problems.map(({ kind, subject }) => `${kind} ${subject}`.trim()))].sort();
}

for (const arch of ARCH_NAMES) {
  const control = arch === "x86_64" ? ["fp-control fcw", "fp-control mxcsr"] : ["fp-control fpcr"];

  Deno.test(`verifySwitches ${arch}, functions keep all that a call keeps, at each instruction`, () => {
    const report = verify(arch, "switch-forms functions", { interrupts: 3 });
    assertEquals(report.problems, []);
    assertEquals(report.result.kind, "halted");
    // Two stacks: four and three resumes that come back, six yields of which five are resumed.
    assertEquals([report.switches, report.resumed], [14, 11]);
    assertEquals([...report.routines].sort(), [...FUNCTIONS, ...SHARED].sort());
    assert(report.interrupts > 200, `${report.interrupts} interrupts`);
    assert(report.frames > 3 * report.instructions, `${report.frames} frames`);
  });

  Deno.test(`verifySwitches ${arch}, the inline form keeps all but floating-point control`, () => {
    const report = verify(arch, "switch-forms inline", { routines: [...INLINE, ...SHARED] });
    assertEquals(kinds(report), control);
    assertEquals([...report.routines].sort(), [...INLINE, ...SHARED].sort());
  });

  Deno.test(`verifySwitches ${arch}, stacks that one form suspends the other resumes`, () => {
    const routines = ["link_inline", "reset_inline", ...FUNCTIONS, ...SHARED];
    const { problems, switches } = verify(arch, "switch-forms mixed", { routines });
    // Only the form that resumed first gives the parent its control word back.
    assertEquals(problems.filter(({ kind }) => kind !== "fp-control"), []);
    assertEquals(switches, 14);
  });

  Deno.test(`verifySwitches ${arch}, a function is called on another stack and comes back`, () => {
    const report = verify(arch, "switch-forms on-stack", { routines: ON_STACK });
    assertEquals(report.problems, []);
    assertEquals([report.switches, report.resumed], [2, 1]);
  });

  Deno.test(`verifySwitches ${arch}, what is written elsewhere is told`, () => {
    const { problems } = verify(arch, "switch-forms functions", { owns: () => false });
    assertEquals(problems.map(({ kind, routine }) => `${kind} ${routine}`), [
      "write coro_switch_and_link",
      "write coro_switch_and_throw",
    ]);
  });

  Deno.test(`verifySwitches ${arch}, refuses names that the program does not have`, () => {
    const error = assertThrows(
      () => verify(arch, "switch-forms functions", { routines: ["swapcontext"] }),
      KernelError,
    );
    assertEquals(error.message, "Cannot verify swapcontext: the program has no such function");
  });
}
