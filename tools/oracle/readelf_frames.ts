/**
 * Reads what `readelf --debug-dump=frames-interp` prints.
 *
 * @module
 */

/** A row of a table as text. */
export interface TextRow {
  /** Address, hexadecimal with `0x`. */
  readonly pc: string;
  /** CFA rule. */
  readonly cfa: string;
  /** Rule by register name. */
  readonly regs: Readonly<Record<string, string>>;
}

/** A table as text. */
export interface TextTable {
  /** First address, hexadecimal with `0x`. */
  readonly begin: string;
  /** Address after the last. */
  readonly end: string;
  /** Rows in order. */
  readonly rows: readonly TextRow[];
}

const FDE = /^[0-9a-f]{8} [0-9a-f]{16} [0-9a-f]{8,16} FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)/;
const ENTRY = /^[0-9a-f]{8} ([0-9a-f]{16} [0-9a-f]{8,16} CIE|ZERO terminator)/;
const ROW = /^[0-9a-f]{16} /;

/** Tables of the FDEs in the output, in order. */
export function* readelfTables(text: string): Generator<TextTable> {
  let columns: string[] = [];
  let current: { begin: string; end: string; rows: TextRow[] } | undefined;
  for (const line of lines(text)) {
    const fde = FDE.exec(line);
    if (fde !== null) {
      if (current !== undefined) yield current;
      current = { begin: hex(fde[1]!), end: hex(fde[2]!), rows: [] };
      columns = [];
    } else if (ENTRY.test(line)) {
      if (current !== undefined) yield current;
      current = undefined;
    } else if (line.startsWith("   LOC")) {
      columns = line.trim().split(/\s+/).slice(2);
    } else if (current !== undefined && ROW.test(line)) {
      // A register rule is printed as "r5 (rdi)"; the number says all.
      const fields = line.replace(/ \(\w+\)/g, "").trim().split(/\s+/);
      const regs: Record<string, string> = {};
      columns.forEach((name, i) => regs[name] = fields[i + 2] ?? "");
      current.rows.push({ pc: hex(fields[0]!), cfa: fields[1] ?? "", regs });
    }
  }
  if (current !== undefined) yield current;
}

function hex(digits: string): string {
  return `0x${digits.replace(/^0+(?=.)/, "")}`;
}

/** Lines without one array of all of them: the output of a large library has a million. */
function* lines(text: string): Generator<string> {
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf("\n", at);
    const stop = end < 0 ? text.length : end;
    yield text.slice(at, stop);
    at = stop + 1;
  }
}
