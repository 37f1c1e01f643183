/**
 * One switch by a function, instruction by instruction.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";
import { disassemble } from "../../arch/disassemble.ts";
import { parseElf } from "../../elf/mod.ts";
import { SwitchMachine } from "./switch_machine.ts";

/** A loop whose switches are calls of functions. */
export interface SwitchFunctions {
  /** Name of the loop. */
  readonly loop: string;
  /** The functions that a switch is in. */
  readonly functions: readonly string[];
}

/**
 * The instructions of the two switches of a round, from the first of the function that is called on
 * one stack to the last of the function that returns on the other, in Capstone's words: there and
 * back.
 *
 * @param program an ELF file with that loop
 * @throws {PathError} if the loop does not go there and back
 */
export async function traceSwitches(
  arch: Arch,
  program: Uint8Array,
  { loop, functions }: SwitchFunctions,
): Promise<[there: string[], back: string[]]> {
  const file = parseElf(program);
  using run = new SwitchMachine(arch, { name: loop, loop, program });
  const switches: string[][] = [];
  let inside = false;
  for (let i = 0; i < run.instructions; i++) {
    const { pc } = run.machine.cpu;
    const at = file.symbolAt(pc);
    const now = at !== undefined && functions.includes(at.symbol.name);
    if (now && !inside) switches.push([]);
    inside = now;
    if (now) {
      const bytes = run.machine.readMemory(pc, 16);
      const [first] = await disassemble(bytes, { arch: arch.name, address: pc, limit: 1 });
      switches.at(-1)?.push(first?.text ?? "");
    }
    run.machine.run(1);
  }
  const [there = [], back = []] = switches;
  if (switches.length !== 2) run.fail(`a round has ${switches.length} switches`);
  return [there, back];
}
