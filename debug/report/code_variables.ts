/**
 * Variables of generated and interpreted code in a report.
 *
 * @module
 */
import type { Absence, ManagedVariable } from "../../unwind/walk/mod.ts";
import type { CodeFrameInfo } from "../frames/mod.ts";
import type { ValueData } from "../values/mod.ts";
import type { VariableReport } from "./variable_report.ts";

/** What absences are called, as debuggers call them. */
const ABSENCES: Readonly<Record<Absence, string>> = {
  dead: "dead",
  "optimized-out": "optimized out",
  gone: "gone",
  unreadable: "unavailable",
};

/** Variables of a frame; locals, operands and results if all are asked for. */
export function codeVariables(
  { managed, damage }: CodeFrameInfo,
  isAll: boolean,
): {
  readonly parameters: readonly VariableReport[] | undefined;
  readonly locals: readonly VariableReport[] | undefined;
  readonly damage: string | undefined;
} {
  const variables = managed?.variables ?? [];
  const of = (isParameter: boolean) =>
    variables.filter(({ role }) => (role === "parameter") === isParameter).map(variableReport);
  return {
    parameters: managed === undefined ? undefined : of(true),
    locals: managed === undefined || !isAll ? undefined : of(false),
    damage: damage?.message,
  };
}

function variableReport(variable: ManagedVariable): VariableReport {
  const { name, type = "?", value } = variable;
  const { absence } = variable;
  if (value === undefined || absence !== undefined) {
    const reason = ABSENCES[absence ?? "unreadable"];
    const data: ValueData = absence === "optimized-out"
      ? { type, state: absence }
      : { type, state: "unavailable", reason };
    return { name, type, text: `<${reason}>`, data };
  }
  if (type === "ref") {
    const address = `0x${value.toString(16)}`;
    return { name, type, text: value === 0n ? "null" : address, data: { type, address } };
  }
  const number = BigInt.asIntN(64, value);
  const plain = Number(number);
  const data = { type, value: Number.isSafeInteger(plain) ? plain : `${number}` };
  return { name, type, text: `${number}`, data };
}
