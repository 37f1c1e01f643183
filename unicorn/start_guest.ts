/**
 * The one foreign call that other JavaScript may run in.
 *
 * @module
 */
import type { UnicornSymbols } from "./symbols.ts";

/** Calls `uc_emu_start`; returns Unicorn's status. */
export type StartGuest = (
  start: UnicornSymbols["uc_emu_start"],
  handle: Deno.PointerObject,
  pc: bigint,
  budget: bigint,
) => number;

/**
 * More bytecode than V8 takes into a caller (460 bytes), in a branch that is never taken.
 */
const PADDING = "never = never * 3 + 1 | 0;".repeat(128);

/**
 * Starts the guest from a function that V8 compiles by itself.
 *
 * Callbacks of the guest are JavaScript, and may change anything that compiled code was built upon:
 * V8 then gives up such code where a call in it returns. It cannot where that is a fast call of a
 * foreign function with a result, and aborts the process: "Lazy deopt after a fast API call with
 * return value is unsupported". Compiled into its callers, this call would depend on whatever they
 * depend on. By itself it depends on nothing. (A parameter of a struct type makes Deno take its
 * slow way of calling, which does no harm either, and costs 400 ns.)
 */
export const startGuest = new Function(
  "start",
  "handle",
  "pc",
  "budget",
  "never",
  `if (never !== undefined) { ${PADDING} return never; }
  return start(handle, pc, 0n, 0n, budget);`,
) as StartGuest;
