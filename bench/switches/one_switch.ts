/**
 * One switch by a function, instruction by instruction.
 *
 * @module
 */
import { disassemble } from "../../arch/disassemble.ts";
import { type ElfFile, parseElf } from "../../elf/mod.ts";
import type { Arch } from "../../arch/arch.ts";
import { SwitchMachine } from "./switch_machine.ts";

/** A loop whose switches are calls of functions. */
export interface SwitchFunctions {
  /** Name of the loop. */
  readonly loop: string;
  /** The functions that a switch is in. */
  readonly functions: readonly string[];
}

/** Addresses of the instructions of one switch. */
type Trace = readonly bigint[];

/**
 * The two switches of a round, there and back: from the first instruction of the function that is
 * called on one stack to the last of the function that returns on the other.
 *
 * @param options `functions` are all that a switch is in
 * @throws {PathError} if these functions are not gone through twice
 */
export function oneSwitch(
  run: SwitchMachine,
  options: { file: ElfFile; functions: readonly string[] },
): [there: Trace, back: Trace] {
  const { file, functions } = options;
  const switches: bigint[][] = [];
  let inside = false;
  for (let i = 0; i < run.instructions; i++) {
    const { pc } = run.machine.cpu;
    const at = file.symbolAt(pc);
    const now = at !== undefined && functions.includes(at.symbol.name);
    if (now && !inside) switches.push([]);
    inside = now;
    if (now) switches.at(-1)?.push(pc);
    run.machine.run(1);
  }
  const [there = [], back = []] = switches;
  if (switches.length !== 2) run.fail(`a round has ${switches.length} switches`);
  return [there, back];
}

/**
 * The same in Capstone's words.
 *
 * @param program an ELF file with that loop
 * @throws {PathError} as {@linkcode oneSwitch}
 */
export async function traceSwitches(
  arch: Arch,
  program: Uint8Array,
  { loop, functions }: SwitchFunctions,
): Promise<string[][]> {
  using run = new SwitchMachine(arch, { name: loop, loop, program });
  const text = async (address: bigint): Promise<string> => {
    const bytes = run.machine.readMemory(address, 16);
    const [first] = await disassemble(bytes, { arch: arch.name, address, limit: 1 });
    return first?.text ?? "";
  };
  const traces = oneSwitch(run, { file: parseElf(program), functions });
  return await Promise.all(traces.map((trace) => Promise.all(trace.map(text))));
}
