/**
 * Lists of features, as `qSupported` asks and answers: `name+;name-;name?;name=value`.
 *
 * @module
 */
import { GdbProtocolError } from "./errors.ts";

/** What is said of a feature: yes, no, maybe, or a value. */
export type Feature = boolean | "?" | { readonly value: string };

/** Features by name. */
export type Features = ReadonlyMap<string, Feature>;

/**
 * Reads a list of features; a request's `qSupported` and `:` before it are passed over. Of a name
 * that is there twice the last counts. Throws {@linkcode GdbProtocolError} (`feature`) for one that
 * says nothing.
 */
export function parseFeatures(text: string): Features {
  const features = new Map<string, Feature>();
  const begin = /^(?:qSupported(?::|$))?/.exec(text)![0].length;
  let offset = begin;
  for (const item of text.slice(begin).split(";")) {
    if (item !== "") {
      const [, name, mark, value] = /^([^+?=-][^=]*?)(?:([+?-])|=([^]*))$/.exec(item) ?? [];
      if (name === undefined) {
        throw new GdbProtocolError("feature", `Cannot read the feature "${item}"`, {
          packet: text,
          offset,
          expected: "its name with +, -, ? or =value",
        });
      }
      if (value !== undefined) features.set(name, { value });
      else features.set(name, mark === "?" ? "?" : mark === "+");
    }
    offset += item.length + 1;
  }
  return features;
}

/** A list of features. */
export function formatFeatures(features: Features): string {
  const items: string[] = [];
  for (const [name, feature] of features) {
    if (typeof feature === "object") items.push(`${name}=${feature.value}`);
    else items.push(name + (feature === "?" ? "?" : feature ? "+" : "-"));
  }
  return items.join(";");
}
