/**
 * Checks of code that is not ours, as Debian has built it, in machines.
 *
 * @module
 */
import type { NamedCheck } from "../walk_checks.ts";
import { FOREIGN_PROGRAMS } from "./build.ts";
import { checkForeign } from "./run_check.ts";

/** All of them, with programs built into a directory. */
export function foreignChecks(directory: string): NamedCheck[] {
  return (["x86_64", "aarch64"] as const).flatMap((arch) =>
    FOREIGN_PROGRAMS.map((name): NamedCheck => ({
      kind: "foreign",
      name: `${name} ${arch}`,
      check: () => checkForeign(name, { arch, directory }),
    }))
  );
}
