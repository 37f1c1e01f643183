/**
 * A report as JSON, for programs.
 *
 * @module
 */
import type { CodePlace, DoctorReport } from "../finding.ts";
import { noSource, sourceAt, type SourceFinder } from "./source.ts";

/** Whether a value is a place in the program's code. */
function isPlace(value: unknown): value is CodePlace {
  return typeof value === "object" && value !== null && "address" in value &&
    "function" in value && "offset" in value;
}

/**
 * A report as JSON text: the record itself, with addresses as text, `"0x…"`, and a field `source`
 * with `path`, `file`, `line` and `column` for places whose source line is known; `status` is the
 * exit status of the program, if it is given. Ends with a newline.
 */
export function reportJson(
  report: DoctorReport,
  options: { readonly source?: SourceFinder; readonly status?: number | undefined } = {},
): string {
  const { source = noSource, status } = options;
  const withSource = (value: unknown) => {
    if (!isPlace(value)) return value;
    const found = sourceAt(source, value);
    if (found === undefined) return value;
    const { path, file, line, column } = found;
    return { ...value, source: { path, file, line, column } };
  };
  const text = JSON.stringify(
    { ...report, ...(status === undefined ? {} : { status }) },
    (_key, value: unknown) =>
      typeof value === "bigint" ? `0x${value.toString(16)}` : withSource(value),
    2,
  );
  return `${text}\n`;
}
