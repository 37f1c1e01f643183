/**
 * A transition as SVG: two threads side by side, time going down, and the anchor between them.
 *
 * @module
 */
import { BAR_COLORS, CHARACTER_WIDTH, Drawing, MARGIN, type Shade } from "../../util/svg.ts";
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
import type { AnchorView, Transition, TransitionStep } from "./transition.ts";

const ROW = 20;
/** Room for a call's or a return's slanting line. */
const SLANT = 14;
/** How far callees are moved to the right. */
const INDENT = 44;
/** Width of the root-scanning thread's lane, and of an address. */
const LANE = 230;
const ADDRESS = 112;
/** Height of a line of the root-scanning thread's. */
const LINE = 17;
/** Width of an instruction in front of what it does. */
const CODE = 300;

/** Colors of caller, stub and native code: those of pictures of stacks. */
const LANES = [BAR_COLORS[0]!, BAR_COLORS[4]!, BAR_COLORS[5]!] as const;

const SHADES: Readonly<Record<string, Shade>> = {
  flow: { property: "stroke", light: "#818b98", dark: "#656f7b" },
  open: { property: "fill", light: "#dafbe1", dark: "#12361f" },
  closed: { property: "fill", light: "#f3f5f7", dark: "#1b222b" },
  change: { property: "fill", light: "#cf222e", dark: "#ff7b72" },
  mark: { property: "fill", light: "#fff1e5", dark: "#3d2214" },
};

const RULES = [
  ".flow{stroke-width:1.6;fill:none}.small{font-size:12px}.note{font-style:italic;font-size:12px}",
];

/** A transition as an SVG document of its own, which suits light and dark pages. */
export function transitionSvg(transition: Transition, options: { all?: boolean } = {}): string {
  return new Painter(transition, rowsOf(transition, options.all)).document();
}

class Painter {
  readonly #transition: Transition;
  readonly #rows: readonly TransitionRow[];
  readonly #drawing: Drawing = new Drawing({ shades: SHADES, rules: RULES });
  /** Left edges of the anchor's words and of the thread's code. */
  readonly #anchor = MARGIN + LANE + 24;
  readonly #code = MARGIN + LANE + 24 + 2 * ADDRESS + 30;
  #y = MARGIN;
  /** Where the thread's line is, by the depth of the function. */
  readonly #from: number[] = [];
  #before: TransitionStep | undefined;
  /** What the other thread does, and since where. */
  #state: { readonly view: AnchorView; readonly from: number } | undefined;

  constructor(transition: Transition, rows: readonly TransitionRow[]) {
    this.#transition = transition;
    this.#rows = rows;
  }

  document(): string {
    const title = printable(titleText(this.#transition));
    this.#text(MARGIN, this.#y + 14, "text strong", title);
    this.#y += 40;
    this.#text(MARGIN, this.#y, "text strong", "root-scanning thread");
    this.#text(this.#anchor, this.#y, "text strong", "anchor sp");
    this.#text(this.#anchor + ADDRESS, this.#y, "text strong", "anchor pc");
    this.#text(this.#code, this.#y, "text strong", `thread ${this.#transition.thread}`);
    this.#y += 12;
    for (const row of this.#rows) {
      if (row.kind === "enter") this.#enter(row.step);
      else this.#step(row);
    }
    const last = this.#before!;
    this.#flow(last.depth);
    this.#closeState(this.#y);
    return this.#drawing.document(this.#y + MARGIN, title);
  }

  #text(x: number, y: number, classes: string, text: string): void {
    this.#drawing.text(x, y, classes, text);
  }

  #lane(depth: number): number {
    return this.#code + INDENT * depth;
  }

