/**
 * Programs whose exceptions go through kinds of code.
 *
 * @module
 */
import { assemble, type VmProgram } from "../bytecode/mod.ts";

/** Kinds that methods are of. */
const KINDS = ["optimized", "jit", "interpreter"] as const;

/** What it goes through: a method of a kind, or also a native function that has called it. */
const MIDDLES = [...KINDS, "upcall", "blind"] as const;

/** How it begins: thrown, by a field of null, by native code, as forced unwinding. */
const CAUSES = ["throw", "null", "raise", "cancel"] as const;

/** One way of an exception. */
export interface Way {
  /** How it begins. */
  readonly cause: typeof CAUSES[number];
  /** Kind of the method where it begins. */
  readonly from: typeof KINDS[number];
  /** What it goes through, which sees it and throws it on. */
  readonly through: typeof MIDDLES[number];
  /** Kind of the method that takes it. */
  readonly to: typeof KINDS[number];
}

/** All ways. */
export const WAYS: readonly Way[] = KINDS.flatMap((from) =>
  MIDDLES.flatMap((through) =>
    KINDS.flatMap((to) => CAUSES.map((cause) => ({ cause, from, through, to })))
  )
);

/** A program that has exceptions go these ways, one after the other, and prints what handlers saw. */
export function unwindingProgram(ways: readonly Way[]): VmProgram {
  const text = ["class Node refs 1 ints 1", "class Pair refs 0 ints 2"];
  for (const from of KINDS) {
    text.push(
      `method throw_${from}(int how, ref box): int ${from}`,
      "  local lost",
      "  iconst 11",
      "  store lost",
      ...cause(0, ["  new Node", "  throw"]),
      ...cause(1, ["  null", "  geti 0", "  return_value"]),
      ...cause(2, ["  load lost", "  new Pair", "  invoke raise", "  return_value"]),
      "  load lost",
      "  iconst 0",
      "  invoke cancel",
      "  return_value",
      "end",
    );
    for (const through of MIDDLES) text.push(...middle(from, through));
  }
  for (const to of KINDS) {
    for (const through of MIDDLES) {
      for (const from of KINDS) text.push(...catcher(from, through, to));
    }
  }
  text.push("method main()");
  for (const { cause, from, through, to } of ways) {
    text.push(
      `  iconst ${CAUSES.indexOf(cause)}`,
      `  invoke catch_${to}_${through}_${from}`,
      "  invoke print",
    );
  }
  text.push("  return", "end");
  return assemble(text.join("\n"));
}

function cause(number: number, lines: readonly string[]): string[] {
  return ["  load how", `  iconst ${number}`, `  if_ne not${number}`, ...lines, `not${number}:`];
}

/** What the exception goes through: it sees it, and throws it on. */
function middle(from: string, through: string): string[] {
  const kind = (KINDS as readonly string[]).includes(through) ? through : "optimized";
  return [
    `method through_${through}_${from}(int how): int ${kind}`,
    "  local seen box exception",
    "  iconst 5",
    "  store seen",
    "  new Node",
    "  store box",
    "try:",
    "  load seen",
    "  load how",
    "  load box",
    `  invoke throw_${from}`,
    "  add",
    "  return_value",
    "handle:",
    "  store exception",
    "  load seen",
    "  load box",
    "  geti 1",
    "  add",
    "  invoke print",
    "  load exception",
    "  throw",
    "  handler try handle handle finally",
    "end",
  ];
}

function catcher(from: string, through: string, to: string): string[] {
  const isNative = !(KINDS as readonly string[]).includes(through);
  const call = isNative
    ? [`  iconst @through_${through}_${from}`, "  load how", `  invoke ${through}`]
    : ["  load how", `  invoke through_${through}_${from}`];
  return [
    `method catch_${to}_${through}_${from}(int how): int ${to}`,
    "  local sum",
    "  iconst 100",
    "  store sum",
    "try:",
    "  load sum",
    ...call,
    "  add",
    "  return_value",
    "null:",
    "  pop",
    "  iconst 1",
    "  return_value",
    "any:",
    "  pop",
    "  load sum",
    "  load how",
    "  add",
    "  return_value",
    "cancelled:",
    "  pop",
    "  load sum",
    "  iconst 7",
    "  add",
    "  return_value",
    "  handler try null null NullPointer",
    "  handler try null any any",
    "  handler try null cancelled finally",
    "end",
  ];
}
