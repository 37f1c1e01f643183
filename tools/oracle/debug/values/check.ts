/**
 * Variables compared with gdb's.
 *
 * @module
 */
import type { GuestArch } from "../../../../guest/embedded.ts";
import type { NamedCheck } from "../../walk_checks.ts";
import { checkValues } from "./compare.ts";
import { buildsFor, makeCase } from "./programs.ts";

/** One check for each machine, with files in a directory. */
export function valueChecks(directory: string): NamedCheck[] {
  return (["x86_64", "aarch64"] as const).map((arch: GuestArch): NamedCheck => ({
    kind: "values",
    name: arch,
    check() {
      const place = `${directory}/values-${arch}`;
      Deno.mkdirSync(place);
      const cases = buildsFor(arch).flatMap((build) =>
        makeCase(build, { arch, directory: place }) ?? []
      );
      return checkValues(arch, { cases, directory: place });
    },
  }));
}
