/**
 * Commands about the history: where the machine is in it, and going elsewhere.
 *
 * @module
 */
import { formatPosition, type History, parsePosition, type Position } from "../../history/mod.ts";
import { describePerCpu } from "../../kernel/inspect/text.ts";
import type { PerCpu } from "../../kernel/per_cpu.ts";
import { formatJsonLine } from "../../trace/json_lines.ts";
import { type Command, MonitorError, readNumber } from "./command.ts";

/** `when` */
export const when: Command = {
  usage: "when",
  summary: "the instant, the clock, and who runs",
  run: where,
};

function where(history: History): string {
  const { machine, position, begin, end, inPast } = history;
  const halted = machine.halted === null ? "" : `\nhalted: ${machine.halted}`;
  return `instant ${formatPosition(position)}${
    inPast ? ", in the past" : ""
  }, clock ${machine.now}; ` +
    `history from ${formatPosition(begin)} to ${formatPosition(end)}\n` +
    `${describePerCpu(machine.kernel, machine.kernel.cpus[0] as PerCpu)}${halted}\n`;
}

/** `goto` */
export const goTo: Command = {
  usage: "goto N | N+E | begin | end",
  summary: "go to where N instructions have been executed, and E exceptions entered since",
  run(history, [text = ""]) {
    history.goTo(instantOf(history, text));
    return where(history);
  },
};

function instantOf(history: History, text: string): Position | number {
  if (text === "begin") return history.begin;
  if (text === "end") return history.end;
  const position = parsePosition(text);
  if (position === undefined) {
    throw new MonitorError(
      `Cannot go to ${JSON.stringify(text)}: expected a number of instructions, as when says it, ` +
        "begin or end",
    );
  }
  return position.entries === 0 ? position.instructions : position;
}

/** `snapshots` */
export const snapshots: Command = {
  usage: "snapshots",
  summary: "where snapshots of the run are kept, and what was done from outside",
  run({ checkpoints, bytes, edits }) {
    const at = checkpoints.map(({ position }) => formatPosition(position));
    const changes = edits.map(({ position, edit }) =>
      `  ${formatPosition(position)} ${edit.kind}\n`
    );
    return `${at.length} snapshots, about ${Math.ceil(bytes / 2 ** 20)} MiB, at ${
      at.join(", ")
    }\n` +
      `${changes.length} changes from outside${changes.length === 0 ? "" : ":"}\n${
        changes.join("")
      }`;
  },
};

const EVENTS = 20;
const MOST_EVENTS = 10_000;

/** `events` */
export const events: Command = {
  usage: "events [COUNT]",
  summary: `the last events before now (default ${EVENTS})`,
  run(history, [text]) {
    const count = text === undefined ? BigInt(EVENTS) : readNumber(text, "a count of events");
    if (count < 1n || count > MOST_EVENTS) {
      throw new MonitorError(`Cannot list ${count} events: expected 1 to ${MOST_EVENTS}`);
    }
    const found = history.latestEvents(Number(count));
    return found.length === 0 ? "no events yet\n" : found.map(formatJsonLine).join("");
  },
};
