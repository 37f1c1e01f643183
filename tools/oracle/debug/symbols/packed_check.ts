/**
 * Names out of `.gnu_debugdata`, made as Fedora makes it: the functions that `.dynsym` does not have,
 * in an ELF file that `xz` packs. Those of a stripped program are compared with its own before.
 *
 * @module
 */
import { DebugFiles } from "../../../../debug/files/mod.ts";
import { Symbols } from "../../../../debug/symbols/mod.ts";
import { type ElfSymbol, parseElf } from "../../../../elf/mod.ts";
import { bytesOfCommand, type CheckResult, Differences, outputOf } from "../../tool.ts";

/** Compares a program; undefined if a tool is missing. Files are made in the directory. */
export async function checkPacked(
  name: string,
  program: string,
  directory: string,
): Promise<CheckResult | undefined> {
  const functions = functionsOf(program);
  const path = stripped(program, functions, `${directory}/packed`);
  if (path === undefined) return undefined;
  const files = new DebugFiles({ directories: [] }).of(
    parseElf(Deno.readFileSync(path), { name: path }),
  );
  const differences = new Differences();
  const before = files.symbolFiles.length;
  await files.prepare();
  if (files.symbolFiles.length !== before + 1) differences.add("the packed table is not there");
  const symbols = new Symbols(files);
  const names = Map.groupBy(functions, ({ value }) => value);
  for (const { value, size } of functions) {
    for (const address of [value, value + size - 1n]) {
      const found = symbols.at(address)[0]?.symbol;
      const expected = names.get(BigInt(found?.start ?? -1))?.map(({ name }) => name);
      if (found !== undefined && expected?.includes(found.name) && found.start <= address) continue;
      differences.add(`0x${address.toString(16)}: ${found?.name}, expected ${expected}`);
    }
  }
  for (const problem of symbols.problems) differences.add(String(problem));
  return { name, figures: `${functions.length} functions`, differences: differences.texts };
}

/** Functions of a program that have a size. */
function functionsOf(path: string): ElfSymbol[] {
  const file = parseElf(Deno.readFileSync(path), { name: path });
  return file.symbols.all.filter(({ type, size, section }) =>
    type === "func" && size > 0n && section !== 0
  );
}

/** The program without its symbols, with a packed table of them; undefined without the tools. */
function stripped(
  program: string,
  functions: readonly ElfSymbol[],
  path: string,
): string | undefined {
  const run = (command: string, ...args: string[]) => outputOf(command, args) !== undefined;
  const [names, mini, packed] = [`${path}.names`, `${path}.mini`, `${path}.xz`];
  Deno.writeTextFileSync(names, functions.map(({ name }) => `${name}\n`).join(""));
  const made = run("objcopy", "--only-keep-debug", program, `${path}.debug`) &&
    run("objcopy", "-S", `--keep-symbols=${names}`, `${path}.debug`, mini);
  const bytes = made ? bytesOfCommand("xz", ["--stdout", mini]) : undefined;
  if (bytes === undefined) return undefined;
  Deno.writeFileSync(packed, bytes);
  const isDone = run("objcopy", "-S", `--add-section=.gnu_debugdata=${packed}`, program, path);
  return isDone ? path : undefined;
}
