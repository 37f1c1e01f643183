/**
 * XML of the protocol's documents as trees.
 *
 * @module
 */
import { SaxesParser } from "saxes";
import { GdbProtocolError } from "../errors.ts";
import { parseHexInteger } from "../hex.ts";

/** An element of a document. */
export interface XmlElement {
  /** Its name. */
  readonly name: string;
  /** Its attributes. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Elements in it. */
  readonly children: readonly XmlElement[];
  /** Text in it, outside of its elements. */
  readonly text: string;
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

/** Deepest nesting that is read. */
const DEEPEST = 32;
/** Elements that are read of one document. */
const MOST_ELEMENTS = 100_000;

/**
 * Reads a document whose outermost element has a certain name. Throws {@linkcode GdbProtocolError}
 * (`description`) for one that is not well-formed, or larger or deeper than any real one.
 * @param text the document
 * @param root name of the outermost element
 */
export function parseXml(text: string, root: string): XmlElement {
  const parser = new SaxesParser();
  const open: OpenElement[] = [];
  let outermost: XmlElement | undefined;
  let count = 0;
  const fail = (message: string, expected: string) => {
    throw descriptionError(text, parser.position, message, expected);
  };
  parser.on(
    "error",
    (error) => fail(`Cannot read XML: ${error.message}`, "a well-formed document"),
  );
  parser.on("opentag", ({ name, attributes }) => {
    if (open.length === DEEPEST) fail("Elements are nested deeply", `at most ${DEEPEST} levels`);
    if (++count > MOST_ELEMENTS) fail("There are too many elements", `at most ${MOST_ELEMENTS}`);
    const element: OpenElement = {
      name,
      attributes: new Map(Object.entries(attributes)),
      children: [],
      text: "",
    };
    open.at(-1)?.children.push(element);
    outermost ??= element;
    open.push(element);
  });
  parser.on("text", (part) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += part;
  });
  parser.on("closetag", () => void open.pop());
  parser.write(text).close();
  if (outermost?.name === root) return outermost;
  throw descriptionError(text, 0, `The document is a <${outermost?.name}>`, `<${root}>`);
}

/**
 * Reads a list: a document whose outermost element has a certain name, and of what is in it the
 * elements of another. Throws as {@linkcode parseXml}.
 */
export function parseList(text: string, root: string, item: string): XmlElement[] {
  return parseXml(text, root).children.filter(({ name }) => name === item);
}

/** An error of a document. */
export function descriptionError(
  text: string,
  offset: number | undefined,
  message: string,
  expected: string,
): GdbProtocolError {
  return new GdbProtocolError("description", message, { packet: text, offset, expected });
}

/** An attribute that must be there. Throws {@linkcode GdbProtocolError} (`description`). */
export function required(element: XmlElement, name: string): string {
  const value = element.attributes.get(name);
  if (value !== undefined) return value;
  throw descriptionError(`<${element.name}>`, undefined, "An attribute is missing", name);
}

/**
 * An attribute's number, decimal or with 0x. Throws {@linkcode GdbProtocolError} (`description`) if
 * it is not one from `least` to `most`, or is missing and there is no `otherwise`.
 */
export function numberOf(
  element: XmlElement,
  name: string,
  least: number,
  most: number,
  otherwise?: number,
): number {
  const text = otherwise === undefined
    ? required(element, name)
    : element.attributes.get(name) ?? `${otherwise}`;
  const value = /^0x[0-9a-f]{1,13}$/i.test(text)
    ? parseHexInteger(text.slice(2))
    : /^[0-9]{1,15}$/.test(text)
    ? Number(text)
    : NaN;
  if (value >= least && value <= most) return value;
  throw descriptionError(
    `<${element.name} ${name}="${text}">`,
    undefined,
    "Cannot use a number",
    `one from ${least} to ${most}`,
  );
}

/**
 * An attribute's number of up to 64 bits, with 0x; undefined if there is none. Throws
 * {@linkcode GdbProtocolError} (`description`).
 */
export function addressOf(element: XmlElement, name: string): bigint | undefined {
  const text = element.attributes.get(name);
  if (text === undefined) return undefined;
  if (/^0x[0-9a-f]{1,16}$/i.test(text)) return BigInt(text);
  throw descriptionError(
    `<${element.name} ${name}="${text}">`,
    undefined,
    "Cannot use an address",
    "0x and at most 16 hexadecimal digits",
  );
}
