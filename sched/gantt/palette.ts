/**
 * Colors that tell threads apart.
 *
 * @module
 */
import { BAR_COLORS } from "../../util/svg.ts";

/** Turns around the color wheel that never come back to where one was: the golden angle. */
const GOLDEN_ANGLE = 137.50776405003785;

/** Lightness of colors, in turn, so that neighbors differ in more than hue. */
const LIGHTNESS = [0.57, 0.64, 0.52];

/**
 * A color for each of so many threads, as `#rrggbb`: as dark as white text on it needs and as light
 * as a dark page needs, neighbors far apart.
 */
export function threadColors(count: number): readonly string[] {
  if (count <= BAR_COLORS.length) return BAR_COLORS.slice(0, count);
  return Array.from(
    { length: count },
    (_, i) => oklch(LIGHTNESS[i % LIGHTNESS.length]!, 0.13, (255 + i * GOLDEN_ANGLE) % 360),
  );
}

/**
 * A color of Oklab (Björn Ottosson, 2020), where equal lightness looks equally light, as sRGB; its
 * chroma is lowered until there is such a color.
 */
function oklch(lightness: number, chroma: number, hue: number): string {
  const angle = hue * Math.PI / 180;
  for (let c = chroma;; c -= 0.01) {
    const linear = oklabToLinear(lightness, c * Math.cos(angle), c * Math.sin(angle));
    if (c <= 0 || linear.every((part) => part >= 0 && part <= 1)) {
      return `#${linear.map((part) => hex(encode(part))).join("")}`;
    }
  }
}

function oklabToLinear(l: number, a: number, b: number): readonly number[] {
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ];
}

function encode(linear: number): number {
  const part = Math.min(1, Math.max(0, linear));
  return part <= 0.0031308 ? 12.92 * part : 1.055 * part ** (1 / 2.4) - 0.055;
}

function hex(part: number): string {
  return Math.round(part * 255).toString(16).padStart(2, "0");
}
