/**
 * Backtraces of programs that died, from their core files.
 *
 * @module
 */
import type { NamedCheck } from "../../walk_checks.ts";
import { build, nativeCore, qemuCore } from "./core_of.ts";
import { type CheckedCore, checkFrames } from "./frames_check.ts";
import { ARM_PROGRAMS, PROGRAMS } from "./programs.ts";

const ARM_SYSROOT = "/usr/aarch64-linux-gnu";

/** The checks of dead programs: of this machine, and of AArch64 in QEMU. */
export function deadChecks(directory: string): NamedCheck[] {
  return [
    {
      kind: "frames",
      name: "of dead programs",
      check() {
        const cores = PROGRAMS.flatMap((each, i): CheckedCore[] => {
          const folder = `${directory}/dead-${i}`;
          Deno.mkdirSync(folder);
          const program = build(each, folder);
          const core = program === undefined
            ? undefined
            : nativeCore(each, { program, directory: folder });
          return core === undefined ? [] : [{ ...core, name: each.name }];
        });
        return checkFrames("of dead programs", { cores, directory });
      },
    },
    {
      kind: "frames",
      name: "of programs that died in QEMU",
      check() {
        const sysroot = ARM_SYSROOT;
        const cores = ARM_PROGRAMS.flatMap((each, i): CheckedCore[] => {
          const folder = `${directory}/dead-arm-${i}`;
          Deno.mkdirSync(folder);
          const program = build(each, folder);
          const core = program === undefined
            ? undefined
            : qemuCore(each, { program, directory: folder, sysroot });
          const { name, moved } = each;
          return core === undefined ? [] : [{ ...core, name, sysroot, moved }];
        });
        return checkFrames("of programs that died in QEMU", { cores, directory });
      },
    },
  ];
}
