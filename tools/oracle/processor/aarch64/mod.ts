/**
 * Trapline's AArch64 CPU beside QEMU, which is compiled from other sources than the engine: cases
 * at EL0 as a Linux process, and bare-metal ones at EL1.
 *
 * @module
 */
import type { ProcessorCheck } from "../processor_check.ts";
import { checkEl0 } from "./el0.ts";
import { checkEl1 } from "./el1.ts";
import { CROSS_GCC, missingOf, QEMU_SYSTEM, QEMU_USER } from "./toolchain.ts";

/** The comparisons of AArch64, whose files go into a directory. */
export function aarch64Checks(caveats: string, directory: string): ProcessorCheck[] {
  const checks = [
    { name: "AArch64 EL0 beside qemu-aarch64", tools: [CROSS_GCC, QEMU_USER], run: checkEl0 },
    {
      name: "AArch64 EL1 beside qemu-system-aarch64",
      tools: [CROSS_GCC, QEMU_SYSTEM],
      run: checkEl1,
    },
  ];
  return checks.map(({ name, tools, run }) => {
    const missing = missingOf(tools);
    return missing.length > 0
      ? { name: `${name}: no ${missing.join(", no ")}`, check: undefined }
      : { name, check: () => run(caveats, directory) };
  });
}