  /** A function begins, to the right of its caller. */
  #enter({ name, code, depth }: TransitionStep): void {
    if (this.#before !== undefined && depth > this.#before.depth) {
      this.#flow(this.#before.depth);
      this.#slant(this.#before.depth, depth);
    }
    const called = printable(`${name}()`);
    const x = this.#lane(depth) - 4;
    this.#text(x, this.#y + 15, "text strong", called);
    this.#text(x + CHARACTER_WIDTH * (called.length + 1), this.#y + 15, "dim small", code);
    this.#y += ROW + 2;
    this.#from[depth] = this.#y;
  }

  /** The line beside a function's instructions, up to here. */
  #flow(depth: number): void {
    const from = this.#from[depth] ?? this.#y;
    const x = this.#lane(depth);
    if (this.#y > from) this.#path(depth, `M${x} ${from}V${this.#y}`);
  }

  #slant(from: number, to: number): void {
    this.#path(
      Math.max(from, to),
      `M${this.#lane(from)} ${this.#y}L${this.#lane(to)} ${this.#y + SLANT}`,
    );
    this.#y += SLANT;
  }

  #path(depth: number, path: string): void {
    const color = LANES[depth] ?? LANES[2];
    this.#drawing.shape(`<path class="flow" style="stroke:${color}" d="${path}"/>`);
  }

  #step(row: Exclude<TransitionRow, { kind: "enter" }>): void {
    const { step } = row;
    const before = this.#before;
    if (before !== undefined && step.depth < before.depth) {
      this.#flow(before.depth);
      this.#slant(before.depth, step.depth);
      this.#from[step.depth] = this.#y;
    } else if (before !== undefined && step.depth > before.depth && !this.#from[step.depth]) {
      this.#from[step.depth] = this.#y;
    }
    const y = this.#y + 14;
    const isChange = row.kind === "step" &&
      step.notes.some((note) => note !== "call" && note !== "return" && note !== "thread");
    if (isChange) {
      this.#drawing.shape(
        `<rect x="${this.#lane(step.depth) + 6}" y="${this.#y + 1}" width="${CODE - 12}" ` +
          `height="${ROW - 2}" rx="3" class="mark"/>`,
      );
    }
    this.#words(step, y);
    if (row.kind === "more") {
      this.#text(this.#lane(step.depth) + 12, y, "dim small", moreText(row.count));
    } else this.#instruction(step, y);
    // The instruction's effect is there when it has been executed.
    this.#view(step, this.#y + ROW);
    this.#y += ROW;
    this.#before = step;
  }

  #instruction(step: TransitionStep, y: number): void {
    const { text, depth } = step;
    const x = this.#lane(depth) + 12;
    this.#text(x, y, "text small", printable(text));
    const said = notesText(step);
    if (said === "") return;
    const at = Math.max(x + CODE - 10, x + (text.length + 2) * CHARACTER_WIDTH);
    this.#text(at, y, "dim note", said);
  }

  #words({ sp, pc }: TransitionStep, y: number): void {
    const before = this.#before;
    const word = (value: bigint, old: bigint | undefined, x: number) => {
      const isNew = old !== undefined && old !== value;
      this.#text(x, y, isNew ? "change strong small" : "dim small", wordText(value));
    };
    word(sp, before?.sp, this.#anchor);
    word(pc, before?.pc, this.#anchor + ADDRESS);
  }

  #view({ view }: TransitionStep, end: number): void {
    const key = (each: AnchorView | undefined) => JSON.stringify(each);
    if (key(this.#state?.view) === key(view)) return;
    const from = this.#state === undefined ? this.#y : end - ROW / 2;
    this.#closeState(from);
    this.#state = { view, from };
  }

  /** Draws what the other thread has done up to here. */
  #closeState(to: number): void {
    if (this.#state === undefined) return;
    const { view, from } = this.#state;
    const isOpen = view.kind === "frames";
    this.#drawing.shape(
      `<rect x="${MARGIN}" y="${from}" width="${LANE}" height="${to - from - 3}" rx="4" ` +
        `class="${isOpen ? "open" : "closed"}"/>`,
    );
    const frames = view.kind === "frames" ? view.frames : [];
    const first = view.kind === "error"
      ? "finds a damaged anchor"
      : isOpen
      ? "walks from the anchor:"
      : viewText(view);
    this.#text(MARGIN + 10, from + 17, "text small", first);
    const room = Math.max(0, Math.floor((to - from - 25) / LINE));
    for (const [i, { name, code }] of frames.slice(0, room).entries()) {
      const y = from + 17 + LINE * (i + 1);
      this.#text(MARGIN + 22, y, "text small strong", printable(name));
      this.#text(MARGIN + 30 + CHARACTER_WIDTH * name.length, y, "dim small", code);
    }
  }
}
