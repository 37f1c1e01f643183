/**
 * Checks of code that is not ours, as Debian has built it, in machines.
 *
 * @module
 */
import type { NamedCheck } from "../walk_checks.ts";
import { FOREIGN_PROGRAMS } from "./build.ts";
import { checkDoctor } from "./doctor_check.ts";
import { checkForeign } from "./run_check.ts";
import { checkSwitches } from "./switch_check.ts";

/** What is asked of each program, by kind. */
const CHECKS = { foreign: checkForeign, switches: checkSwitches, doctor: checkDoctor };

/** All of them, with programs built into a directory. */
export function foreignChecks(directory: string): NamedCheck[] {
  return Object.entries(CHECKS).flatMap(([kind, check]) =>
    (["x86_64", "aarch64"] as const).flatMap((arch) =>
      FOREIGN_PROGRAMS.map((name): NamedCheck => ({
        kind,
        name: `${name} ${arch}`,
        check: () => check(name, { arch, directory }),
      }))
    )
  );
}
