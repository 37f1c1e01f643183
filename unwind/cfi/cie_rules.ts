/**
 * The rules a CIE begins with, in little room: a section may have a hundred thousand of them.
 *
 * @module
 */
import { RULE, type UnwindRow } from "./row.ts";

/** What a row says that its CIE alone has made. */
export class CieRules {
  #cfa: readonly [kind: number, register: number, offset: number, expression: number];
  #flags: readonly [signed: boolean, signedWithPc: boolean];
  #argsSize: number;
  /** Register, kind and value of each register that has a rule. */
  #rules: number[] = [];

  /** Keeps what a row says. */
  constructor(row: UnwindRow) {
    this.#cfa = [row.cfaKind, row.cfaRegister, row.cfaOffset, row.cfaExpression];
    this.#flags = [row.raSigned, row.raSignedWithPc];
    this.#argsSize = row.argsSize;
    for (let register = 0; register < row.high; register++) {
      const kind = row.kinds[register]!;
      if (kind !== RULE.unspecified) this.#rules.push(register, kind, row.values[register]!);
    }
  }

  /** Makes a row say it. */
  load(row: UnwindRow): void {
    row.clear();
    [row.cfaKind, row.cfaRegister, row.cfaOffset, row.cfaExpression] = this.#cfa;
    [row.raSigned, row.raSignedWithPc] = this.#flags;
    row.argsSize = this.#argsSize;
    const rules = this.#rules;
    for (let i = 0; i < rules.length; i += 3) row.set(rules[i]!, rules[i + 1]!, rules[i + 2]!);
  }
}
