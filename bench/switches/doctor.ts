/**
 * The stack doctor as one who looks on.
 *
 * @module
 */
import { Findings } from "../../check/doctor/findings/findings.ts";
import { Follower } from "../../check/doctor/follower.ts";
import { checkRoles } from "../../check/doctor/options.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { PerCpu } from "../../kernel/per_cpu.ts";

/** Has the doctor follow a machine's programs from here on. */
export function underDoctor(kernel: Kernel): Disposable {
  const findings = new Findings(kernel);
  const roles = checkRoles({});
  const follower = new Follower(kernel, kernel.cpus[0] as PerCpu, { roles, findings });
  kernel.events.connect([{ write: (event) => follower.write(event) }]);
  return follower;
}
