/**
 * Reads target descriptions.
 *
 * @module
 */
import type {
  DescribedFeature,
  DescribedRegister,
  DescribedType,
  TargetDescription,
} from "./model.ts";
import {
  descriptionError,
  numberOf,
  parseXml,
  required,
  type XmlElement,
} from "../documents/read_xml.ts";

/** The document that includes all others. */
const ROOT = "target.xml";
/** Documents that one description may be made of. */
const MOST_DOCUMENTS = 64;
/** More registers than any processor has. */
const MOST_REGISTERS = 10_000;
const MOST_BITS = 1 << 16;

/**
 * Reads a target description, with the documents it includes.
 * @param fetch gives a document by its name
 * @throws {GdbProtocolError} `description`, and what `fetch` throws
 */
export async function readTargetXml(
  fetch: (annex: string) => Promise<string>,
): Promise<TargetDescription> {
  const documents = new Map<string, XmlElement>();
  const wanted = [ROOT];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (documents.has(name)) continue;
    if (documents.size === MOST_DOCUMENTS) {
      throw descriptionError(name, undefined, "Too many documents", `at most ${MOST_DOCUMENTS}`);
    }
    const root = name === ROOT ? "target" : "feature";
    const document = parseXml(await fetch(name), root);
    documents.set(name, document);
    wanted.push(...document.children.filter(isInclude).map((each) => required(each, "href")));
  }
  const target = documents.get(ROOT)!;
  const features: DescribedFeature[] = [];
  for (const child of target.children) {
    const element = isInclude(child) ? documents.get(required(child, "href"))! : child;
    if (element.name === "feature") features.push(feature(element));
  }
  const count = features.reduce((sum, each) => sum + each.registers.length, 0);
  if (count > MOST_REGISTERS) {
    throw descriptionError(ROOT, undefined, `There are ${count} registers`, `${MOST_REGISTERS}`);
  }
  const text = (name: string) =>
    target.children.find((child) => child.name === name)?.text.trim() || undefined;
  return { architecture: text("architecture"), osabi: text("osabi"), features };
}

function isInclude(element: XmlElement): boolean {
  return element.name === "xi:include";
}

function feature(element: XmlElement): DescribedFeature {
  const types: DescribedType[] = [];
  const registers: DescribedRegister[] = [];
  for (const child of element.children) {
    if (child.name === "reg") registers.push(register(child));
    else {
      const type = typeOf(child);
      if (type !== undefined) types.push(type);
    }
  }
  return { name: required(element, "name"), types, registers };
}

function register(element: XmlElement): DescribedRegister {
  const { attributes } = element;
  return {
    name: required(element, "name"),
    bits: numberOf(element, "bitsize", 1, MOST_BITS),
    type: attributes.get("type"),
    number: attributes.has("regnum") ? numberOf(element, "regnum", 0, 1 << 20) : undefined,
    group: attributes.get("group"),
    isSaved: attributes.get("save-restore") === "no" ? false : undefined,
  };
}

function typeOf(element: XmlElement): DescribedType | undefined {
  const fields = element.children.filter((child) => child.name === "field");
  switch (element.name) {
    case "vector":
      return {
        kind: "vector",
        id: required(element, "id"),
        type: required(element, "type"),
        count: numberOf(element, "count", 1, MOST_BITS),
      };
    case "union":
      return {
        kind: "union",
        id: required(element, "id"),
        fields: fields.map((field) => [required(field, "name"), required(field, "type")] as const),
      };
    case "flags":
    case "struct": {
      const size = numberOf(element, "size", 0, MOST_BITS, 0);
      return {
        kind: element.name,
        id: required(element, "id"),
        size,
        // Fields of a structure without bits are of other types: nothing here reads them.
        fields: fields.filter((field) => field.attributes.has("start")).map((field) => {
          const first = numberOf(field, "start", 0, MOST_BITS);
          return [required(field, "name"), first, numberOf(field, "end", 0, MOST_BITS, first)];
        }),
      };
    }
    default:
      return undefined;
  }
}
