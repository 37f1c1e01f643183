/**
 * Values of generated and interpreted code in words.
 *
 * @module
 */
import type { Absence, ManagedVariable } from "../../unwind/walk/mod.ts";

/** What absences are called, as debuggers call them. */
export const ABSENCES: Readonly<Record<Absence, string>> = {
  dead: "dead",
  "optimized-out": "optimized out",
  gone: "gone",
  unreadable: "unavailable",
};

/** A value: a number, an address or `null`, or in angle brackets why there is none. */
export function codeValueText({ type, value, absence }: ManagedVariable): string {
  if (value === undefined || absence !== undefined) return `<${ABSENCES[absence ?? "unreadable"]}>`;
  if (type !== "ref") return `${BigInt.asIntN(64, value)}`;
  return value === 0n ? "null" : `0x${value.toString(16)}`;
}
