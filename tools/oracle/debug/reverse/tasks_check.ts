/**
 * gdb goes back behind the end of a task, to who wrote a variable of another.
 *
 * @module
 */
import type { ArchName } from "../../../../arch/arch.ts";
import { archByName } from "../../../../arch/mod.ts";
import { parseElf } from "../../../../elf/mod.ts";
import { Machine } from "../../../../kernel/mod.ts";
import { programFile } from "../../../../kernel/testing/programs.ts";
import { type CheckResult, Differences } from "../../tool.ts";
import { changesOf } from "./changes.ts";
import { runGdb } from "./gdb_script.ts";

/** What both tasks run: the first ends while the second counts. */
const PROGRAM = "threads";
/** The task whose variable is watched, and gdb's number of it. */
const WATCHED = { task: 2, inferior: 3 };

function machineOf(arch: ArchName): Machine {
  const module = { commandLine: PROGRAM, bytes: programFile(PROGRAM, arch) };
  const options = { modules: [module, module], quantum: 700, memory: 16 * 2 ** 20 };
  return new Machine({ arch: archByName(arch), ...options });
}

/** The check; undefined if there is no gdb. */
export async function checkTasks(
  arch: ArchName,
  directory: string,
): Promise<CheckResult | undefined> {
  const differences = new Differences(20);
  const address = parseElf(programFile(PROGRAM, arch)).symbolNamed("turns")?.value ?? 0n;
  using alone = machineOf(arch);
  const { task } = WATCHED;
  const hasEnded = () => (alone.kernel.tasks[1]?.status ?? null) !== null;
  const changes = changesOf(alone, { task, address, until: hasEnded }).toReversed();
  const expression = `*(unsigned int *)${address}`;
  const commands = [
    ...["set detach-on-fork off", "set schedule-multiple on", "set breakpoint pending on"],
    ...["break main", "continue", "continue", "delete", "continue"],
    ...[`inferior ${WATCHED.inferior}`, `watch ${expression}`],
    ...changes.map(() => "reverse-continue"),
  ];
  using machine = machineOf(arch);
  const pc = arch === "x86_64" ? "rip" : "pc";
  const answers = await runGdb(machine, { commands, registers: [pc], expression, directory });
  if (answers === undefined) return undefined;
  answers.slice(-changes.length).forEach(({ said, state }, i) => {
    const change = changes[i];
    const found = [state?.process, state?.thread, state?.registers[pc], state?.value];
    const wanted = [task, change?.thread, `${change?.pc}`, `${change?.before}`];
    if (`${found}` === `${wanted}`) return;
    differences.add(`${i}: ${wanted}, gdb has ${found}, ${JSON.stringify(said)}`);
  });
  if (changes.length < 3) differences.add(`only ${changes.length} changes`);
  return {
    name: `${arch}, tasks`,
    figures: `${changes.length} writes of a task behind the end of another, back to each`,
    differences: differences.texts,
  };
}
