/**
 * What gdb makes of stacks of the guest's VM: code that was generated it knows by nothing but what
 * the VM publishes for it; and what an assembler makes of the instructions of that code.
 *
 * @module
 */
import type { NamedCheck } from "../walk_checks.ts";
import { checkLive } from "./live_check.ts";
import { checkCores } from "./cores_check.ts";
import { checkEncodings } from "./encodings_check.ts";

/**
 * For each architecture a check of a machine that gdb drives, one of core files, and one of
 * instructions.
 */
export function vmChecks(directory: string): NamedCheck[] {
  return (["x86_64", "aarch64"] as const).flatMap((arch): NamedCheck[] => [
    { kind: "vm", name: `gdb drives ${arch}`, check: () => checkLive(arch) },
    { kind: "vm", name: `cores in gdb ${arch}`, check: () => checkCores(arch, directory) },
    { kind: "vm", name: `encodings ${arch}`, check: () => checkEncodings(arch, directory) },
  ]);
}
