/**
 * Line tables of a file: every header, directory, file and row against `llvm-dwarfdump
 * --debug-line`, and look-ups of addresses against `llvm-symbolizer` and
 * `eu-addr2line`; the reader of the latter is another.
 *
 * What is not taken for a difference: `llvm-dwarfdump` (14) keeps 16 bits of a column. Of a function
 * that several objects have, the tables of all cover the one that is kept, and the two programs that
 * look addresses up do not always take the same: where they differ, ours must be one of their lines.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import { type LineRow, type LineTable, lineTableOf, type LineUnit } from "../../elf/dwarf/mod.ts";
import { parseElf } from "../../elf/mod.ts";
import { Random } from "../../util/random.ts";
import { type CheckResult, Differences, outputOf } from "./tool.ts";

/** Addresses that are looked up in each file. */
const LOOKUPS = 2000;

/** Programs that look addresses up, and what they answer when they know of none. */
const LOOKUP_TOOLS = [
  {
    tool: "llvm-symbolizer",
    args: ["--no-inlines", "--functions=none"],
    separator: "\n\n",
    silent: undefined,
  },
  // Finds no units of clang's, which names none in .debug_aranges.
  { tool: "eu-addr2line", args: ["-A"], separator: "\n", silent: "??:0:0" },
] as const;

/** What of LLVM's output is compared. */
const COMPARED =
  /^(?:debug_line\[| {9}version:|include_directories\[|file_names\[| +name:| +dir_index:|0x)/;

/** Compares the line tables of one file; undefined if a tool is missing or it has no table. */
export function checkLines(path: string): CheckResult | undefined {
  const text = outputOf("llvm-dwarfdump", ["--debug-line", path]);
  if (text === undefined) return undefined;
  const file = parseElf(Deno.readFileSync(path), { name: path });
  const differences = new Differences();
  const table = lineTableOf(file);
  if (table === undefined) return undefined;
  let rows = 0;
  const theirs = text.split("\n").filter((line) => COMPARED.test(line));
  let at = 0;
  try {
    for (const line of dumpLines(table)) {
      const their = theirs[at++];
      if (line !== their) differences.add(`ours ${line}, LLVM ${their}`);
      if (line.startsWith("0x")) rows++;
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    differences.add(String(error));
  }
  if (at < theirs.length) differences.add(`we have nothing, LLVM ${theirs[at]}`);
  // Sections of a relocatable file are all at 0: an address has many lines.
  const lookups = file.type === "relocatable" ? 0 : compareLookups(path, table, differences);
  for (const problem of table.problems) differences.add(String(problem));
  return {
    name: path,
    figures: `${table.units.length} line tables, ${rows} rows, ${lookups} look-ups`,
    differences: differences.texts,
  };
}

function* dumpLines(table: LineTable): Generator<string> {
  for (const unit of table.units) {
    yield `debug_line[0x${hex(unit.header.offset, 8)}]`;
    yield `         version: ${unit.header.version}`;
    yield* fileLines(unit);
    for (const row of unit.rows()) yield rowLine(row);
  }
}

function* fileLines(unit: LineUnit): Generator<string> {
  const { first, directories, files } = unit.files;
  for (const [i, { name }] of [...directories].entries()) {
    yield `include_directories[${String(i + first).padStart(3)}] = "${name}"`;
  }
  for (const [i, { name, directory }] of [...files].entries()) {
    yield `file_names[${String(i + first).padStart(3)}]:`;
    yield `           name: "${name}"`;
    yield `      dir_index: ${directory}`;
  }
}

function rowLine(row: LineRow): string {
  const numbers = [
    `0x${hex(row.address, 16)}`,
    pad(row.line, 6),
    pad(row.column & 0xffff, 6),
    pad(row.file, 6),
    pad(row.isa, 3),
    pad(row.discriminator, 13),
  ];
  const flags = [
    row.isStatement ? " is_stmt" : "",
    row.basicBlock ? " basic_block" : "",
    row.prologueEnd ? " prologue_end" : "",
    row.epilogueBegin ? " epilogue_begin" : "",
    row.endSequence ? " end_sequence" : "",
  ];
  return `${numbers.join(" ")} ${flags.join("")}`;
}

function hex(value: bigint | number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

function pad(value: number, width: number): string {
  return String(value).padStart(width);
}

/** Looks up beginnings of rows, the bytes before them, and addresses in between. */
function compareLookups(path: string, table: LineTable, differences: Differences): number {
  const random = new Random(1);
  const addresses: bigint[] = [];
  for (const unit of table.units) {
    let before: LineRow | undefined;
    for (const row of unit.rows()) {
      const length = before === undefined ? 0n : row.address - before.address;
      if (before !== undefined && length > 0n) {
        addresses.push(before.address, row.address - 1n);
        addresses.push(before.address + BigInt(random.below(Number(length))));
      }
      before = row.endSequence ? undefined : row;
    }
  }
  const chosen = addresses.length <= LOOKUPS
    ? addresses
    : Array.from({ length: LOOKUPS }, () => addresses[random.below(addresses.length)]!);
  const texts = chosen.map((address) => `0x${address.toString(16)}`);
  const ours = chosen.map((address) => lineText(table, address));
  const answers = chosen.map((): string[] => []);
  for (const { tool, args, separator, silent } of LOOKUP_TOOLS) {
    const text = outputOf(tool, [...args, "-e", path, ...texts]);
    if (text === undefined) continue;
    const theirs = text.split(separator);
    for (const [i, answer] of answers.entries()) {
      // A column that is not known is 0 to one of them, and left out by the other.
      const their = theirs[i]?.replace(/^([^:]*:\d+)$/, "$1:0") ?? "";
      if (their !== silent) answer.push(their);
    }
  }
  for (const [i, answer] of answers.entries()) {
    if (answer.length === 0 || answer.includes(ours[i]!)) continue;
    differences.add(`${texts[i]}: ours ${ours[i]}, theirs ${answer.join(" and ")}`);
  }
  return answers.filter(({ length }) => length > 0).length;
}

function lineText(table: LineTable, address: bigint): string {
  const found = table.at(address);
  if (found === undefined) return "??:0:0";
  const { path, line, column } = found;
  return `${path}:${line}:${column}`;
}
