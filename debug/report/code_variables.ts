/**
 * Variables of generated and interpreted code in a report.
 *
 * @module
 */
import type { ManagedVariable } from "../../unwind/walk/mod.ts";
import { ABSENCES, codeValueText } from "../frames/code_value.ts";
import type { CodeFrameInfo } from "../frames/mod.ts";
import type { ValueData } from "../values/mod.ts";
import type { VariableReport } from "./variable_report.ts";

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
  const { name, type = "?" } = variable;
  return { name, type, text: codeValueText(variable), data: dataOf(variable, type) };
}

function dataOf({ value, absence }: ManagedVariable, type: string): ValueData {
  if (value === undefined || absence !== undefined) {
    return absence === "optimized-out"
      ? { type, state: absence }
      : { type, state: "unavailable", reason: ABSENCES[absence ?? "unreadable"] };
  }
  if (type === "ref") return { type, address: `0x${value.toString(16)}` };
  const number = BigInt.asIntN(64, value);
  const plain = Number(number);
  return { type, value: Number.isSafeInteger(plain) ? plain : `${number}` };
}
