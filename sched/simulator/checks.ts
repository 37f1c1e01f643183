/**
 * Checks of values that came from outside, each with its JSON path.
 *
 * @module
 */
import { isInteger } from "../../util/integer.ts";
import { SchedError } from "../errors.ts";

/** A record whose fields are not known yet. */
export type Fields = { readonly [name: string]: unknown };

/** Whether a value is a record, and not a list. */
export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Refuses a value. @throws {SchedError} `invalid-workload` */
export function refuse(path: string, value: unknown, expected: string): never {
  const found = value === undefined ? "missing" : describe(value);
  throw new SchedError("invalid-workload", {
    message: `Cannot use the workload: ${path} is ${found}, expected ${expected}`,
    ...{ value, path, expected },
  });
}

/** A value as JSON, shortened. */
function describe(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (isRecord(value)) return "a record";
  const text = JSON.stringify(value) ?? `a ${typeof value}`;
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** A record of these fields: those required are there, and no others than these. */
export function fieldsOf(
  value: unknown,
  options: { path: string; required: readonly string[]; optional?: readonly string[] },
): Fields {
  const { path, required, optional = [] } = options;
  if (!isRecord(value)) {
    return refuse(path, value, `a record of ${[...required, ...optional].join(", ")}`);
  }
  for (const name in value) {
    if (required.includes(name) || optional.includes(name) || value[name] === undefined) continue;
    const key = /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
    const expected = `one of ${[...required, ...optional].join(", ")}`;
    throw new SchedError("invalid-workload", {
      message: `Cannot use the workload: ${path}${key} is an unknown field, expected ${expected}`,
      ...{ value: name, path: path + key, expected },
    });
  }
  for (const name of required) {
    if (value[name] === undefined) refuse(`${path}.${name}`, undefined, "a value");
  }
  return value;
}

/** A list; `undefined` is an empty one. */
export function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : refuse(path, value, "a list");
}

/** An integer between two others. */
export function integerOf(
  value: unknown,
  options: { path: string; least: number; most?: number },
): number {
  const { path, least, most = Number.MAX_SAFE_INTEGER } = options;
  if (isInteger(value, least, most)) return value;
  return refuse(path, value, `an integer from ${least} to ${most}`);
}

/** A name: text that is not empty. */
export function nameOf(value: unknown, path: string): string {
  return typeof value === "string" && value !== ""
    ? value
    : refuse(path, value, "a name, which is not empty");
}

/** One of these texts. */
export function choiceOf<T extends string>(
  value: unknown,
  options: { path: string; of: readonly T[] },
): T {
  const { path, of } = options;
  if (of.includes(value as T)) return value as T;
  return refuse(path, value, `one of ${of.map((each) => `"${each}"`).join(", ")}`);
}
