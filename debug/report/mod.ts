/**
 * Backtraces for people and programs. {@linkcode backtraceReport} reads the stacks of threads into
 * plain data; {@linkcode threadText} writes one as text, a line for each frame and variable, and
 * {@linkcode threadJson} as data for JSON.
 *
 * @module
 */
export { type FrameJson, type ThreadJson, threadJson, type VariableJson } from "./json.ts";
export {
  backtraceReport,
  type CodeReport,
  type FrameReport,
  type ReportOptions,
  type ThreadReport,
  type VariableRange,
} from "./report.ts";
export { frameText, threadText } from "./text.ts";
export type { VariableReport } from "./variable_report.ts";
