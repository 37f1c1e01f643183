/**
 * Programs of the VM as the command line has them: text.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";
import { fromBigAddress, toBigAddress } from "../../bytes/mod.ts";
import { machineTarget } from "../../debug/machine/mod.ts";
import type { TargetProcess } from "../../debug/target/mod.ts";
import { type ElfFile, parseElf } from "../../elf/mod.ts";
import { vmImage } from "../../guest/boot_modules.ts";
import type { Machine } from "../../kernel/mod.ts";
import { type CodeMap, discoverCode } from "../../unwind/walk/mod.ts";
import { assemble, encodeProgram, type VmProgram, withProgram } from "../../vm/mod.ts";
import { askedArch, DEFAULT_ARCH } from "../machine.ts";

/** The program's task: the first that the kernel makes. */
const PROGRAM_TASK = 1;

/** Most instructions from a method's entry to its own code. */
const ENTRY_STEPS = 256;

/** A program to be drawn. */
export interface StackProgram {
  /** Machine it is for. */
  readonly arch: Arch;
  /** Its file: of a program of the VM, the VM's. */
  readonly elf: ElfFile;
  /** What the VM executes; undefined if it is a program of machine code. */
  readonly vm: VmProgram | undefined;
}

/**
 * The VM with a program.
 *
 * @throws {BytecodeError} if the text is none
 */
export async function vmProgramOf(text: string, arch: string): Promise<StackProgram> {
  const chosen = askedArch(arch) ?? DEFAULT_ARCH;
  const vm = assemble(text);
  const bytes = withProgram(await vmImage(chosen.name), encodeProgram(vm));
  return { arch: chosen, elf: parseElf(bytes, { name: "vm" }), vm };
}

/** The program's process. */
export function processOf(machine: Machine): TargetProcess | undefined {
  return machineTarget(machine).processes.find(({ id }) => id === PROGRAM_TASK);
}

/** Whether a program has a method, or calls a native function, of that name. */
export function hasMethod({ methods }: VmProgram, name: string): boolean {
  return methods.some((method) => method.name === name);
}

/**
 * Runs a machine with the VM up to the `times`-th entry of a method, whatever kind of code it has by
 * then; false if that does not come within `limit` instructions.
 */
export function runToMethod(
  machine: Machine,
  how: {
    readonly elf: ElfFile;
    readonly method: string;
    readonly times: number;
    readonly limit: number | undefined;
  },
): boolean {
  const { elf, method, limit = Number.MAX_SAFE_INTEGER } = how;
  const published = elf.symbolNamed("__jit_debug_register_code")!.value;
  using stops = new DisposableStack();
  const entries = new Map<bigint, Disposable>();
  stops.use(machine.addBreakpoint(published));
  stops.defer(() => entries.forEach((each) => each[Symbol.dispose]()));
  let left = how.times;
  while (machine.cpu.instructions < limit) {
    if (machine.run(limit - machine.cpu.instructions).kind !== "breakpoint") return false;
    const { pc } = machine.cpu;
    if (pc === published) updateEntries(machine, method, entries);
    else if (entries.has(pc) && --left === 0) return enter(machine);
  }
  return false;
}

/** Puts breakpoints where the code of a method begins now. */
function updateEntries(machine: Machine, method: string, entries: Map<bigint, Disposable>): void {
  const process = processOf(machine);
  if (process === undefined) return;
  discoverCode(process);
  // The VM lays out entries and adapters, `method@…`, then the method's own code.
  const bodies = new Map<CodeMap, bigint>();
  for (const { name, map, begin } of process.modules.code.regions) {
    if (map !== undefined && name.split("@")[0] === method) bodies.set(map, toBigAddress(begin));
  }
  const begins = [...bodies.values()];
  for (const [address, breakpoint] of entries) {
    if (begins.includes(address)) continue;
    breakpoint[Symbol.dispose]();
    entries.delete(address);
  }
  for (const begin of begins) {
    if (!entries.has(begin)) entries.set(begin, machine.addBreakpoint(begin));
  }
}

/** From the entry of an interpreted method into the interpreter. */
function enter(machine: Machine): boolean {
  for (let steps = 0; steps < ENTRY_STEPS; steps++) {
    const code = processOf(machine)?.modules.code.at(fromBigAddress(machine.cpu.pc));
    if (code?.kind.name !== "adapter") break;
    machine.step();
  }
  return true;
}
