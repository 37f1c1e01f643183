/**
 * Backtraces of programs that died, from their core files.
 *
 * @module
 */
import type { NamedCheck } from "../../walk_checks.ts";
import { die, nativeCore, qemuCore } from "./core_of.ts";
import { type CheckedCore, checkFrames } from "./frames_check.ts";
import { ARM_PROGRAMS, PROGRAMS } from "./programs.ts";
import { checkSignals, type SignalCores } from "./signals_check.ts";

/** Handlers on the stack that was interrupted, and on one of their own. */
const SIGNAL_STACKS: readonly (readonly string[])[] = [[], ["alternate"]];

/** The checks of dead programs: of this machine, and of AArch64 in QEMU. */
export function deadChecks(directory: string): NamedCheck[] {
  return [
    {
      kind: "frames",
      name: "of dead programs",
      check() {
        const cores = PROGRAMS.flatMap((each, i): CheckedCore[] => {
          const core = die(each, `${directory}/dead-${i}`, nativeCore);
          return core === undefined ? [] : [{ ...core, name: each.name }];
        });
        return checkFrames(this.name, { cores, directory });
      },
    },
    {
      kind: "frames",
      name: "of programs that died in QEMU",
      check() {
        const cores = ARM_PROGRAMS.flatMap((each, i): CheckedCore[] => {
          const core = die(each, `${directory}/dead-arm-${i}`, qemuCore);
          const { name, moved } = each;
          return core === undefined ? [] : [{ ...core, name, moved }];
        });
        return checkFrames(this.name, { cores, directory });
      },
    },
    {
      kind: "frames",
      name: "of signal handlers in QEMU",
      check() {
        const cores = SIGNAL_STACKS.flatMap((args, i): SignalCores[] => {
          const program = {
            name: `signal handler ${args}`,
            sources: ["signal_stack.c"],
            options: ["-O0", "-g"],
            handles: ["SIGUSR1"],
            args,
          };
          const native = die(program, `${directory}/signal-${i}`, nativeCore);
          const compilers = ["aarch64-linux-gnu-gcc"];
          const arm = die({ ...program, compilers }, `${directory}/signal-arm-${i}`, qemuCore);
          return native === undefined || arm === undefined
            ? []
            : [{ name: program.name, native, arm }];
        });
        return checkSignals(this.name, cores);
      },
    },
  ];
}
