/**
 * Symbols and lines compared with those of `llvm-symbolizer`; see `compare.ts` for what counts.
 *
 * @module
 */
import type { NamedCheck } from "../../walk_checks.ts";
import { compareSymbols } from "./compare.ts";
import { symbolPrograms } from "./programs.ts";

/** One check for each program, with files in a directory. */
export function symbolChecks(directory: string): NamedCheck[] {
  return Object.entries(symbolPrograms(directory)).map(([name, make]): NamedCheck => ({
    kind: "symbols",
    name,
    async check() {
      const comparison = make();
      const outcome = comparison && await compareSymbols(comparison);
      return outcome && { name, ...outcome };
    },
  }));
}
