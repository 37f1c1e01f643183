/**
 * A transition as text, in two lanes.
 *
 * @module
 */
import { printable } from "../../util/printable.ts";
import {
  moreText,
  notesText,
  rowsOf,
  titleText,
  type TransitionRow,
  viewText,
  wordText,
} from "./rows.ts";
import type { Transition, TransitionStep } from "./transition.ts";

/** Width of an address. */
const ADDRESS = 14;

/**
 * A transition as text: on the left what another thread that scans the stack does, in the middle
 * the anchor behind each instruction, on the right the thread that goes into native code.
 *
 * @param options.all Whether instructions are shown that do nothing to the anchor.
 */
export function transitionText(transition: Transition, options: { all?: boolean } = {}): string {
  const { thread, steps } = transition;
  const width = Math.max(24, ...steps.map(({ view }) => viewText(view).length)) + 2;
  const columns = (...cells: readonly [string, string, string, string]) =>
    printable(
      `${cells[0].padEnd(width)}${cells[1].padEnd(ADDRESS)}${cells[2].padEnd(ADDRESS)}${cells[3]}`
        .trimEnd(),
    );
  const lines = [
    titleText(transition),
    "",
    columns("root-scanning thread", "anchor sp", "anchor pc", `thread ${thread}`),
    "",
  ];
  let before: TransitionStep | undefined;
  for (const row of rowsOf(transition, options.all)) {
    if (row.kind === "enter") {
      const { name, code, depth } = row.step;
      if (depth > 0) lines.push(columns(lane(before), "", "", `${indent(depth - 1)}   \\`));
      lines.push(columns(lane(before), "", "", `${indent(depth)}${name}() [${code}]`));
      continue;
    }
    const { step } = row;
    if (before !== undefined && step.depth < before.depth) {
      lines.push(columns(lane(before), "", "", `${indent(step.depth)}   /`));
    }
    const view = viewText(step.view);
    const scan = before !== undefined && viewText(before.view) === view ? "|" : view;
    const code = `${indent(step.depth)} | ${codeText(row)}`;
    lines.push(columns(scan, wordText(step.sp), wordText(step.pc), code));
    before = step;
  }
  return `${lines.join("\n")}\n`;
}

function lane(before: TransitionStep | undefined): string {
  return before === undefined ? "" : "|";
}

function indent(depth: number): string {
  return "    ".repeat(depth);
}

function codeText(row: Exclude<TransitionRow, { kind: "enter" }>): string {
  if (row.kind === "more") return moreText(row.count);
  const { text } = row.step;
  const said = notesText(row.step);
  return said === "" ? text : `${text.padEnd(34)} ; ${said}`;
}
