/**
 * Backtraces of programs that died, from their core files.
 *
 * @module
 */
import type { NamedCheck } from "../../walk_checks.ts";
import { die, gdbCore, nativeCore, type ProgramCore, qemuCore, stubCore } from "./core_of.ts";
import { type CheckedCore, checkFrames } from "./frames_check.ts";
import { ARM_PROGRAMS, type DyingProgram, PROGRAMS } from "./programs.ts";
import { generatedCores } from "./generated.ts";
import { checkRegisters } from "./registers_check.ts";
import { checkSignals, type SignalCores } from "./signals_check.ts";

/** Handlers on the stack that was interrupted, and on one of their own. */
const SIGNAL_STACKS: readonly (readonly string[])[] = [[], ["alternate"]];

/** Threads with all their registers in use. */
const VECTORS = {
  sources: ["vectors.c"],
  options: ["-O1", "-g", "-static", "-pthread"],
};

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
      name: "of code that LLVM has made in memory",
      check() {
        return checkFrames(this.name, { cores: generatedCores(directory), directory });
      },
    },
    registersCheck("of dead programs", directory, [
      [{ name: "Linux", ...VECTORS }, nativeCore],
      [{ name: "gdb", ...VECTORS }, gdbCore],
    ]),
    registersCheck("of a program in QEMU", directory, [
      [{ name: "stub", ...VECTORS, compilers: ["aarch64-linux-gnu-gcc"] }, stubCore],
    ]),
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

function registersCheck(
  name: string,
  directory: string,
  programs: readonly (readonly [DyingProgram, typeof nativeCore])[],
): NamedCheck {
  return {
    kind: "registers",
    name,
    check() {
      const cores = programs.flatMap(([each, dump]): ProgramCore[] => {
        const core = die(each, `${directory}/registers-${each.name}`, dump);
        return core === undefined ? [] : [core];
      });
      return checkRegisters(name, { cores, directory });
    },
  };
}
