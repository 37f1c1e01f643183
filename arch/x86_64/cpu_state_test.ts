import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkCopies, type CopyScenario } from "../testing/copies.ts";
import type { Mode } from "../testing/harness.ts";
import { ArchError } from "../errors.ts";
import { DATA, Flag, makeMachine } from "./testing/conformance.ts";
import { everySecond } from "../../util/testing/sweep.ts";

const USER = Flag.ONE | Flag.IF;

interface Run {
  readonly name: string;
  readonly mode: Mode;
  readonly label: string;
  readonly rflags?: bigint;
  readonly registers?: Readonly<Record<string, bigint>>;
  readonly interrupts?: readonly number[];
  readonly least?: number;
}

function scenario({ mode, label, registers, interrupts = [], rflags }: Run): CopyScenario {
  return {
    interrupts,
    step: (frame) => frame.report().name === "#DB",
    start(machine) {
      machine.mapUser(DATA, { write: true, execute: false });
      const flags = rflags ?? (mode === "user" ? USER : Flag.ONE);
      machine.start({
        mode,
        pc: machine.label(mode, label),
        registers: { rdi: DATA, rsi: mode === "user" ? 0n : 0x10n, rflags: flags, ...registers },
      });
    },
  };
}

const SPREAD = [20, 60, 61, 100, 140, 200, 230, 300];
const RUNS: readonly Run[] = [
  { name: "a loop in user mode, interrupted", mode: "user", label: "loop", interrupts: SPREAD },
  {
    name: "a loop in kernel mode, interrupted",
    mode: "kernel",
    label: "loop",
    rflags: USER,
    interrupts: SPREAD,
  },
  {
    name: "system calls, interrupted",
    mode: "user",
    label: "calls",
    registers: { rbx: 4n },
    interrupts: SPREAD,
  },
  { name: "stepped in user mode", mode: "user", label: "step", rflags: USER | Flag.TF, least: 10 },
  {
    name: "stepped in kernel mode",
    mode: "kernel",
    label: "step",
    rflags: Flag.ONE | Flag.TF,
    least: 10,
  },
  {
    name: "stepped loop, interrupted",
    mode: "user",
    label: "loop",
    rflags: USER | Flag.TF,
    interrupts: SPREAD,
  },
  {
    name: "stepped string operation",
    mode: "user",
    label: "step_string",
    rflags: USER | Flag.TF,
    registers: { rcx: 5n },
    least: 10,
  },
  {
    name: "stepped system call",
    mode: "user",
    label: "step_syscall",
    rflags: USER | Flag.TF,
    least: 10,
  },
  // An interrupt is pending from the beginning, and waits for the end of the shadow.
  { name: "the shadow of STI", mode: "kernel", label: "shadow_sti", interrupts: [3], least: 10 },
  {
    name: "the shadow of STI after STI",
    mode: "kernel",
    label: "shadow_sti_sti",
    interrupts: [3],
    least: 10,
  },
  {
    name: "the shadow of STI before CLI",
    mode: "kernel",
    label: "shadow_sti_cli",
    interrupts: [3],
    least: 10,
  },
  {
    name: "the shadow of a load of SS",
    mode: "kernel",
    label: "shadow_ss",
    rflags: USER,
    interrupts: [30, 31],
    least: 10,
  },
  { name: "SWAPGS", mode: "kernel", label: "swap", rflags: USER, interrupts: [30, 31], least: 10 },
];

// The quick sweep has every second of them.
for (const run of everySecond(RUNS, 0)) {
  Deno.test(`x86-64 Cpu.restore, ${run.name}`, () => {
    assert(checkCopies(makeMachine, scenario(run)) >= (run.least ?? 50));
  });
}

Deno.test("x86-64 Cpu.restore, pending lines, breakpoint to pass, and floating point come back", () => {
  using machine = makeMachine();
  machine.start({ mode: "user", pc: machine.userLabel("loop") });
  machine.runTo(machine.userLabel("loop"));
  const { cpu } = machine;
  using _breakpoint = cpu.addBreakpoint(machine.userLabel("loop"));
  assertEquals(cpu.run(1), { kind: "stop" });
  cpu.userFp = false;
  cpu.raiseInterrupt(5);
  cpu.raiseInterrupt(31);
  const state = cpu.save();
  assertEquals([state.resumeAt, state.pending >>> 0], [machine.userLabel("loop"), 0x8000_0020]);
  cpu.run(40);
  cpu.userFp = true;
  cpu.restore(state);
  assertEquals(cpu.save(), state);
  assertEquals([cpu.userFp, cpu.interruptPending], [false, true]);
  assert((cpu.register("cr0") & 8n) !== 0n);
  assertEquals(machine.runToTrap().entry?.vector, 32 + 5);
});

Deno.test("x86-64 Cpu.restore, a damaged state is refused and changes nothing", () => {
  using machine = makeMachine();
  const state = machine.cpu.save();
  for (
    const part of [{ pending: 0.5 }, { entries: -1 }, { own: {} }, { own: { userFp: 1n } }]
  ) assertThrows(() => machine.cpu.restore({ ...state, ...part }), ArchError);
  assertEquals(machine.cpu.save(), state);
});
