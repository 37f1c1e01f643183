/**
 * Aborts and alignment: accesses of every kind at every kind of address, from each level.
 *
 * @module
 */
import { KERNEL_PLACES } from "./el1_places.ts";
import type { KernelSnippet } from "./el1_program.ts";

const ACCESSES: readonly string[] = [
  "ldr w5, [x1]",
  "str w5, [x1]",
  "ldp x5, x6, [x1]",
  "stp x5, x6, [x1]",
  "ldrb w5, [x1], #1",
  "ldtr w5, [x1]",
  "sttr w5, [x1]",
  "ldr q5, [x1]",
  "st2 {v5.4s, v6.4s}, [x1]",
  "ldxr w5, [x1]",
  "ldxr w5, [x1]; stxr w6, w7, [x1]",
  "stxr w6, w7, [x1]",
  "ldar w5, [x1]",
  "stlr w5, [x1]",
  "ldaxp x5, x6, [x1]",
  "dc zva, x1",
  "prfm pldl1keep, [x1]",
  "br x1",
  "ret x1",
];

/** Address translation, which only EL1 may ask for. */
const TRANSLATIONS = ["s1e1r", "s1e1w", "s1e0r", "s1e0w"];

/** Takes PAR_EL1.NS away: the engine's EL1 is the secure one, QEMU's is not. */
const WITHOUT_NS = "mrs x0, par_el1; and x0, x0, #~0x200; msr par_el1, x0";

/** Every case of this part. */
export function accessCases(): KernelSnippet[] {
  return KERNEL_PLACES.flatMap(({ name, address }) => [
    ...ACCESSES.map((code) => ({ name: `${code}, ${name}`, code, x: [address] })),
    ...TRANSLATIONS.map((kind) => ({
      name: `at ${kind}, ${name}`,
      code: `at ${kind}, x1; isb; ${WITHOUT_NS}`,
      x: [address],
    })),
  ]);
}
