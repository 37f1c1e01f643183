/**
 * Variables compared with gdb's.
 *
 * @module
 */
import type { GuestArch } from "../../../../guest/embedded.ts";
import type { NamedCheck } from "../../walk_checks.ts";
import { checkValues } from "./compare.ts";
import { buildsFor, isInstalled, makeCase } from "./programs.ts";

/** One check for each machine, with files in a directory. */
export function valueChecks(directory: string): NamedCheck[] {
  return (["x86_64", "aarch64"] as const).map((arch: GuestArch): NamedCheck => ({
    kind: "values",
    name: arch,
    check() {
      const place = `${directory}/values-${arch}`;
      Deno.mkdirSync(place);
      const builds = buildsFor(arch);
      const missing = new Set<string>();
      const cases = builds.flatMap((build) => {
        if (isInstalled(build)) return makeCase(build, { arch, directory: place });
        missing.add(build.compiler);
        return [];
      });
      const result = checkValues(arch, { cases, directory: place });
      const notes = Array.from(missing, (compiler) => `left out: what ${compiler} builds`);
      return result === undefined ? undefined : { ...result, notes };
    },
  }));
}
