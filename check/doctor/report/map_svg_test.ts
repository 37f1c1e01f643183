import { assert, assertEquals } from "@std/assert";
import { mapSvg, reportSvg } from "./map_svg.ts";
import { CHARACTER_WIDTH, SHADES, STACK_COLORS } from "./svg.ts";
import { SEED_MAP, SEED_REPORT } from "./testing/seed_report.ts";

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
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
function parse(document: string): Element[] {
  const elements: Element[] = [];
  const open: Element[] = [];
  const tokens = /<(\/?)([a-z]+)((?: [a-zA-Z]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
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
      const pairs = [...attributes.matchAll(/ ([a-zA-Z]+)="([^"]*)"/g)];
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

function number(element: Element, name: string): number {
  return Number(element.attributes.get(name));
}

Deno.test("mapSvg, is one well-formed document that refers to nothing else", () => {
  const document = reportSvg(SEED_REPORT);
  const [root, title] = parse(document);
  assertEquals(root!.name, "svg");
  assertEquals(title!.text, `misaligned-resume: ${SEED_REPORT.findings[0]!.summary}`);
  assertEquals(document.match(/https?:[^"]*/g), ["http://www.w3.org/2000/svg"]);
  assertEquals(/url\(|@import|href|script/.test(document), false);
  assertEquals(reportSvg(structuredClone(SEED_REPORT)), document);
});

Deno.test("mapSvg, every line of the map is there, inside the page, and none over another", () => {
  const elements = parse(reportSvg(SEED_REPORT));
  const root = elements[0]!;
  const texts = elements.filter(({ name }) => name === "text");
  for (const { text } of SEED_MAP.points) {
    assert(texts.some((each) => each.text.startsWith(text)), text);
  }
  const boxes = texts.map((each) => ({
    left: number(each, "x"),
    right: number(each, "x") + each.text.length * CHARACTER_WIDTH,
    top: number(each, "y") - 13,
    bottom: number(each, "y") + 4,
  }));
  for (const [i, a] of boxes.entries()) {
    assert(a.left >= 0 && a.top >= 0, texts[i]!.text);
    assert(a.right <= number(root, "width") && a.bottom <= number(root, "height"));
    for (const b of boxes.slice(i + 1)) {
      const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top ||
        b.bottom <= a.top;
      assert(apart, `${texts[i]!.text} is over another text`);
    }
  }
});

Deno.test("mapSvg, neighbors that touch are drawn side by side, others apart", () => {
  const elements = parse(mapSvg([{ title: "stacks", map: SEED_MAP }]));
  const bars = elements.filter(({ name, attributes }) => name === "rect" && attributes.has("fill"));
  assertEquals(bars.map(({ attributes }) => attributes.get("fill")), STACK_COLORS.slice(0, 4));
  const ends = bars.map((bar) => ({
    begin: number(bar, "y"),
    end: number(bar, "y") + number(bar, "height"),
  }));
  const [gaia, mash, ortega, main] = ends;
  assert(gaia!.end < mash!.begin);
  assertEquals(mash!.end, ortega!.begin);
  assert(ortega!.end < main!.begin);
  const alarms = elements.filter(({ attributes }) => attributes.get("class") === "alarm");
  assertEquals(alarms.map(({ attributes }) => attributes.get("d")?.split(/[ h]/)[1]), [
    String(ortega!.begin),
  ]);
});

Deno.test("mapSvg, names with markup and control characters stay text", () => {
  const hostile = `</text><script>alert("&amp;")</script>\u0000\ud800 WIDTH`;
  const map = {
    ...SEED_MAP,
    points: SEED_MAP.points.map((each, i) => i === 1 ? { ...each, text: hostile } : each),
  };
  const elements = parse(mapSvg([{ title: hostile, map }]));
  const shown = hostile.replaceAll("\u0000", "\ufffd").replaceAll("\ud800", "\ufffd");
  assertEquals(elements.filter(({ text }) => text === shown).map(({ name }) => name), [
    "title",
    "text",
    "text",
  ]);
  assertEquals(elements.some(({ name }) => name === "script"), false);
});

/** Contrast of two colors, 1 to 21 (WCAG 2.1). */
function contrast(a: string, b: string): number {
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

Deno.test("mapSvg, text and bars have the contrast that reading needs, on light and on dark", () => {
  for (const theme of ["light", "dark"] as const) {
    const backgrounds = ["page", "box", "free"].map((name) => SHADES[name]![theme]);
    for (const background of backgrounds) {
      for (const name of ["text", "dim", "bad"]) {
        const ratio = contrast(SHADES[name]![theme], background);
        assert(ratio >= 4.5, `${theme} ${name} on ${background}: ${ratio}`);
      }
      for (const color of [...STACK_COLORS, SHADES["alarm"]![theme], SHADES["edge"]![theme]]) {
        const ratio = contrast(color, background);
        assert(ratio >= 3, `${theme} ${color} on ${background}: ${ratio}`);
      }
    }
  }
});
