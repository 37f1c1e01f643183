/**
 * Symbols and lines compared with those of `llvm-symbolizer`; see `compare.ts` for what counts.
 *
 * @module
 */
import type { NamedCheck } from "../../walk_checks.ts";
import { compareSymbols } from "./compare.ts";
import { checkPacked } from "./packed_check.ts";
import { symbolPrograms } from "./programs.ts";

/** One check for each program, with files in a directory. */
export function symbolChecks(directory: string): NamedCheck[] {
  const { large, program, moved } = symbolPrograms(directory);
  const checks = Object.entries({ ...large, ...moved }).map(([name, make]): NamedCheck => ({
    kind: "symbols",
    name,
    async check() {
      const comparison = make();
      const outcome = comparison && await compareSymbols(comparison);
      return outcome && { name, ...outcome };
    },
  }));
  const name = "C++ program, .gnu_debugdata";
  const check = async () => {
    const path = program();
    return path === undefined ? undefined : await checkPacked(name, path, directory);
  };
  return [...checks, { kind: "symbols", name, check }];
}
