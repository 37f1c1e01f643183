/**
 * An annotated address map as text.
 *
 * @module
 */
import type { StackMap } from "../finding.ts";
import { layoutMap, type MapBetween, type MapMark, type MapRow } from "./map_layout.ts";

/** How addresses are written. */
export type AddressForm = "hex" | "decimal";

/** Options of {@linkcode mapText}. */
export interface MapTextOptions {
  /** How addresses are written; default `hex`. */
  readonly addresses?: AddressForm;
  /** Addresses that are marked. */
  readonly marks?: readonly MapMark[];
}

/**
 * An annotated address map: the program's text, what it allocated, and its threads' stacks, each
 * with the addresses worth knowing, lowest first. `...` stands for bytes of a stack between them,
 * `(empty)` for those that are not in use, `(guard)` for those that cannot be written. Each line ends with a newline.
 */
export function mapText(map: StackMap, options: MapTextOptions = {}): string {
  const { addresses = "hex", marks = [] } = options;
  const lines: string[] = [];
  for (const { kind, blocks } of layoutMap(map, marks)) {
    lines.push(`-- ${kind}`, "");
    for (const { before, rows } of blocks) {
      if (before !== null) addBetween(lines, before);
      for (const row of rows) lines.push(rowLine(row, addresses));
      lines.push("");
    }
  }
  return lines.slice(0, -1).map((line) => `${line}\n`).join("");
}

/** What stands for bytes between two addresses of a stack. */
export const BYTES = { gap: "...", empty: "(empty)", guard: "(guard)" } as const;

function rowLine(row: MapRow, form: AddressForm): string {
  if (row.kind !== "point") return `${BYTES[row.kind]}  (${sizeText(row.bytes)})`;
  const marks = row.marks.length === 0 ? "" : `  <- ${row.marks.join(", ")}`;
  return `${addressText(row.address, form)}: ${row.text}${marks}`;
}

function addBetween(lines: string[], between: MapBetween): void {
  const text = `(${betweenText(between)})`;
  if (between.bytes > 0n) lines.push(text, "");
  // Neighbors that touch stand side by side.
  else lines.splice(-1, 1, text);
}

/** What lies between two stacks, in words. */
export function betweenText({ bytes, guarded }: MapBetween): string {
  if (bytes < 0n) return `they overlap by ${sizeText(-bytes)}`;
  if (bytes === 0n) return guarded === false ? "they touch: no guard" : "they touch";
  if (guarded === null) return sizeText(bytes);
  return `${sizeText(bytes)}, ${guarded ? "a guard" : "mapped: no guard"}`;
}

/** An address in a form. */
export function addressText(address: bigint, form: AddressForm = "hex"): string {
  return form === "hex" ? `0x${address.toString(16)}` : address.toString();
}

/** A number of bytes in words. */
export function sizeText(bytes: bigint): string {
  return `${grouped(bytes)} byte${bytes === 1n ? "" : "s"}`;
}

/** A whole number with its thousands apart, the same in every locale. */
export function grouped(value: bigint | number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
