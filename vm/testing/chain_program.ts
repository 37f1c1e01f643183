/**
 * A chain of calls through kinds of code, as deep as one likes.
 *
 * @module
 */
import { assemble, type VmProgram } from "../bytecode/mod.ts";
import type { CallKind } from "./order_program.ts";

/** What a chain is. */
export interface ChainOptions {
  /** Calls from `main` to the end. */
  readonly depth: number;
  /** Kinds of the methods in turn; `native` is a native function that calls the next one. */
  readonly kinds: readonly CallKind[];
  /** Names of the native functions that call, in turn; default `upcall`. */
  readonly natives?: readonly ("upcall" | "blind")[];
  /** What the last method does before it returns, with an int `n` and a reference `box`. */
  readonly last?: readonly string[];
  /** What `main` does with the sum; by default it prints it. */
  readonly main?: readonly string[];
  /** Labels, bytecodes and handlers behind the last bytecode of `main`. */
  readonly caught?: readonly string[];
  /** Classes of handlers that all methods have, which only throw the exception again. */
  readonly rethrow?: "any" | "finally";
}

/** The program of a chain. Each method keeps a reference, an int, and two operands below its call. */
export function chainProgram(options: ChainOptions): VmProgram {
  return assemble(chainText(options));
}

/** The text of {@linkcode chainProgram}. */
export function chainText(options: ChainOptions): string {
  const { kinds, depth, main = ["  invoke print"], caught = [] } = options;
  return [
    "class Box refs 0 ints 1",
    "method main() interpreter",
    "  local box",
    "  new Box",
    "  store box",
    "  load box",
    "  invoke static_set",
    "begin:",
    `  iconst ${depth}`,
    "  load box",
    "  invoke step0",
    ...main,
    "end_of_main:",
    "  return",
    ...caught,
    "end",
    ...kinds.map((_, i) => stepText(i, options)),
  ].join("\n");
}

function stepText(index: number, options: ChainOptions): string {
  const { kinds, last = [], natives = ["upcall"], rethrow } = options;
  const next = (index + 1) % kinds.length;
  const kind = kinds[index]!;
  const call = kind === "native"
    ? [`  iconst @hop${next}`, "  load n", `  invoke ${natives[index % natives.length]}`]
    : ["  load n", "  load box", `  invoke step${next}`];
  return [
    `method step${index}(int n, ref box): int ${kind === "native" ? "" : kind}`,
    "  local mine own",
    "  load n",
    "  iconst 3",
    "  mul",
    "  store mine",
    "  new Box",
    "  store own",
    "  load own",
    "  load mine",
    "  puti 0",
    "  iconst 0",
    "  load n",
    "  if_lt deeper",
    ...last,
    ...(last.at(-1)?.trim() === "throw" ? [] : ["  load mine", "  return_value"]),
    "deeper:",
    "  inc n -1",
    "begin:",
    "  load own",
    "  load mine",
    ...call,
    "  add",
    "  store mine",
    "  geti 0",
    "  load mine",
    "  add",
    "  return_value",
    ...(rethrow === undefined ? [] : [
      "again:",
      // Only those that have come by here count.
      "  load own",
      "  load mine",
      "  puti 0",
      "  throw",
      `  handler begin again again ${rethrow}`,
    ]),
    "end",
    `method hop${index}(int n): int ${kind === "native" ? "jit" : kind}`,
    "  load n",
    "  invoke static_get",
    `  invoke step${index}`,
    "  return_value",
    "end",
  ].join("\n");
}
