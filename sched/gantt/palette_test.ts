import { assert, assertEquals } from "@std/assert";
import { SHADES } from "../../util/svg.ts";
import { contrast } from "../../util/testing/svg_document.ts";
import { threadColors } from "./palette.ts";
import { GANTT_SHADES } from "./svg_page.ts";

Deno.test("threadColors, carry white text and stand out from light and dark pages", () => {
  for (const count of [1, 6, 7, 300]) {
    const colors = threadColors(count);
    assertEquals(colors.length, count);
    for (const color of colors) {
      for (const other of ["#ffffff", SHADES["page"]!.dark]) {
        assert(contrast(color, other) >= 3, `${color} on ${other}: ${contrast(color, other)}`);
      }
    }
  }
});

Deno.test("threadColors, any three neighbors are told apart", () => {
  const colors = threadColors(300);
  const parts = colors.map((color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)));
  for (const [i, color] of parts.entries()) {
    for (const next of parts.slice(i + 1, i + 3)) {
      const distance = Math.hypot(...color.map((part, at) => part - next[at]!));
      assert(distance > 60, `${colors[i]}: ${distance}`);
    }
  }
});

Deno.test("GANTT_SHADES, what carries meaning stands out from the page", () => {
  for (const [name, shade] of Object.entries(GANTT_SHADES)) {
    if (name === "grid" || name === "notch") continue;
    for (const theme of ["light", "dark"] as const) {
      assert(contrast(shade[theme], SHADES["page"]![theme]) >= 3, `${theme} ${name}`);
    }
  }
});
