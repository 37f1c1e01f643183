/**
 * Measurements as text.
 *
 * @module
 */
import type { Environment } from "./environment.ts";
import type { Measurement } from "./measure.ts";

const HEADER = [
  "architecture",
  "path",
  "guest instructions",
  "host ns median",
  "host ns p99",
  "n",
  "rounds",
];
/** Columns of text; the others are numbers. */
const TEXT_COLUMNS = 2;

/**
 * A table of measurements with what belongs to it: the meaning of each path and column, and the
 * versions.
 */
export function renderTable(
  measurements: readonly Measurement[],
  environment: Environment,
): string {
  const rows = measurements.map((m) => [
    m.arch,
    m.path,
    m.instructions === 0 ? "-" : grouped(m.instructions),
    grouped(Math.round(m.medianNs)),
    grouped(Math.round(m.p99Ns)),
    grouped(m.n),
    grouped(m.rounds),
  ]);
  const meanings = new Map(measurements.map(({ path, round }) => [path, round]));
  for (const { path, arch, note } of measurements) {
    if (note !== undefined) meanings.set(path, `${meanings.get(path)}; ${arch}: ${note}`);
  }
  const { deno, v8, libunicorn, trapline, host, cpu } = environment;
  return [
    ...columns([HEADER, ...rows]),
    "",
    "One round of",
    ...columns([...meanings].map(([path, round]) => [`  ${path}`, round])),
    "",
    "Guest instructions are exact and the same in every run. Host nanoseconds are what this host took to",
    "emulate one round, here and now: they compare versions of this program, and are not the latency of any",
    "hardware. n samples were taken; each is the mean of that many rounds.",
    "",
    `Trapline ${trapline}, Deno ${deno}, V8 ${v8}, libunicorn ${libunicorn}, ${host}, ${cpu}`,
    "",
  ].join("\n");
}

/** Pads cells to columns, text to the left and numbers to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  }
  return rows.map((row) =>
    row.map((cell, i) => {
      const width = widths[i] ?? 0;
      return i < TEXT_COLUMNS ? cell.padEnd(width) : cell.padStart(width);
    }).join("  ").trimEnd()
  );
}

/** A whole number with a comma between each three digits. */
function grouped(value: number): string {
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}
