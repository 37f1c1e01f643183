/**
 * Backtraces of programs that died, from their core files.
 *
 * @module
 */
import type { NamedCheck } from "../../walk_checks.ts";
import { build, nativeCore, type ProgramCore, qemuCore } from "./core_of.ts";
import { type CheckedCore, checkFrames } from "./frames_check.ts";
import { ARM_PROGRAMS, type DyingProgram, PROGRAMS } from "./programs.ts";
import { checkSignals, type SignalCores } from "./signals_check.ts";

const ARM_SYSROOT = "/usr/aarch64-linux-gnu";

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
          const core = die(each, `${directory}/dead-arm-${i}`, inQemu);
          const { name, moved } = each;
          return core === undefined ? [] : [{ ...core, name, sysroot: ARM_SYSROOT, moved }];
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
          const arm = die({ ...program, compilers }, `${directory}/signal-arm-${i}`, inQemu);
          return native === undefined || arm === undefined
            ? []
            : [{ name: program.name, native, arm }];
        });
        return checkSignals(this.name, { cores, sysroot: ARM_SYSROOT });
      },
    },
  ];
}

/** Builds a program in a folder of its own and has it die. */
function die(
  each: DyingProgram,
  directory: string,
  dump: (
    each: DyingProgram,
    where: { readonly program: string; readonly directory: string },
  ) => ProgramCore | undefined,
): ProgramCore | undefined {
  Deno.mkdirSync(directory);
  const program = build(each, directory);
  return program === undefined ? undefined : dump(each, { program, directory });
}

function inQemu(
  each: DyingProgram,
  where: { readonly program: string; readonly directory: string },
): ProgramCore | undefined {
  return qemuCore(each, { ...where, sysroot: ARM_SYSROOT });
}
