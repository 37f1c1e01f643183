/**
 * Rules as text, the way `readelf` writes them.
 *
 * @module
 */
import type { Machine } from "../../elf/mod.ts";
import { registerName } from "./registers.ts";
import { CFA, RULE, type UnwindRow } from "./row.ts";

/** Text of a register rule: `u`, `s`, `c-16`, `v+0`, `r5`, `exp` or `vexp`. */
export function ruleText(kind: number, value: number): string {
  switch (kind) {
    case RULE.sameValue:
      return "s";
    case RULE.offset:
      return `c${signed(value)}`;
    case RULE.valOffset:
      return `v${signed(value)}`;
    case RULE.register:
      return `r${value}`;
    case RULE.expression:
      return "exp";
    case RULE.valExpression:
      return "vexp";
    default:
      return "u";
  }
}

/** Text of the CFA rule of a row: `rsp+16` or `exp`. */
export function cfaText(machine: Machine, row: UnwindRow): string {
  if (row.cfaKind === CFA.expression) return "exp";
  return `${registerName(machine, row.cfaRegister)}${signed(row.cfaOffset)}`;
}

function signed(value: number): string {
  return value < 0 ? `${value}` : `+${value}`;
}
