/**
 * What gdb makes of stacks of the guest's VM: code that was generated it knows by nothing but what
 * the VM publishes for it.
 *
 * @module
 */
import type { NamedCheck } from "../walk_checks.ts";
import { checkLive } from "./live_check.ts";
import { checkCores } from "./cores_check.ts";

/** For each architecture a check of a machine that gdb drives, and one of core files. */
export function vmChecks(directory: string): NamedCheck[] {
  return (["x86_64", "aarch64"] as const).flatMap((arch): NamedCheck[] => [
    { kind: "vm", name: `gdb drives ${arch}`, check: () => checkLive(arch) },
    { kind: "vm", name: `cores in gdb ${arch}`, check: () => checkCores(arch, directory) },
  ]);
}
