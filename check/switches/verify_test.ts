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

/** The program with some bytes of a function, or of a section, replaced. */
function damaged(
  arch: ArchName,
  damage: { readonly at: string; readonly from: readonly number[]; readonly to: readonly number[] },
): Uint8Array {
  const { at, from, to } = damage;
  const bytes = programFile("switch-forms", arch).slice();
  const elf = parseElf(bytes);
  const section = elf.section(at);
  const symbol = elf.symbolNamed(at);
  const text = elf.section(".text");
  assert(text !== undefined);
  const begin = section?.offset ?? text.offset + Number((symbol?.value ?? 0n) - text.address);
  const end = begin + (section?.size ?? Number(symbol?.size ?? 0n));
  for (let i = begin; i < end; i++) {
    if (!from.every((byte, j) => bytes[i + j] === byte)) continue;
    bytes.set(to, i);
    return bytes;
  }
  throw new Error(`no such bytes in ${at}`);
}

/** Damage that a verifier has to find: pairs of registers exchanged, control words not loaded. */
const DAMAGE = {
  x86_64: {
    register: {
      at: "coro_switch_yield",
      from: [0x41, 0x5d, 0x41, 0x5c, 0xc3], // pop %r13; pop %r12; ret
      to: [0x41, 0x5c, 0x41, 0x5d, 0xc3], // pop %r12; pop %r13; ret
      finds: ["register r12", "register r13"],
    },
    control: {
      at: "coro_switch_and_link",
      from: [0x0f, 0xae, 0x14, 0x24], // ldmxcsr (%rsp)
      to: [0x0f, 0x1f, 0x40, 0x00], // nop
      finds: ["fp-control mxcsr"],
    },
    table: {
      at: ".eh_frame",
      from: [0x0f, 5, 0x76, 0x00, 0x06, 0x23, 24], // the parent's CFA, through RBP
      to: [0x0f, 5, 0x76, 0x00, 0x06, 0x23, 32],
      finds: ["walk caller"],
    },
    row: {
      at: ".eh_frame",
      from: [0x0f, 5, 0x71, 0x70, 0x06, 0x23, 24], // the same for two instructions, through RDX
      to: [0x0f, 5, 0x71, 0x70, 0x06, 0x23, 32],
      finds: ["walk"],
    },
  },
  aarch64: {
    register: {
      at: "coro_switch_yield",
      from: [0xf4, 0x57, 0x40, 0xa9], // ldp x20, x21, [sp]
      to: [0xf5, 0x53, 0x40, 0xa9], // ldp x21, x20, [sp]
      finds: ["register x20", "register x21"],
    },
    control: {
      at: "coro_switch_and_link",
      from: [0x09, 0x44, 0x1b, 0xd5], // msr fpcr, x9
      to: [0x1f, 0x20, 0x03, 0xd5], // nop
      finds: ["fp-control fpcr"],
    },
    table: {
      at: ".eh_frame",
      from: [0x0f, 5, 0x8d, 0x00, 0x06, 0x23, 32], // the parent's CFA, through X29
      to: [0x0f, 5, 0x8d, 0x00, 0x06, 0x23, 48],
      finds: ["walk caller"],
    },
    row: {
      at: ".eh_frame",
      from: [0x0f, 5, 0x72, 0x70, 0x06, 0x23, 32], // the same for two instructions, through X2
      to: [0x0f, 5, 0x72, 0x70, 0x06, 0x23, 48],
      finds: ["walk"],
    },
  },
} as const;

for (const arch of ARCH_NAMES) {
  for (const [what, { finds, ...damage }] of Object.entries(DAMAGE[arch])) {
    Deno.test(`verifySwitches ${arch}, finds damage: ${what}`, () => {
      const file = damaged(arch, damage);
      const found = kinds(verify(arch, "switch-forms functions", { file }));
      assertEquals(finds.filter((kind: string) => !found.includes(kind)), [], found.join());
    });
  }

  Deno.test(`verifySwitches ${arch}, finds what an interrupt changes`, () => {
    const { problems, interrupts } = verify(arch, "switch-forms clock", {
      routines: ["tells_time"],
    });
    assertEquals([...new Set(problems.map(({ kind }) => kind))], ["interrupt"]);
    // Those behind the call of the kernel change nothing.
    assert(problems.length < interrupts, `${problems.length} of ${interrupts}`);
  });

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

  Deno.test(`verifySwitches ${arch}, of three stacks, each parent above and below its child`, () => {
    const { problems, switches } = verify(arch, "switch-forms nested", { interrupts: 2 });
    assertEquals(problems, []);
    assertEquals(switches, 12);
    const routines = [...INLINE, ...SHARED];
    assertEquals(kinds(verify(arch, "switch-forms nested-inline", { routines })), control);
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
