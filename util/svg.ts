/**
 * As much of SVG as maps and charts are drawn with: text, boxes and lines whose colors suit light
 * and dark pages alike.
 *
 * @module
 */

/** Height of a line of text, in pixels. */
export const LINE_HEIGHT = 20;

/** Width that a character of the monospaced font may have at most, in pixels. */
export const CHARACTER_WIDTH = 8;

/** Free space around a drawing, in pixels. */
export const MARGIN = 24;

/** Fill or stroke of a class, on light pages and on dark ones. */
export interface Shade {
  readonly property: "fill" | "stroke";
  readonly light: string;
  readonly dark: string;
}

/** Classes of shapes and text. */
export const SHADES: Readonly<Record<string, Shade>> = {
  page: { property: "fill", light: "#ffffff", dark: "#0d1117" },
  box: { property: "fill", light: "#f3f5f7", dark: "#1b222b" },
  free: { property: "fill", light: "#ffffff", dark: "#0d1117" },
  edge: { property: "stroke", light: "#818b98", dark: "#656f7b" },
  alarm: { property: "stroke", light: "#cf222e", dark: "#ff7b72" },
  text: { property: "fill", light: "#1f2328", dark: "#e6edf3" },
  dim: { property: "fill", light: "#57606a", dark: "#9aa4af" },
  bad: { property: "fill", light: "#b31d28", dark: "#ff8f87" },
};

/** Colors that tell a few things apart, for bars on light and on dark pages. */
export const BAR_COLORS: readonly string[] = [
  "#0969da",
  "#1a7f37",
  "#8250df",
  "#bc4c00",
  "#bf3989",
  "#0b7c8c",
];

function shadesOf(shades: Readonly<Record<string, Shade>>, theme: "light" | "dark"): string {
  return Object.entries(shades).map(([name, shade]) =>
    `.${name}{${shade.property}:${shade[theme]}}`
  ).join("");
}

function styleOf({ shades = {}, rules = [] }: DrawingStyle): string {
  const all = { ...SHADES, ...shades };
  return [
    "text{font:13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre}",
    ".strong{font-weight:bold}",
    ".edge,.alarm{stroke-width:1;fill:none}.alarm{stroke-width:3}",
    ...rules,
    shadesOf(all, "light"),
    `@media (prefers-color-scheme:dark){${shadesOf(all, "dark")}}`,
  ].join("\n");
}

/** Text as it stands in XML; characters that XML cannot have are replaced. */
export function escapeXml(text: string): string {
  const plain = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
  return plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** What a drawing has beside the classes of {@linkcode SHADES}. */
export interface DrawingStyle {
  /** More classes. */
  readonly shades?: Readonly<Record<string, Shade>>;
  /** Rules of its style sheet, one a line. */
  readonly rules?: readonly string[];
}

/** A drawing under construction. Lengths are pixels, from the upper left corner. */
export class Drawing {
  /** Each is given the width between the margins. */
  readonly #shapes: ((inner: number) => string)[] = [];
  readonly #style: DrawingStyle;
  #width = 0;

  /** A page with nothing on it. */
  constructor(style: DrawingStyle = {}) {
    this.#style = style;
  }

  /** Adds elements as they are, which need the page up to `right`; all text in them is escaped. */
  shape(markup: string, right = 0): void {
    this.#width = Math.max(this.#width, right);
    this.#shapes.push(() => markup);
  }

  /** Adds text whose baseline is at `y`; `classes` are those of {@linkcode SHADES}. */
  text(x: number, y: number, classes: string, text: string): void {
    this.#width = Math.max(this.#width, x + [...text].length * CHARACTER_WIDTH);
    this.shape(`<text x="${x}" y="${y}" class="${classes}">${escapeXml(text)}</text>`);
  }

  /** Adds a box from edge to edge of the page, but for its margins. */
  band(y: number, height: number, classes: string): void {
    this.#shapes.push((inner) =>
      `<rect x="${MARGIN}" y="${y}" width="${inner}" height="${height}" class="${classes}"/>`
    );
  }

  /** Adds a colored bar at the left margin. */
  bar(y: number, height: number, color: string): void {
    this.shape(`<rect x="${MARGIN}" y="${y}" width="6" height="${height}" fill="${color}"/>`);
  }

  /** Adds a line across the page, but for its margins. */
  rule(y: number, classes: string): void {
    this.#shapes.push((inner) => `<path d="M${MARGIN} ${y}h${inner}" class="${classes}"/>`);
  }

  /** The document: a file of its own, that refers to nothing else. */
  document(height: number, title: string): string {
    const width = Math.max(this.#width + MARGIN, 480);
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" role="img">`,
      `<title>${escapeXml(title)}</title>`,
      `<style>${styleOf(this.#style)}</style>`,
      `<rect width="${width}" height="${height}" class="page"/>`,
      ...this.#shapes.map((shape) => shape(width - 2 * MARGIN)),
      "</svg>\n",
    ].join("\n");
  }
}
