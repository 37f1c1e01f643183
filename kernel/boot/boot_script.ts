/**
 * Bootstrap scripts of GNU Mach's form: one line for each module, such as
 * `module-hello ${host-port} ${device-port} $(task-create) $(task-resume)`. `${name}` is replaced
 * by a value; `$(function)` is carried out when everything before it has been.
 *
 * @module
 */

import { KernelError } from "../errors.ts";

/** What a script line may ask the kernel to do. */
export type ScriptFunction = "task-create" | "task-resume";

/** A parsed line. */
export interface ScriptLine {
  /** The program and its arguments after substitution. */
  readonly argv: readonly string[];
  /** Functions in the order they stand. */
  readonly functions: readonly ScriptFunction[];
}

const FUNCTIONS: readonly string[] = ["task-create", "task-resume"];

/**
 * Parses a script line.
 * @param line the module's command line
 * @param variables values of `${name}`
 * @throws {KernelError} of kind `script`, naming the line, the word and what was expected
 */
export function parseScriptLine(
  line: string,
  variables: Readonly<Record<string, string>>,
): ScriptLine {
  const argv: string[] = [];
  const functions: ScriptFunction[] = [];
  const refuse = (word: string, expected: string): never => {
    throw new KernelError(
      "script",
      `Cannot understand "${word}" in bootstrap script line "${line}": ${expected}`,
    );
  };
  for (const word of line.split(/\s+/).filter((word) => word !== "")) {
    if (word.startsWith("$(")) {
      const name = word.slice(2, -1);
      if (!word.endsWith(")") || !FUNCTIONS.includes(name)) {
        refuse(word, `expected one of ${FUNCTIONS.map((f) => `$(${f})`).join(", ")}`);
      }
      if (functions.includes(name as ScriptFunction)) refuse(word, "it stands there twice");
      functions.push(name as ScriptFunction);
      continue;
    }
    argv.push(word.replace(/\$\{([^}]*)\}?/g, (match, name: string) => {
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (value === undefined || !match.endsWith("}")) {
        return refuse(
          match,
          `expected one of ${Object.keys(variables).map((v) => `\${${v}}`).join(", ")}`,
        );
      }
      return value;
    }));
  }
  if (argv.length === 0) refuse(line, "expected a program name");
  if (functions.length > 0 && functions[0] !== "task-create") {
    refuse(`$(${functions[0]})`, "expected $(task-create) before it");
  }
  if (functions.length === 0) functions.push("task-create", "task-resume");
  return { argv, functions };
}
