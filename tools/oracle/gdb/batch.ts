/**
 * Scripts of Python that gdb runs for a check.
 *
 * @module
 */
import { outputOf } from "../tool.ts";

const COMMON = new URL("common.py", import.meta.url).pathname;

/** gdb's names of registers that are called otherwise here. */
export const GDB_NAMES: Readonly<Record<string, string>> = { rflags: "eflags", pstate: "cpsr" };

/** Arguments of a gdb that runs a script, in which variables are set. */
export function gdbArguments(
  script: string,
  variables: Readonly<Record<string, string | number>>,
): string[] {
  const set = Object.entries(variables)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return ["-nx", "-batch", "-ex", `python ${set.join("; ")}`, "-x", COMMON, "-x", script];
}

/** The same with a variable REQUEST: the name of a file with the request, in a directory. */
export function gdbRequest(script: string, request: unknown, directory: string): string[] {
  const file = `${directory}/gdb_request.json`;
  Deno.writeTextFileSync(file, JSON.stringify(request));
  return gdbArguments(script, { REQUEST: file });
}

/** What a script has told. */
export function gdbResults<T>(text: string): T[] {
  return [...text.matchAll(/^RESULT (.*)$/gm)].map(([, line = ""]) => JSON.parse(line) as T);
}

/** Has one gdb answer a request of several cases, in order; undefined if it is not installed. */
export function askGdb<T>(script: string, cases: readonly unknown[], directory: string) {
  const text = outputOf("gdb-multiarch", gdbRequest(script, cases, directory));
  return text === undefined ? undefined : gdbResults<T>(text);
}
