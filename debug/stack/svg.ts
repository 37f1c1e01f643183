/**
 * Pictures of stacks as SVG: a column of words, lowest addresses at the top, cut into frames in the
 * colors of their kinds, with arrows where anchors lead.
 *
 * @module
 */
import { BAR_COLORS, Drawing, escapeXml, MARGIN, type Shade } from "../../util/svg.ts";
import { printable } from "../../util/printable.ts";
import type { PictureAnchor, PictureFrame, PictureSlot, StackPicture } from "./picture.ts";
import { hexText, rowsOf, slotLabel, type UntoldRun, valueLabel } from "./words.ts";

/** Height of a word, and of a frame's title. */
const ROW = 20;
const TITLE = 26;
/** Space between frames. */
const GAP = 10;
/** Width of the lane of an arrow. */
const LANE = 14;
/** Width of a word's box, and of the address in front of it. */
const BOX = 166;
const ADDRESS = 136;

/** What is drawn of the code kinds, in the order of the legend; other kinds are gray. */
const KINDS: Readonly<Record<string, string>> = {
  native: BAR_COLORS[5]!,
  "native-stub": BAR_COLORS[4]!,
  adapter: BAR_COLORS[3]!,
  interpreter: BAR_COLORS[2]!,
  jit: BAR_COLORS[1]!,
  optimized: BAR_COLORS[0]!,
};
const OTHER_KIND = "#6e7781";

const SHADES: Readonly<Record<string, Shade>> = {
  word: { property: "stroke", light: "#818b98", dark: "#656f7b" },
  anchor: { property: "stroke", light: "#cf222e", dark: "#ff7b72" },
  head: { property: "fill", light: "#cf222e", dark: "#ff7b72" },
};

const RULES = [
  ".word{stroke-width:1;fill:none}.anchor{stroke-width:1.6;fill:none}",
  ".in{stroke-dasharray:3 3}.value{text-anchor:middle}.right{text-anchor:end}",
  ".small{font-size:12px}.kind{fill:#fff;font-size:12px;font-weight:bold;text-anchor:middle}",
];

/** How much of the kind's color a word has, by its role. */
const TINTS: Readonly<Record<PictureSlot["role"], number>> = {
  parameter: 0.36,
  local: 0.36,
  operand: 0.36,
  result: 0.36,
  outgoing: 0.28,
  "return-address": 0.18,
  anchor: 0.18,
  own: 0.18,
  saved: 0.09,
  idle: 0,
  untold: 0,
};

/** A picture as an SVG document of its own, which suits light and dark pages. */
export function pictureSvg(picture: StackPicture): string {
  return new Painter(picture).document();
}

class Painter {
  readonly #picture: StackPicture;
  readonly #drawing: Drawing = new Drawing({ shades: SHADES, rules: RULES });
  /** Left edge of the frames, of the words' boxes, and of what is written beside them. */
  readonly #left: number;
  readonly #box: number;
  readonly #label: number;
  /** Where titles of frames are, and words of anchors. */
  readonly #titles: Map<number, number> = new Map();
  readonly #words: Map<bigint, number> = new Map();
  #y = MARGIN;

  constructor(picture: StackPicture) {
    this.#picture = picture;
    const arrows = picture.anchors.filter(({ to }) => to !== undefined).length;
    this.#left = MARGIN + (arrows === 0 ? 0 : LANE * (arrows + 1));
    this.#box = this.#left + ADDRESS;
    this.#label = this.#box + BOX + 14;
  }

  document(): string {
    const { program, machine, thread, state, frames, anchors, error, end } = this.#picture;
    const waits = state === undefined ? "" : `, ${state}`;
    const title = printable(`Stack of thread ${thread} of ${program}, ${machine}${waits}`);
    this.#text(MARGIN, this.#y + 14, "text strong", title);
    this.#y += 34;
    this.#anchor(anchors.find(({ savedBy }) => savedBy === undefined));
    for (const frame of frames) this.#frame(frame);
    const last = error === undefined ? `End: ${end}` : `The walk broke off: ${error}`;
    this.#text(this.#left + 14, this.#y + 14, error === undefined ? "dim" : "bad", printable(last));
    this.#y += 34;
    this.#arrows();
    this.#legend();
    return this.#drawing.document(this.#y + MARGIN, title);
  }

