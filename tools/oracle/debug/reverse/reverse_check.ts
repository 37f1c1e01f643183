/**
 * gdb goes backwards in a machine: in steps across traps and switches of threads, to breakpoints,
 * and to whoever wrote a variable. Each time it must be where a machine was that only ever went
 * forward.
 *
 * @module
 */
import type { ArchName } from "../../../../arch/arch.ts";
import { archByName } from "../../../../arch/mod.ts";
import { parseElf } from "../../../../elf/mod.ts";
import { KERNEL_PROCESS } from "../../../../gdb/mod.ts";
import { Machine } from "../../../../kernel/mod.ts";
import { ARCH_NAMES, programFile } from "../../../../kernel/testing/programs.ts";
import { GDB_NAMES } from "../../gdb/batch.ts";
import { type CheckResult, Differences } from "../../tool.ts";
import type { NamedCheck } from "../../walk_checks.ts";
import { type Change, changesOf } from "./changes.ts";
import { type GdbAnswer, runGdb } from "./gdb_script.ts";
import { checkTasks } from "./tasks_check.ts";

/** Program, of which four threads count in turn. */
const PROGRAM = "threads";
/** Where steps begin: functions that come by in traps and in switches; at about half of the times. */
const PLACES = ["trap_from_user", "stack_handoff", "switch_context"];
/** Steps behind such a place, and back from there. */
const BEHIND = 30;
const BACK = 70;
/** More than the instructions of an atomic sequence. */
const LONGEST_SEQUENCE = 16;

function machineOf(arch: ArchName): Machine {
  const modules = [{ commandLine: PROGRAM, bytes: programFile(PROGRAM, arch) }];
  return new Machine({ arch: archByName(arch), modules, quantum: 700, memory: 16 * 2 ** 20 });
}

/** What a machine has at one instant. */
interface Instant {
  readonly registers: Readonly<Record<string, bigint>>;
  readonly thread: number;
  readonly entries: number;
  /** Whether it is at a load of AArch64 that begins an atomic sequence, which gdb steps over whole. */
  readonly beginsSequence: boolean;
}

function look(machine: Machine): Instant {
  const { cpu, kernel } = machine;
  const thread = kernel.cpus[0]?.current.id ?? -1;
  const { entries } = cpu;
  return { registers: machine.registers(), thread, entries, beginsSequence: isExclusive(machine) };
}

/** Whether the next instruction is LDXR, LDAXR, LDXP or LDAXP. */
function isExclusive({ cpu, kernel: { arch, memory } }: Machine): boolean {
  const physical = arch.name === "aarch64" ? cpu.translate(cpu.pc) : undefined;
  if (physical === undefined || !memory.contains(physical, 4)) return false;
  const word = new DataView(memory.slice(physical, 4).slice().buffer).getUint32(0, true);
  return (word & 0x3fc00000) === 0x08400000;
}

/** Goes to a label so many times. */
function runTo(machine: Machine, address: bigint, times: number): void {
  using _ = machine.addBreakpoint(address);
  for (let i = 0; i < times; i++) {
    if (machine.run().kind !== "breakpoint") throw new Error(`${PROGRAM} does not get there`);
  }
}

/** How many times a machine comes to an address until half of them are over. */
function halfOf(arch: ArchName, address: bigint): number {
  using machine = machineOf(arch);
  using _ = machine.addBreakpoint(address);
  let times = 0;
  while (machine.run().kind === "breakpoint") times++;
  return (times + 1) >> 1;
}

/** The steps around a place, by a machine that goes forward. */
function stepsAround(arch: ArchName, address: bigint, times: number): Instant[] {
  using scout = machineOf(arch);
  runTo(scout, address, times);
  const { instructions } = scout.cpu;
  using machine = machineOf(arch);
  machine.run(instructions - BACK);
  const steps = [look(machine)];
  while (machine.cpu.instructions < instructions) {
    machine.step();
    steps.push(look(machine));
  }
  // A breakpoint behind the entry of an exception is no instruction further.
  while (machine.cpu.pc !== address) {
    machine.step();
    steps.push(look(machine));
  }
  for (let i = 0; i < BEHIND; i++) {
    machine.step();
    steps.push(look(machine));
  }
  return steps;
}

