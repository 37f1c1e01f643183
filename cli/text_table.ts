/**
 * Tables as text.
 *
 * @module
 */

/** Space between two columns. */
const GAP = "  ";

/**
 * Lines of a table: the first column is flush left, the others flush right. Columns that do not fit
 * in a line of `width` go into a block below, which has the first column again.
 */
export function textTable(rows: readonly (readonly string[])[], width = Infinity): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from(
    { length: columns },
    (_, at) => Math.max(...rows.map((row) => [...row[at] ?? ""].length)),
  );
  const lines: string[] = [];
  for (let first = 1; first === 1 || first < columns;) {
    let last = first;
    let taken = (widths[0] ?? 0) + GAP.length + (widths[first] ?? 0);
    while (last + 1 < columns && taken + GAP.length + widths[last + 1]! <= width) {
      last++;
      taken += GAP.length + widths[last]!;
    }
    if (lines.length > 0) lines.push("");
    for (const row of rows) {
      const cells = row.slice(first, last + 1).map((cell, i) => padded(cell, widths[first + i]!));
      lines.push([(row[0] ?? "").padEnd(widths[0] ?? 0), ...cells].join(GAP).trimEnd());
    }
    first = last + 1;
  }
  return lines;
}

function padded(cell: string, width: number): string {
  return " ".repeat(Math.max(0, width - [...cell].length)) + cell;
}