  #text(x: number, y: number, classes: string, text: string): void {
    this.#drawing.text(x, y, classes, text);
  }

  /** The thread's own anchor: two words that are not on the stack. */
  #anchor(anchor: PictureAnchor | undefined): void {
    if (anchor === undefined) return;
    const { address, sp, pc } = anchor;
    this.#text(this.#left + 14, this.#y + 17, "text strong", "thread-local storage");
    this.#y += TITLE;
    for (const [at, value, name] of [[address, sp, "sp"], [address + 8n, pc, "pc"]] as const) {
      const clear = name === "pc" && pc === 0n ? ", clear: managed code runs" : "";
      this.#cell(OTHER_KIND, {
        address: at,
        value,
        label: `anchor ${name}${clear}`,
        tint: TINTS.anchor,
      });
    }
    this.#y += GAP;
  }

  #frame(frame: PictureFrame): void {
    const { level, name, kind, bytecode, pc, values, damage, certainty } = frame;
    const color = KINDS[kind] ?? OTHER_KIND;
    const top = this.#y;
    this.#titles.set(level, top + TITLE / 2);
    const label = 8 * [...kind].length + 12;
    const heading = `#${level} ${printable(name)}`;
    this.#text(this.#left + 14, top + 18, "text strong", heading);
    // Beside the words, so that kinds stand below each other.
    const x = Math.max(this.#label, this.#left + 30 + 8 * [...heading].length);
    this.#drawing.shape(
      `<rect x="${x}" y="${top + 4}" width="${label}" height="18" rx="4" fill="${color}"/>` +
        `<text x="${x + label / 2}" y="${top + 17}" class="kind">${escapeXml(kind)}</text>`,
      x + label,
    );
    const at = bytecode === undefined ? "" : `bytecode ${bytecode}, `;
    const sure = certainty === "exact" ? "" : `, ${certainty}`;
    this.#text(x + label + 10, top + 18, "dim", `${at}pc ${hexText(pc)}${sure}`);
    this.#y += TITLE;
    if (damage !== undefined) {
      this.#text(this.#left + 14, this.#y + 14, "bad", printable(damage));
      this.#y += ROW;
    }
    for (const value of values) this.#value(color, value);
    for (const row of rowsOf(frame)) {
      if ("count" in row) this.#run(row);
      else this.#slot(color, row);
    }
    const height = this.#y - top;
    this.#drawing.shape(
      `<rect x="${this.#left}" y="${top}" width="5" height="${height}" rx="2" fill="${color}"/>`,
    );
    this.#y += GAP;
  }

  /** A value that is in none of the frame's words. */
  #value(color: string, value: PictureFrame["values"][number]): void {
    const { text, place } = value;
    if (place === "") {
      this.#text(this.#label, this.#y + 14, "dim", printable(valueLabel(value)));
      this.#y += ROW;
      return;
    }
    const [register = ""] = place.split(",");
    const [, saved] = / (0x[0-9a-f]+)$/.exec(place) ?? [];
    const label = `${value.role} ${value.name}${saved === undefined ? "" : `, saved at ${saved}`}`;
    this.#cell(color, { where: register, text, label, tint: TINTS.parameter, classes: "word in" });
  }

  #slot(color: string, slot: PictureSlot): void {
    const { address, value, role } = slot;
    if (role === "anchor") this.#words.set(address, this.#y + ROW / 2);
    const dim = role === "idle" || role === "untold";
    this.#cell(color, { address, value, label: slotLabel(slot), tint: TINTS[role], dim });
  }

  #run({ address, count }: UntoldRun): void {
    const text = `${count} words`;
    this.#cell(OTHER_KIND, { address, text, label: "", tint: 0, dim: true });
  }

  #cell(color: string, cell: {
    readonly address?: bigint;
    readonly where?: string;
    readonly value?: bigint | undefined;
    readonly text?: string;
    readonly label: string;
    readonly tint: number;
    readonly dim?: boolean;
    readonly classes?: string;
  }): void {
    const { address, where, value, text, label, tint, dim = false, classes = "word" } = cell;
    const y = this.#y;
    const baseline = y + 14;
    const [x, box] = [this.#box - 10, this.#box];
    const place = where ?? (address === undefined ? "" : hexText(address));
    const shown = text ?? (value === undefined ? "?" : hexText(value));
    this.#drawing.shape(
      `<text x="${x}" y="${baseline}" class="dim right small">${escapeXml(place)}</text>` +
        (tint === 0
          ? ""
          : `<rect x="${box}" y="${y}" width="${BOX}" height="${ROW}" fill="${color}" fill-opacity="${tint}"/>`) +
        `<rect x="${box}" y="${y}" width="${BOX}" height="${ROW}" class="${classes}"/>` +
        `<text x="${box + BOX / 2}" y="${baseline}" class="${dim ? "dim" : "text"} value small">` +
        `${escapeXml(shown)}</text>`,
      box + BOX,
    );
    this.#text(this.#label, baseline, dim ? "dim" : "text", printable(label));
    this.#y += ROW;
  }

  /** From each anchor to the frame that it leads to. */
  #arrows(): void {
    const { anchors } = this.#picture;
    let lane = 1;
    for (const { address, savedBy, to } of anchors) {
      const end = to === undefined ? undefined : this.#titles.get(to);
      const begin = savedBy === undefined
        ? MARGIN + 34 + TITLE + ROW
        : this.#words.get(address) ?? this.#titles.get(savedBy);
      if (end === undefined || begin === undefined) continue;
      const x = this.#left - LANE * lane++;
      const [from, head] = [this.#box - ADDRESS + 12, this.#left - 3];
      this.#drawing.shape(
        `<path class="anchor" d="M${from} ${begin}H${x + 6}Q${x} ${begin} ${x} ${begin + 6}` +
          `V${end - 6}Q${x} ${end} ${x + 6} ${end}H${head - 5}"/>` +
          `<path class="head" d="M${head} ${end}l-8 -4v8Z"/>`,
      );
    }
  }

  #legend(): void {
    const used = new Set(this.#picture.frames.map(({ kind }) => kind));
    let x = this.#left;
    for (
      const kind of [...Object.keys(KINDS), ...used].filter((kind, i, all) =>
        used.has(kind) && all.indexOf(kind) === i
      )
    ) {
      const color = KINDS[kind] ?? OTHER_KIND;
      this.#drawing.shape(
        `<rect x="${x}" y="${this.#y + 3}" width="12" height="12" rx="2" fill="${color}"/>`,
      );
      this.#text(x + 18, this.#y + 14, "dim", kind);
      x += 18 + 8 * kind.length + 22;
    }
    this.#y += ROW;
    const notes =
      "Low addresses are at the top. Dashed: in a register. (name): a slot without a value now.";
    this.#text(this.#left, this.#y + 14, "dim", notes);
    this.#y += ROW;
    if (this.#picture.anchors.some(({ to }) => to !== undefined)) {
      this.#text(this.#left, this.#y + 14, "dim", "Arrows: where anchors lead, over native code.");
      this.#y += ROW;
    }
  }
}
