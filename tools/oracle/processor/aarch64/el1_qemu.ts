/**
 * Runs the bare-metal cases under qemu-system-aarch64, which gets the records by semihosting.
 *
 * @module
 */
import type { Outcome } from "../differences.ts";
import { type KernelProgram, RECORD_SIZE } from "./el1_program.ts";
import { outcomeOfRecord } from "./el1_record.ts";
import { QEMU_SYSTEM, run } from "./toolchain.ts";

/** What each case has left behind. */
export async function runQemu({ path, names }: KernelProgram): Promise<Outcome[]> {
  const output = await run(QEMU_SYSTEM, [
    ...["-machine", "virt", "-cpu", "cortex-a72", "-m", "128", "-accel", "tcg", "-no-reboot"],
    ...["-display", "none", "-serial", "none", "-monitor", "none", "-nodefaults"],
    ...["-semihosting-config", "enable=on,target=native", "-kernel", path],
  ]);
  if (output.length !== names.length * RECORD_SIZE) {
    throw new Error(`Cannot read records: ${output.length} bytes for ${names.length} cases`);
  }
  return names.map((_, i) =>
    outcomeOfRecord(new DataView(output.buffer, output.byteOffset + i * RECORD_SIZE, RECORD_SIZE))
  );
}
