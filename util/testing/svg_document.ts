/**
 * Reads the SVG that is drawn here, strictly.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

/** An element of a document. */
export interface SvgElement {
  /** Its tag. */
  readonly name: string;
  /** Its attributes, without escapes. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Its own text, without that of elements in it. */
  text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

function unescaped(text: string): string {
  return text.replace(/&([^;]*;?)/g, (_whole, name: string) => {
    const found = ENTITIES[name.replace(/;$/, "")];
    assert(found !== undefined && name.endsWith(";"), `entity ${name}`);
    return found;
  });
}

/** Elements of a document in order; fails for what is not well-formed. */
export function parseSvg(document: string): SvgElement[] {
  const elements: SvgElement[] = [];
  const open: SvgElement[] = [];
  const tokens = /<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
  let at = 0;
  for (const match of document.matchAll(tokens)) {
    assertEquals(match.index, at);
    at += match[0].length;
    const [, close, name = "", attributes = "", single, text] = match;
    if (text !== undefined) {
      if (open.length === 0) assertEquals(text.trim(), "");
      else open.at(-1)!.text += unescaped(text);
    } else if (close === "/") assertEquals(open.pop()?.name, name);
    else {
      const pairs = [...attributes.matchAll(/ ([a-zA-Z-]+)="([^"]*)"/g)];
      const element = {
        name,
        attributes: new Map(pairs.map(([, key, value]) => [key!, unescaped(value!)])),
        text: "",
      };
      assertEquals(element.attributes.size, pairs.length, "attributes given twice");
      elements.push(element);
      if (single !== "/") open.push(element);
    }
  }
  assertEquals([at, open.length], [document.length, 0], "all of it is one document");
  return elements;
}

/** A number that an attribute of an element is. */
export function numberOf(element: SvgElement, name: string): number {
  return Number(element.attributes.get(name));
}

/** Contrast of two colors, 1 to 21 (WCAG 2.1). */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
