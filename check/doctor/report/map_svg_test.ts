import { assert, assertEquals } from "@std/assert";
import { mapSvg, reportSvg } from "./map_svg.ts";
import { BAR_COLORS, CHARACTER_WIDTH, SHADES } from "../../../util/svg.ts";
import { contrast, numberOf, parseSvg } from "../../../util/testing/svg_document.ts";
import { SEED_MAP, SEED_REPORT } from "./testing/seed_report.ts";

Deno.test("mapSvg, is one well-formed document that refers to nothing else", () => {
  const document = reportSvg(SEED_REPORT);
  const [root, title] = parseSvg(document);
  assertEquals(root!.name, "svg");
  assertEquals(title!.text, `misaligned-resume: ${SEED_REPORT.findings[0]!.summary}`);
  assertEquals(document.match(/https?:[^"]*/g), ["http://www.w3.org/2000/svg"]);
  assertEquals(/url\(|@import|href|script/.test(document), false);
  assertEquals(reportSvg(structuredClone(SEED_REPORT)), document);
});

Deno.test("mapSvg, every line of the map is there, inside the page, and none over another", () => {
  const elements = parseSvg(reportSvg(SEED_REPORT));
  const root = elements[0]!;
  const texts = elements.filter(({ name }) => name === "text");
  for (const { text } of SEED_MAP.points) {
    assert(texts.some((each) => each.text.startsWith(text)), text);
  }
  const boxes = texts.map((each) => ({
    left: numberOf(each, "x"),
    right: numberOf(each, "x") + each.text.length * CHARACTER_WIDTH,
    top: numberOf(each, "y") - 13,
    bottom: numberOf(each, "y") + 4,
  }));
  for (const [i, a] of boxes.entries()) {
    assert(a.left >= 0 && a.top >= 0, texts[i]!.text);
    assert(a.right <= numberOf(root, "width") && a.bottom <= numberOf(root, "height"));
    for (const b of boxes.slice(i + 1)) {
      const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top ||
        b.bottom <= a.top;
      assert(apart, `${texts[i]!.text} is over another text`);
    }
  }
});

Deno.test("mapSvg, neighbors that touch are drawn side by side, others apart", () => {
  const elements = parseSvg(mapSvg([{ title: "stacks", map: SEED_MAP }]));
  const bars = elements.filter(({ name, attributes }) => name === "rect" && attributes.has("fill"));
  assertEquals(bars.map(({ attributes }) => attributes.get("fill")), BAR_COLORS.slice(0, 4));
  const ends = bars.map((bar) => ({
    begin: numberOf(bar, "y"),
    end: numberOf(bar, "y") + numberOf(bar, "height"),
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
  const elements = parseSvg(mapSvg([{ title: hostile, map }]));
  const shown = hostile.replaceAll("\u0000", "\ufffd").replaceAll("\ud800", "\ufffd");
  assertEquals(elements.filter(({ text }) => text === shown).map(({ name }) => name), [
    "title",
    "text",
    "text",
  ]);
  assertEquals(elements.some(({ name }) => name === "script"), false);
});

Deno.test("mapSvg, text and bars have the contrast that reading needs, on light and on dark", () => {
  for (const theme of ["light", "dark"] as const) {
    const backgrounds = ["page", "box", "free"].map((name) => SHADES[name]![theme]);
    for (const background of backgrounds) {
      for (const name of ["text", "dim", "bad"]) {
        const ratio = contrast(SHADES[name]![theme], background);
        assert(ratio >= 4.5, `${theme} ${name} on ${background}: ${ratio}`);
      }
      for (const color of [...BAR_COLORS, SHADES["alarm"]![theme], SHADES["edge"]![theme]]) {
        const ratio = contrast(color, background);
        assert(ratio >= 3, `${theme} ${color} on ${background}: ${ratio}`);
      }
    }
  }
});
