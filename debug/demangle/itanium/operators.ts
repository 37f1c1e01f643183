/**
 * Operators: of their names, and of expressions. Itanium C++ ABI, sections 5.1.3.3 and 5.1.6.
 *
 * @module
 */

/** How an operator stands to its operands in an expression. */
export type OperatorForm =
  | "prefix"
  | "binary"
  | "call"
  | "index"
  | "conditional"
  | "cast"
  | "type"
  | "new"
  | "none";

/** An operator. */
export interface Operator {
  /** Its code of two letters. */
  readonly code: string;
  /** As it is written. */
  readonly text: string;
  /** How it is written with operands. */
  readonly form: OperatorForm;
}

const ROWS: readonly (readonly [form: OperatorForm, codes: string])[] = [
  ["prefix", "ad & co ~ de * mm -- ng - nt ! pp ++ ps + aw co_await"],
  [
    "binary",
    "aN &= aS = aa && an & cm , dV /= da delete[] dl delete ds .* dt . dv / eO ^= eo ^ eq == ge >= " +
    "gt > lS <<= le <= ls << lt < mI -= mL *= mi - ml * ne != oR |= oo || or | pL += pl + pm ->* " +
    "pt -> rM %= rS >>= rm % rs >> ss <=>",
  ],
  ["call", "cl ()"],
  ["index", "ix []"],
  ["conditional", "qu ?"],
  ["cast", "cc const_cast dc dynamic_cast rc reinterpret_cast sc static_cast"],
  ["type", "at alignof az alignof st sizeof sz sizeof te typeid ti typeid nx noexcept"],
  ["new", "na new[] nw new"],
];

const SPACED = new Set(["at", "az", "st", "sz", "te", "ti", "tw", "dl", "da", "na", "nw"]);

/** Operators by their codes. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  ROWS.flatMap(([form, codes]) => {
    const words = codes.split(" ");
    return Array.from({ length: words.length / 2 }, (_, i) => {
      const code = words[2 * i]!;
      const text = words[2 * i + 1]!;
      const inExpression = code === "dl" || code === "da" || code === "nx" ? "prefix" : form;
      return [code, { code, text, form: inExpression } satisfies Operator] as const;
    });
  }),
);

/** An operator as it begins an expression. */
export function prefixText(operator: Operator): string {
  return SPACED.has(operator.code) ? `${operator.text} ` : operator.text;
}
