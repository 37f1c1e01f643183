/**
 * The event stream and those who read it.
 *
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, Machine, moduleHello } from "@trapline/trapline";
 * import { JsonLines, MachLog, parseJsonLines, Statistics, Tee } from "@trapline/trapline/trace";
 *
 * const statistics = new Statistics();
 * let lines = "";
 * using machine = new Machine({
 *   arch: archByName("aarch64"),
 *   modules: [await moduleHello("aarch64")],
 *   sinks: [new Tee([statistics, new JsonLines((text) => lines += text)])],
 * });
 * machine.run();
 * const { switches, syscalls, exceptions } = statistics.figures();
 * console.log(switches, syscalls, exceptions);
 * let log = ""; // the same run again, out of its lines, as a boot log
 * const sink = new MachLog((text) => log += text);
 * for (const event of parseJsonLines(lines)) sink.write(event);
 * console.log(log);
 * ```
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
