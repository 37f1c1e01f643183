/**
 * XML files as trees whose elements and attributes know where they stand.
 *
 * @module
 */
import { SaxesParser } from "saxes";
import { SchedError } from "../sched/mod.ts";

/** An element of a file. */
export interface XmlElement {
  /** Its name. */
  readonly name: string;
  /** Where it stands, as an XPath: `/simulation/tasks/task[2]`. */
  readonly path: string;
  /** The line its tag ends on, from 1. */
  readonly line: number;
  /** Its attributes that nobody has taken yet. */
  readonly attributes: Map<string, string>;
  /** Elements in it. */
  readonly children: XmlElement[];
}

/** Deepest nesting that is read. */
const DEEPEST = 100;

/**
 * Reads a file of elements and attributes, without text between them.
 * @param text the file
 * @throws {SchedError} `invalid-workload`, with line and column, if it is not well-formed
 */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser();
  const open: XmlElement[] = [];
  /** How many children of each name the open elements have so far. */
  const counts: Map<string, number>[] = [];
  let root: XmlElement | undefined;
  parser.on("error", (error) => {
    const [, line = "?", column = "?", why = error.message] =
      /^(\d+):(\d+): ([^]*?)\.?$/.exec(error.message) ?? [];
    throw invalid(`it is not well-formed at line ${line}, column ${column}: ${why}`, text);
  });
  parser.on("opentag", ({ name, attributes }) => {
    if (open.length === DEEPEST) throw invalid(`elements are nested deeper than ${DEEPEST}`, name);
    const parent = open.at(-1);
    const place = (counts.at(-1)?.get(name) ?? 0) + 1;
    counts.at(-1)?.set(name, place);
    const element: XmlElement = {
      name,
      path: parent === undefined ? `/${name}` : `${parent.path}/${name}[${place}]`,
      line: parser.line,
      attributes: new Map(Object.entries(attributes)),
      children: [],
    };
    parent?.children.push(element);
    root ??= element;
    open.push(element);
    counts.push(new Map());
  });
  parser.on("closetag", () => {
    open.pop();
    counts.pop();
  });
  parser.on("text", (between) => {
    if (between.trim() === "" || open.length === 0) return;
    throw invalid(`there is text in ${open.at(-1)!.path}: expected elements only`, between);
  });
  parser.write(text).close();
  return root!;
}

/** What is thrown for a file that cannot be simulated. */
export function invalid(
  why: string,
  value: unknown,
  place: { readonly path?: string; readonly expected?: string } = {},
): SchedError {
  return new SchedError("invalid-workload", {
    message: `Cannot read the workload: ${why}`,
    value,
    ...place,
  });
}

/** What is thrown for an element, or one of its attributes. */
export function refuse(
  element: XmlElement,
  attribute: string | undefined,
  options: { value: unknown; expected: string },
): SchedError {
  const { value, expected } = options;
  const where = attribute === undefined ? element.path : `${element.path}/@${attribute}`;
  const what = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
  const why = `${where} (line ${element.line}) ${what}, expected ${expected}`;
  return invalid(why, value, { path: where, expected });
}
