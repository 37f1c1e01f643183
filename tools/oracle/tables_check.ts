/**
 * Every row of every FDE of a file against `readelf --debug-dump=frames-interp`.
 *
 * What `readelf` (binutils 2.40) does that is not taken for a difference, and what is checked
 * instead:
 * - An FDE whose instructions are all no-ops has no rows in its output, though it has one: that of
 *   the CIE. We must have exactly one row there, and it must be the one `llvm-dwarfdump` prints.
 * - Pointer authentication (`negate_ra_state`) does not show in its rows. We say it in a field of
 *   its own, which is left out of the comparison.
 * - A rule "in register 5" is printed as `r5 (rdi)`; we print `r5`.
 * - It follows links to separate debug files and would dump those too; that is turned off.
 *
 * @module
 */
import { frameLines } from "../../unwind/dump/mod.ts";
import { InputError } from "../../bytes/mod.ts";
import { llvmFirstRows, type LlvmRow } from "./llvm_rows.ts";
import { readelfTables, type TextTable } from "./readelf_frames.ts";
import { type CheckResult, Differences, outputOf } from "./tool.ts";

/** Result of comparing one file. */
export interface TablesResult extends CheckResult {
  /** FDEs compared. */
  readonly fdes: number;
  /** Rows compared. */
  readonly rows: number;
}

interface OurRow {
  pc: string;
  cfa: string;
  regs: Record<string, string>;
}

interface OurTable {
  begin: string;
  end: string;
  rows: OurRow[];
}

/** Compares the unwind tables of one file; undefined if `readelf` is not installed. */
export function checkTables(file: string): TablesResult | undefined {
  const text = outputOf("readelf", [
    "--debug-dump=frames-interp",
    "--debug-dump=no-follow-links",
    file,
  ]);
  if (text === undefined) return undefined;
  const differences = new Differences();
  const theirs = readelfTables(text);
  let llvm: Map<string, LlvmRow> | undefined | null = null;
  let fdes = 0;
  let rows = 0;
  try {
    for (const line of frameLines(Deno.readFileSync(file), file)) {
      const ours = JSON.parse(line) as OurTable;
      const next = theirs.next();
      if (next.done) {
        differences.add(`${ours.begin}: readelf has no such FDE`);
        continue;
      }
      fdes++;
      rows += ours.rows.length;
      const table = next.value;
      if (table.rows.length === 0) {
        // Read lazily: most files that matter have such FDEs, but small ones may not.
        llvm = llvm === null ? llvmFirstRows(file) : llvm;
        compareSilent(ours, table, { llvm, differences });
      } else compareRows(ours, table, differences);
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    differences.add(String(error));
  }
  for (const table of theirs) differences.add(`${table.begin}: we have no FDE`);
  return {
    name: file,
    fdes,
    rows,
    figures: `${fdes} FDEs, ${rows} rows`,
    differences: differences.texts,
  };
}

function sameRange(
  ours: OurTable,
  theirs: TextTable,
  differences: Differences,
): boolean {
  if (ours.begin === theirs.begin && ours.end === theirs.end) return true;
  differences.add(
    `${ours.begin}..${ours.end}: readelf has ${theirs.begin}..${theirs.end}`,
  );
  return false;
}

function compareRows(
  ours: OurTable,
  theirs: TextTable,
  differences: Differences,
): void {
  if (!sameRange(ours, theirs, differences)) return;
  const plain = ours.rows.map(({ pc, cfa, regs }) => ({ pc, cfa, regs }));
  const a = JSON.stringify(plain);
  const b = JSON.stringify(theirs.rows);
  if (a !== b) differences.add(`${ours.begin}: ours ${a}, readelf ${b}`);
}

/** An FDE for which `readelf` prints no rows. */
function compareSilent(
  ours: OurTable,
  theirs: TextTable,
  context: {
    readonly llvm: Map<string, LlvmRow> | undefined;
    readonly differences: Differences;
  },
): void {
  const { llvm, differences } = context;
  if (!sameRange(ours, theirs, differences)) return;
  const [row, ...more] = ours.rows;
  if (row === undefined || more.length !== 0) {
    differences.add(`${ours.begin}: ${ours.rows.length} rows, expected one`);
    return;
  }
  const expected = llvm?.get(ours.begin);
  if (expected === undefined) return;
  const a = JSON.stringify({ cfa: row.cfa, regs: row.regs });
  const b = JSON.stringify(expected);
  if (a !== b) differences.add(`${ours.begin}: ours ${a}, LLVM ${b}`);
}
