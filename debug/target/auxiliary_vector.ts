/**
 * What the kernel told a program when it began (`getauxval(3)`).
 *
 * @module
 */
import { viewOf } from "./content.ts";

/** Types of the auxiliary vector. */
export const AT = {
  phdr: 3,
  phnum: 5,
  base: 7,
  entry: 9,
  execfn: 31,
  sysinfoEhdr: 33,
} as const;

/** The values of an auxiliary vector by type. Of a type that is there twice the first counts. */
export function readAuxiliaryVector(bytes: Uint8Array): Map<number, bigint> {
  const view = viewOf(bytes);
  const values = new Map<number, bigint>();
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const type = Number(view.getBigUint64(at, true));
    if (type === 0) break;
    if (!values.has(type)) values.set(type, view.getBigUint64(at + 8, true));
  }
  return values;
}
