/**
 * Attributes as values. Each is taken from its element, so that what is left over is what nobody
 * has understood.
 *
 * @module
 */
import { invalid, refuse, type XmlElement } from "./xml.ts";

/** Takes an attribute, as text. */
export function takeText(element: XmlElement, name: string): string | undefined {
  const value = element.attributes.get(name);
  element.attributes.delete(name);
  return value;
}

/** Takes attributes that have no effect, whatever they are. */
export function passOver(element: XmlElement, names: readonly string[]): void {
  for (const name of names) element.attributes.delete(name);
}

/** A number that an attribute may be. */
export interface NumberField {
  /** What it is if it is absent; it must be there without. */
  readonly default?: number;
  /** Smallest; 0 if absent. */
  readonly least?: number;
  /** Largest. */
  readonly most?: number;
  /** Whether it must be an integer. */
  readonly whole?: boolean;
}

/** Takes a number. */
export function takeNumber(element: XmlElement, name: string, field: NumberField = {}): number {
  const { least = 0, most = Infinity, whole = false } = field;
  const text = takeText(element, name);
  if (text === undefined && field.default !== undefined) return field.default;
  const number = numberOf(text ?? "");
  const fits = number >= least && number <= most && (!whole || Number.isSafeInteger(number));
  if (fits) return number;
  const kind = whole ? "an integer" : "a number";
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw refuse(element, name, { value: text, expected: `${kind} ${range}` });
}

/** A number as Python's `float` and `int` read them; `NaN` for what they do not. */
export function numberOf(text: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : NaN;
}

/** Takes a number that has to be a certain one, since nothing else can be simulated. */
export function takeOnly(element: XmlElement, name: string, only: number, expected: string): void {
  const text = takeText(element, name);
  if (text === undefined || numberOf(text) === only) return;
  throw refuse(element, name, { value: text, expected });
}

/** Refuses what nobody has taken. */
export function refuseRest(element: XmlElement): void {
  for (const [name, value] of element.attributes) {
    throw refuse(element, name, { value, expected: "no such attribute" });
  }
}

/** The one child of a name. */
export function onlyChild(element: XmlElement, name: string): XmlElement {
  const [child, another] = element.children.filter((each) => each.name === name);
  if (child !== undefined && another === undefined) return child;
  if (another !== undefined) {
    throw refuse(another, undefined, { value: name, expected: `one <${name}> only` });
  }
  throw invalid(`${element.path} (line ${element.line}) has no <${name}>`, name);
}

/** Refuses children that have other names. */
export function refuseOthers(element: XmlElement, names: readonly string[]): void {
  for (const child of element.children) {
    if (names.includes(child.name)) continue;
    const expected = names.length === 0
      ? "no elements"
      : names.map((name) => `<${name}>`).join(" or ");
    throw refuse(child, undefined, { value: child.name, expected });
  }
}
