/**
 * Annotated address maps as drawings.
 *
 * @module
 */
import type { DoctorReport, StackMap } from "../finding.ts";
import { marksOf } from "./finding_text.ts";
import {
  layoutMap,
  type MapBetween,
  type MapBlock,
  type MapMark,
  type MapRow,
  type MapSection,
} from "./map_layout.ts";
import { addressText, betweenText, BYTES, sizeText } from "./map_text.ts";
import { BAR_COLORS, Drawing, LINE_HEIGHT, MARGIN } from "../../../util/svg.ts";

/** One map of a drawing. */
export interface MapPanel {
  /** What stands above it. */
  readonly title: string;
  /** The map. */
  readonly map: StackMap;
  /** Addresses that are marked. */
  readonly marks?: readonly MapMark[];
}

/** Where text begins inside a block: right of its bar. */
const TEXT_X = MARGIN + 18;

/** Columns that the longest address takes, and the space behind it. */
const ADDRESS_WIDTH = 19 * 8;

/** Space above and below the lines of a block. */
const PADDING = 6;

/** Draws one map below what is there; gives where it ends. */
class MapDrawing {
  readonly #drawing: Drawing;
  #y: number;
  readonly #colors: ReadonlyMap<number, string>;

  constructor(drawing: Drawing, y: number, map: StackMap) {
    this.#drawing = drawing;
    this.#y = y;
    this.#colors = new Map(
      map.stacks.map(({ id }, i) => [id, BAR_COLORS[i % BAR_COLORS.length]!]),
    );
  }

  draw(title: string, sections: readonly MapSection[]): number {
    this.#line(MARGIN, "text strong", title);
    for (const { kind, blocks } of sections) {
      this.#y += PADDING;
      this.#line(MARGIN, "dim", kind);
      for (const block of blocks) this.#block(block);
    }
    return this.#y;
  }

  #line(x: number, classes: string, text: string): void {
    this.#drawing.text(x, this.#y + 15, classes, text);
    this.#y += LINE_HEIGHT;
  }

  /** Blocks that touch are drawn without a space between them. */
  #block({ stack, before, rows }: MapBlock): void {
    const touches = before !== null && before.bytes <= 0n;
    const unguarded = touches && before.guarded === false;
    if (before !== null && !touches) this.#between(before);
    const top = this.#y;
    const height = 2 * PADDING + rows.length * LINE_HEIGHT;
    this.#drawing.band(top, height, "box");
    this.#y += PADDING;
    for (const [i, row] of rows.entries()) {
      this.#row(row, i === 0 && unguarded ? [betweenText(before)] : []);
    }
    this.#y = top + height;
    const color = stack === null ? undefined : this.#colors.get(stack.id);
    if (color !== undefined) this.#drawing.bar(top, height, color);
    this.#drawing.rule(top, unguarded ? "alarm" : "edge");
    this.#drawing.rule(this.#y, "edge");
  }

  #between(between: MapBetween): void {
    this.#y += PADDING;
    this.#line(TEXT_X, between.guarded === false ? "bad" : "dim", betweenText(between));
    this.#y += PADDING;
  }

  #row(row: MapRow, notes: readonly string[]): void {
    const y = this.#y + 15;
    const write = (classes: string, text: string) =>
      this.#drawing.text(TEXT_X + ADDRESS_WIDTH, y, classes, text);
    if (row.kind === "point") {
      const all = [...row.marks, ...notes];
      const isBad = row.place === "crash" || row.place === "mark" || all.length > 0;
      this.#drawing.text(TEXT_X, y, "dim", addressText(row.address));
      write(isBad ? "bad" : "text", [row.text, ...all].join(" \u2190 "));
    } else {
      if (row.kind !== "gap") this.#drawing.band(this.#y, LINE_HEIGHT, "free");
      write("dim", `${BYTES[row.kind]} ${sizeText(row.bytes)}`);
    }
    this.#y += LINE_HEIGHT;
  }
}

/** Maps as an SVG document, one below the other. The same maps give the same bytes. */
export function mapSvg(panels: readonly MapPanel[]): string {
  const drawing = new Drawing();
  let y = MARGIN;
  for (const { title, map, marks } of panels) {
    y = new MapDrawing(drawing, y, map).draw(title, layoutMap(map, marks)) + MARGIN;
  }
  return drawing.document(Math.max(y, 2 * MARGIN), panels.map(({ title }) => title).join("; "));
}

/**
 * The maps of a report's findings as an SVG document; the maps of the stacks at the end if there
 * are no findings.
 */
export function reportSvg({ findings, maps }: DoctorReport): string {
  if (findings.length === 0) {
    return mapSvg(maps.map((map) => ({ title: `Stacks of ${map.task}`, map })));
  }
  return mapSvg(findings.map((each) => ({
    title: `${each.kind}: ${each.summary}`,
    map: each.map,
    marks: marksOf(each),
  })));
}
