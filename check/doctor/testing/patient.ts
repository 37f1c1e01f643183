/**
 * Programs under the doctor's eyes, and what is said of them in short.
 *
 * @module
 */
import type { ArchName } from "../../../arch/arch.ts";
import { archByName } from "../../../arch/mod.ts";
import { programFile } from "../../../kernel/testing/programs.ts";
import type { MachineOptions } from "../../../kernel/mod.ts";
import { diagnose } from "../diagnose.ts";
import type { DoctorReport, Evidence } from "../finding.ts";
import type { DoctorOptions } from "../options.ts";

/** Enough for every program of the tests. */
const BUDGET = 30_000_000;

/** What the green threads of `guest/green/` have beside symbols of their own names. */
export const GREEN_HEAP: DoctorOptions = {
  allocators: ["heap_allocate"],
  releasers: ["heap_release"],
};

/** Runs programs of the embedded ones, by their command lines. */
export function examine(
  arch: ArchName,
  commandLines: readonly string[],
  options: DoctorOptions & { readonly machine?: Partial<MachineOptions> } = {},
): Promise<DoctorReport> {
  const { machine, ...doctor } = options;
  return diagnose({
    arch: archByName(arch),
    modules: commandLines.map((commandLine) => ({
      commandLine,
      bytes: programFile(commandLine.split(" ")[0] ?? "", arch),
    })),
    ...machine,
  }, { instructions: BUDGET, ...doctor });
}

/** What an instruction did and where, as `function: text: what it did`. */
export function told({ function: where, text, did }: Evidence): string {
  const [mnemonic = ""] = text.split(" ");
  return `${where}: ${mnemonic}: ${did}`;
}
