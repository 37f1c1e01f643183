/**
 * What `monitor` of gdb and `process plugin packet monitor` of lldb can ask of a machine, as text.
 *
 * @module
 */
import { comparePositions, type History } from "../../history/mod.ts";
import type { Command } from "./command.ts";
import { pages } from "./pages.ts";
import { locks, ports, runq, tasks, threads } from "./programs.ts";
import { events, goTo, snapshots, when } from "./time.ts";

export { type Command, MonitorError } from "./command.ts";

const COMMANDS: readonly Command[] = [
  when,
  goTo,
  tasks,
  threads,
  locks,
  runq,
  pages,
  ports,
  events,
  snapshots,
];

/** What a command has printed. */
export interface MonitorAnswer {
  /** Whole lines. */
  readonly text: string;
  /** Whether the machine is at another instant now. */
  readonly moved: boolean;
}

/**
 * Carries out a command: its name and arguments, separated by spaces. A beginning of a name that
 * fits one command only is enough.
 *
 * @returns for what is no command, that and what commands there are
 * @throws {MonitorError} if the arguments make no sense
 * @throws {KernelError} if there is no such task, {@linkcode HistoryError} for an instant that is
 *   out of range
 */
export function monitorCommand(history: History, command: string): MonitorAnswer {
  const [name = "", ...args] = command.trim().split(/\s+/);
  if (name === "" || name === "help") return { text: help(), moved: false };
  const found = COMMANDS.filter(({ usage }) => usage.startsWith(name));
  const exact = found.find(({ usage }) => usage.split(" ")[0] === name);
  const chosen = exact ?? (found.length === 1 ? found[0] : undefined);
  if (chosen === undefined) {
    const why = found.length > 1 ? "is the beginning of several commands" : "is no command";
    return { text: `${JSON.stringify(name)} ${why}\n${help()}`, moved: false };
  }
  const before = history.position;
  const text = chosen.run(history, args);
  return { text, moved: comparePositions(before, history.position) !== 0 };
}

function help(): string {
  const width = Math.max(...COMMANDS.map(({ usage }) => usage.length));
  const lines = COMMANDS.map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}\n`);
  return `monitor commands:\n${lines.join("")}`;
}
