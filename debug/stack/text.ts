/**
 * Pictures of stacks as text.
 *
 * @module
 */
import { printable } from "../../util/printable.ts";
import type { PictureFrame, PictureSlot, StackPicture } from "./picture.ts";
import { anchorText, hexText, rowsOf, slotLabel, valueLabel } from "./words.ts";

/**
 * A picture as text: a line for each word, lowest addresses first.
 *
 * @param options.all Whether each word has a line that nothing tells of.
 */
export function pictureText(picture: StackPicture, options: { all?: boolean } = {}): string {
  const { program, machine, thread, state, frames, anchors, end, error } = picture;
  const waits = state === undefined ? "" : `, ${state}`;
  const lines = [`Thread ${thread} of ${program}, ${machine}${waits}`];
  for (const anchor of anchors) {
    if (anchor.savedBy === undefined) lines.push(anchorText(anchor));
  }
  const isAll = options.all ?? false;
  for (const frame of frames) lines.push("", ...frameLines(frame, isAll));
  lines.push("", error === undefined ? `End: ${end}` : `The walk broke off: ${error}`);
  return `${lines.map((line) => printable(line.trimEnd())).join("\n")}\n`;
}

function frameLines(frame: PictureFrame, isAll: boolean): string[] {
  const { level, name, kind, bytecode, pc, source, certainty, values, damage } = frame;
  const at = bytecode === undefined ? "" : `, bytecode ${bytecode}`;
  const sure = certainty === "exact" ? "" : `, ${certainty}`;
  const title = `#${level}`.padEnd(5);
  const lines = [`${title}${name} (${kind}${at})  ${hexText(pc)}, by ${source}${sure}`];
  if (damage !== undefined) lines.push(`     ${damage}`);
  for (const value of values) lines.push(`${" ".repeat(47)}${valueLabel(value)}`);
  for (const row of rowsOf(frame, isAll)) {
    lines.push(
      "count" in row
        ? `     ${hexText(row.address)}  ${" ".repeat(8)}${row.count} words that nothing tells of`
        : slotLine(row),
    );
  }
  return lines;
}

function slotLine(slot: PictureSlot): string {
  const { address, offset, value } = slot;
  const place = `sp+0x${offset.toString(16)}`.padEnd(8);
  const word = (value === undefined ? "?" : hexText(value)).padEnd(20);
  return `     ${hexText(address)}  ${place}${word}${slotLabel(slot)}`;
}
