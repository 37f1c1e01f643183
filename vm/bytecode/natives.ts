/**
 * The native functions that methods may call: methods of the VM in C, by number.
 *
 * @module
 */
import type { Param, ResultType } from "./program.ts";

/** A native function. */
export interface NativeFunction {
  /** Its name in text. */
  readonly name: string;
  /** Its number. */
  readonly number: number;
  /** Its parameters. */
  readonly params: readonly Param[];
  /** What it returns. */
  readonly result: ResultType;
}

function native(
  number: number,
  name: string,
  params: string,
  result: ResultType = "void",
): NativeFunction {
  return {
    name,
    number,
    result,
    params: params === "" ? [] : params.split(" ").map((param) => ({
      name: param.replace("*", ""),
      type: param.startsWith("*") ? "ref" : "int",
    })),
  };
}

/** All native functions; a reference's name has a star. */
const ALL: readonly NativeFunction[] = [
  native(0, "print", "value"),
  native(1, "spin", "turns"),
  native(2, "sleep", "instructions"),
  native(3, "upcall", "method argument", "int"),
  native(4, "upcall_ref", "method *argument", "ref"),
  native(5, "collect", ""),
  native(6, "raise", "*exception"),
  native(7, "yield", ""),
  native(8, "blind", "method argument", "int"),
  native(9, "tier", "method kind"),
  native(10, "move", "method"),
  native(11, "start", "method argument", "int"),
  native(12, "join", "thread"),
  native(13, "cancel", "thread"),
  native(14, "self", "", "int"),
  native(15, "wait", ""),
  native(16, "signal", ""),
  native(17, "static_get", "", "ref"),
  native(18, "static_set", "*value"),
  native(19, "brk", ""),
];

/** Native functions by name. */
export const NATIVES: ReadonlyMap<string, NativeFunction> = new Map(
  ALL.map((each) => [each.name, each]),
);
