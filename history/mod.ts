/**
 * A machine that goes backwards. {@linkcode History} runs a machine, keeps snapshots of it, many of
 * the near past and few of the far one, and goes back by going forward from one of them: by a step
 * ({@linkcode History.reverseStep}), to the last breakpoint or access to watched memory
 * ({@linkcode History.reverseRun}), or to any instant ({@linkcode History.goTo}). Instants are
 * exact ({@linkcode Position}).
 *
 * What its user does to the machine by the history belongs to the history (`edits.ts`) and happens
 * again in each replay. In the past it forks history: what came after is dropped.
 *
 * @example Who wrote this?
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, Machine, moduleHello } from "@trapline/trapline";
 * import { parseElf } from "@trapline/trapline/elf";
 * import { History } from "@trapline/trapline/history";
 *
 * const program = await moduleHello("x86_64");
 * const line = parseElf(program.bytes).symbolNamed("line")!;
 * using machine = new Machine({ arch: archByName("x86_64"), modules: [program] });
 * using history = new History(machine);
 * history.run();
 * using _ = history.addWatchpoint(line.value, Number(line.size), "write", { task: 1 });
 * const last = history.reverseRun();
 * if (last.kind === "watchpoint") console.log(history.position, last.hits);
 * ```
 *
 * @module
 */
export type { Checkpoint } from "./checkpoints.ts";
export type { Edit } from "./edits.ts";
export { HistoryError, type HistoryErrorKind } from "./errors.ts";
export {
  type Fork,
  History,
  type HistoryOptions,
  type HistoryResult,
  type ReverseResult,
} from "./history.ts";
export { comparePositions, formatPosition, parsePosition, type Position } from "./position.ts";
export type { DatedEdit } from "./replay.ts";
export type { StopTest } from "./search.ts";
export type { Breakpoint, Stop } from "./stops.ts";
