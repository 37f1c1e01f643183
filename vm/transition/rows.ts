/**
 * What of a transition is shown, line by line, and in which words.
 *
 * @module
 */
import {
  type AnchorView,
  NOTES,
  type StepNote,
  type Transition,
  type TransitionStep,
} from "./transition.ts";

/** A line: a function is entered, instructions are left out, or there is one. */
export type TransitionRow =
  | { readonly kind: "enter"; readonly step: TransitionStep }
  | { readonly kind: "more"; readonly count: number; readonly step: TransitionStep }
  | { readonly kind: "step"; readonly step: TransitionStep };

/** Notes of instructions that are shown whatever is around them. */
const SHOWN: ReadonlySet<StepNote> = new Set([
  "store-sp",
  "store-pc",
  "call",
  "return",
  "clear-pc",
  "test-scan",
  "go-on",
  "wait",
]);

/** Those that work on the anchor: what leads up to them is shown, too. */
const ANCHOR: ReadonlySet<StepNote> = new Set([
  "store-sp",
  "store-pc",
  "clear-pc",
  "go-on",
  "wait",
]);

/** The lines of a transition; of instructions that do nothing to the anchor, only their number. */
export function rowsOf({ steps }: Transition, isAll = false): TransitionRow[] {
  const shown = isAll ? new Set(steps.keys()) : shownSteps(steps);
  const rows: TransitionRow[] = [];
  let before: TransitionStep | undefined;
  let count = 0;
  for (const [i, step] of steps.entries()) {
    if (before === undefined || step.name !== before.name) {
      const isBack = steps.slice(0, i).some(({ name }) => name === step.name);
      if (!isBack) rows.push({ kind: "enter", step });
    }
    if (shown.has(i)) {
      if (count > 0) rows.push({ kind: "more", count, step: before! });
      count = 0;
      rows.push({ kind: "step", step });
    } else count++;
    before = step;
  }
  if (count > 0) rows.push({ kind: "more", count, step: before! });
  return rows;
}

function shownSteps(steps: readonly TransitionStep[]): Set<number> {
  const shown = new Set<number>([steps.length - 1]);
  for (const [i, { notes, depth }] of steps.entries()) {
    if (!notes.some((note) => SHOWN.has(note))) continue;
    shown.add(i);
    if (!notes.some((note) => ANCHOR.has(note))) continue;
    // Back to the instruction before that works on it, or that finds the thread's storage.
    for (let j = i - 1; j >= 0 && steps[j]!.depth === depth && !shown.has(j); j--) {
      shown.add(j);
      if (steps[j]!.notes.includes("thread")) break;
    }
  }
  // Of native code, where it begins.
  const first = steps.findIndex(({ depth }) => depth === 2);
  if (first >= 0) shown.add(first);
  return shown;
}

/** What the root-scanning thread does meanwhile. */
export function viewText(view: AnchorView): string {
  if (view.kind === "closed") return "waits: the PC is 0";
  return view.kind === "error"
    ? view.message
    : `walks ${view.frames.map(({ name }) => name).join(", ")}`;
}

/** What a transition is of. */
export function titleText({ caller, native, machine }: Transition): string {
  return `${caller} calls native code through the stub of ${native}, ${machine}`;
}

/** What an instruction does; empty if there is nothing that its mnemonic does not say. */
export function notesText({ notes }: TransitionStep): string {
  return notes.filter((note) => note !== "call" && note !== "return")
    .map((note) => NOTES[note]).join(", ");
}

/** Instructions that are left out. */
export function moreText(count: number): string {
  return count === 1 ? "…" : `… ${count} instructions`;
}

/** A word of the anchor. */
export function wordText(value: bigint): string {
  return value === 0n ? "0" : `0x${value.toString(16)}`;
}
