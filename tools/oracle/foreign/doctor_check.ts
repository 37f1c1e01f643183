/**
 * Holds the stack doctor against code that it knows nothing of: programs that use Boost.Context's and
 * glibc's context switches as they are meant must be found well.
 *
 * @module
 */
import { archByName } from "../../../arch/mod.ts";
import { diagnose } from "../../../check/doctor/mod.ts";
import type { GuestArch } from "../../../guest/embedded.ts";
import { type CheckResult, Differences } from "../tool.ts";
import { buildForeign, type ForeignName, type OptimizationLevel } from "./build.ts";

/** How many switches of stacks the doctor must at least have seen. */
const SWITCHES: Readonly<Record<ForeignName, number>> = {
  fcontext: 4050,
  ucontext: 810,
  setjmp: 200,
};

const LEVELS: readonly OptimizationLevel[] = ["-O1", "-O2"];

/** Asks the doctor; undefined if the libraries are missing. */
export async function checkDoctor(
  name: ForeignName,
  { arch, directory }: { arch: GuestArch; directory: string },
): Promise<CheckResult | undefined> {
  const differences = new Differences();
  const seen = { switches: 0, stacks: 0 };
  for (const level of LEVELS) {
    const program = await buildForeign(name, { arch, directory, level });
    if (program === undefined) return undefined;
    const { findings, switches, stacks, halted } = await diagnose({
      arch: archByName(arch),
      modules: [{ commandLine: name, bytes: Deno.readFileSync(program.path), abi: "linux" }],
    });
    for (const { kind, summary, at } of findings) {
      const where = `${at.function}: ${at.text}`;
      differences.add(`A false alarm at ${level}: ${kind}, ${summary}, at ${where}`);
    }
    if (switches < SWITCHES[name]) {
      differences.add(`${switches} switches were seen at ${level}, expected ${SWITCHES[name]}`);
    }
    if (halted !== "all tasks have ended") differences.add(`The machine stopped: ${halted}`);
    seen.switches += switches;
    seen.stacks += stacks;
  }
  return {
    name: `${name} ${arch}`,
    figures: `${seen.switches} switches between ${seen.stacks} stacks, ${LEVELS.length} programs`,
    differences: differences.texts,
  };
}
