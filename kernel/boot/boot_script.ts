/**
 * Bootstrap scripts of GNU Mach's form: one line for each module, such as
 * `module-hello ${host-port} ${device-port} $(task-create) $(task-resume)`. `${name}` is replaced
 * by a value; `$(function)` is carried out when everything before it has been. What stands between
 * double quotes is one word, or a part of one, as it is: blanks and `$` mean nothing there, and a
 * backslash takes the next character for itself.
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

/** A word: pieces without blanks, and pieces in quotes. The last quote may be missing. */
const WORD = /(?:[^\s"]|"(?:[^"\\]|\\.)*(?:"|$))+/gs;
const PIECE = /"((?:[^"\\]|\\.)*)("?)|[^"]+/gs;

/**
 * The script line that starts a program with these arguments, each as it is.
 * @param argv the program's name and its arguments
 */
export function scriptLine(argv: readonly string[]): string {
  return argv.map((word) => /^[^\s"$]+$/.test(word) ? word : `"${word.replace(/["\\]/g, "\\$&")}"`)
    .join(" ");
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
  const substitute = (text: string) =>
    text.replace(/\$\{([^}]*)\}?/g, (match, name: string) => {
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (value === undefined || !match.endsWith("}")) {
        return refuse(
          match,
          `expected one of ${Object.keys(variables).map((v) => `\${${v}}`).join(", ")}`,
        );
      }
      return value;
    });
  for (const word of line.match(WORD) ?? []) {
    if (word.startsWith("$(")) {
      const name = word.slice(2, -1);
      if (!word.endsWith(")") || !FUNCTIONS.includes(name)) {
        refuse(word, `expected one of ${FUNCTIONS.map((f) => `$(${f})`).join(", ")}`);
      }
      if (functions.includes(name as ScriptFunction)) refuse(word, "it stands there twice");
      functions.push(name as ScriptFunction);
      continue;
    }
    argv.push(word.replace(PIECE, (piece, quoted?: string, end?: string) => {
      if (quoted === undefined) return substitute(piece);
      if (end === "") refuse(word, 'expected a closing "');
      return quoted.replace(/\\(.)/gs, "$1");
    }));
  }
  if (argv.length === 0) refuse(line, "expected a program name");
  if (functions.length > 0 && functions[0] !== "task-create") {
    refuse(`$(${functions[0]})`, "expected $(task-create) before it");
  }
  if (functions.length === 0) functions.push("task-create", "task-resume");
  return { argv, functions };
}
