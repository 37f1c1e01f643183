/**
 * The event stream and those who read it.
 *
 * The kernel emits one stream of typed events ({@linkcode KernelEvent}) into an {@linkcode
 * EventSink}. {@linkcode MachLog} writes it as a boot log in GNU Mach's wording, {@linkcode
 * JsonLines} as JSON lines that {@linkcode parseJsonLines} reads back, {@linkcode ConsoleOutput}
 * passes on what programs print, {@linkcode Recorder} keeps it, {@linkcode Statistics} counts it,
 * {@linkcode Tee} gives it to several. {@linkcode checkBoot} holds a boot against the grammar of a
 * boot log, from either the events ({@linkcode toLogItems}) or the text ({@linkcode parseMachLog}).
 * Nothing here needs an engine.
 *
 * @module
 */
export { type BootExpectation, checkBoot } from "./boot_grammar.ts";
export type { BootException, BootProfile, ExceptionShape } from "./boot_profile.ts";
export type { BootProblem } from "./boot_relations.ts";
export { consoleBytes, ConsoleLines, ConsoleOutput } from "./console_output.ts";
export { TraceError, type TraceErrorKind } from "./errors.ts";
export type { EventType } from "./event_codec.ts";
export type * from "./events.ts";
export { formatJsonLine, JsonLines, parseJsonLines } from "./json_lines.ts";
export {
  type AstItem,
  type ExceptionItem,
  type ExceptionReturnItem,
  type InterruptItem,
  type LogItem,
  type LogItemBody,
  type PageFaultItem,
  type TextItem,
  toLogItems,
} from "./log_items.ts";
export { formatMachEvent, MachLog } from "./mach_log.ts";
export { parseMachLog } from "./parse_mach_log.ts";
export { Recorder } from "./recorder.ts";
export { Statistics, type ThreadFigures, type TraceFigures } from "./statistics.ts";
export { Tee } from "./tee.ts";
export { TextSink, type TextWriter } from "./text_sink.ts";
export { type NameFormatter, UnwindLog } from "./unwind_log.ts";