async function checkSteps(
  arch: ArchName,
  directory: string,
): Promise<CheckResult | undefined> {
  const differences = new Differences(20);
  const { image, registerNames } = archByName(arch);
  const seen = { steps: 0, entries: 0, switches: 0 };
  for (const label of PLACES) {
    const address = image.symbol(label);
    const times = halfOf(arch, address);
    const steps = stepsAround(arch, address, times);
    const back = Math.min(BACK, steps.length - 1);
    const commands = [
      `hbreak *${address}`,
      ...Array.from({ length: times }, () => "continue"),
      "delete",
      ...Array.from({ length: BEHIND }, () => "stepi"),
      ...Array.from({ length: back }, () => "reverse-stepi"),
      ...Array.from({ length: back }, () => "stepi"),
    ];
    using machine = machineOf(arch);
    const registers = registerNames.map((name) => GDB_NAMES[name] ?? name);
    const answers = await runGdb(machine, { commands, registers, directory });
    if (answers === undefined) return undefined;
    const last = steps.length - 1;
    let at = last - BEHIND;
    answers.slice(times + 2).forEach((answer, i) => {
      const command = commands[times + 2 + i];
      const before = at;
      at += command === "stepi" ? 1 : -1;
      if (command === "stepi" && steps[before]?.beginsSequence === true) {
        const pc = answer.state?.registers["pc"];
        const end = steps.findIndex(({ registers }, j) =>
          j > before && `${registers["pc"]}` === pc
        );
        if (end > 0 && end < before + LONGEST_SEQUENCE) at = end;
      }
      // What gdb has skipped it does not make up for: it ends farther than it began.
      const step = steps[at];
      if (step === undefined) return;
      const name = `${label}, step ${i} (${command})`;
      compareStep(step, answer, (text) => differences.add(`${name}: ${text}`));
      seen.steps++;
      if ((steps[at]?.entries ?? 0) > 0) seen.entries++;
      if (steps[at]?.thread !== steps[at - 1]?.thread) seen.switches++;
    });
  }
  if (seen.entries < 4 || seen.switches < 4) differences.add(`only ${JSON.stringify(seen)}`);
  return {
    name: arch,
    figures: `${seen.steps} steps back and forth, across ${seen.entries} entries of exceptions ` +
      `and ${seen.switches} switches of threads`,
    differences: differences.texts,
  };
}

function compareStep(
  { registers }: Instant,
  { said, state }: GdbAnswer,
  add: (text: string) => void,
): void {
  if (state === null) return add(said);
  if (state.process !== KERNEL_PROCESS || state.thread !== 1) {
    return add(`gdb is at thread ${state.process}.${state.thread}`);
  }
  for (const [name, value] of Object.entries(registers)) {
    const other = state.registers[GDB_NAMES[name] ?? name];
    if (other !== `${value}`) add(`${name} is ${value}, gdb has ${other}: ${said.trim()}`);
  }
}

async function checkWatch(
  arch: ArchName,
  directory: string,
): Promise<CheckResult | undefined> {
  const differences = new Differences(20);
  const program = parseElf(programFile(PROGRAM, arch));
  const address = program.symbolNamed("turns")?.value ?? 0n;
  using alone = machineOf(arch);
  const changes = changesOf(alone, { task: 1, address });
  const expression = `*(unsigned int *)${address}`;
  const commands = [
    "set detach-on-fork off",
    "set schedule-multiple on",
    "set breakpoint pending on",
    "break main",
    "continue",
    "delete",
    `watch ${expression}`,
    ...changes.map(() => "continue"),
    ...changes.map(() => "reverse-continue"),
    ...changes.map(() => "continue"),
  ];
  using machine = machineOf(arch);
  const pc = arch === "x86_64" ? "rip" : "pc";
  const answers = await runGdb(machine, { commands, registers: [pc], expression, directory });
  if (answers === undefined) return undefined;
  const from = commands.length - 3 * changes.length;
  const ways = [changes, changes.toReversed(), changes].flat();
  answers.slice(from).forEach(({ said, state }, i) => {
    const { pc: writer, next, thread, before, after } = ways[i] as Change;
    const isBack = i >= changes.length && i < 2 * changes.length;
    const name = `${i}: ${commands[from + i]}`;
    const value = isBack ? before : after;
    if (state?.value !== `${value}`) {
      differences.add(`${name}: ${value}, gdb has ${state?.value}, ${JSON.stringify(said)}`);
    }
    if (state?.process !== 1 || state.thread !== thread) {
      differences.add(`${name}: thread ${thread}, gdb has ${state?.process}.${state?.thread}`);
    }
    // Back it is before the instruction, and forward behind it.
    const at = BigInt(state?.registers[pc] ?? 0);
    const place = isBack ? writer : next;
    if (at !== place) {
      differences.add(`${name}: written at ${writer}, gdb is at ${at}, not ${place}`);
    }
  });
  if (changes.length < 12) differences.add(`only ${changes.length} changes`);
  return {
    name: arch,
    figures: `${changes.length} writes by ${new Set(changes.map(({ thread }) => thread)).size} ` +
      "threads, forward, back to each, and forward again",
    differences: differences.texts,
  };
}

/** The checks. */
export function reverseChecks(directory: string): NamedCheck[] {
  return ARCH_NAMES.flatMap((arch) => {
    const own = (kind: string): string => {
      const path = `${directory}/${kind}-${arch}`;
      Deno.mkdirSync(path);
      return path;
    };
    return [
      { kind: "gdb back", name: `${arch}, steps`, check: () => checkSteps(arch, own("steps")) },
      { kind: "gdb back", name: `${arch}, watch`, check: () => checkWatch(arch, own("watch")) },
      { kind: "gdb back", name: `${arch}, tasks`, check: () => checkTasks(arch, own("tasks")) },
    ];
  });
}
