/**
 * Builds programs and has them die, so that there is a core file.
 *
 * @module
 */
import { outputOf } from "../../tool.ts";
import { freePort } from "../remote/stub_process.ts";
import type { DyingProgram } from "./programs.ts";

/** Folder of the programs' sources. */
export const SOURCES: string =
  new URL("../../../../testdata/debug/cores/", import.meta.url).pathname;
/** Where Debian has the C library of AArch64. */
export const ARM_SYSROOT = "/usr/aarch64-linux-gnu";
const PATTERN = "/proc/sys/kernel/core_pattern";
/** Seconds after which a program that does not die is ended. */
const LIFE = 20;

/** A program's core. */
export interface ProgramCore {
  /** The program's file. */
  readonly program: string;
  /** The core file. */
  readonly core: string;
  /** Folder of the system it is of; default the root. */
  readonly sysroot?: string | undefined;
}

/** Where a program is, and where it is to leave its core. */
interface Place {
  readonly program: string;
  readonly directory: string;
}

/** Builds a program in a folder of its own and has it die; undefined if that cannot be. */
export function die(
  each: DyingProgram,
  directory: string,
  dump: (each: DyingProgram, place: Place) => ProgramCore | undefined,
): ProgramCore | undefined {
  Deno.mkdirSync(directory);
  const program = build(each, directory);
  return program === undefined ? undefined : dump(each, { program, directory });
}

/** The program's file; undefined if there is no compiler for it. */
export function build(each: DyingProgram, directory: string): string | undefined {
  if (each.program !== undefined) return each.program;
  const file = `${directory}/program`;
  const { compilers = ["gcc"], options = [], sources = [] } = each;
  const paths = sources.map((name) => `${SOURCES}${name}`);
  const args = [...options, ...paths, "-o", file];
  const isBuilt = compilers.some((compiler) => outputOf(compiler, args) !== undefined);
  if (!isBuilt) return undefined;
  const { afterwards } = each;
  return afterwards === undefined || outputOf("sh", ["-c", afterwards, file]) !== undefined
    ? file
    : undefined;
}

/** A core that Linux writes; where it does not write any to a file, one that gdb does. */
export function nativeCore(
  each: DyingProgram,
  { program, directory }: Place,
): ProgramCore | undefined {
  const { args = [] } = each;
  const found = canDump() ? dumped(directory, /^core(\.|$)/, [program, ...args]) : undefined;
  const core = found ?? writtenByGdb(each, { program, directory });
  return core === undefined ? undefined : { program, core };
}

/** A core that QEMU writes of a program for AArch64. */
export function qemuCore(
  { args = [] }: DyingProgram,
  { program, directory }: Place,
): ProgramCore | undefined {
  const core = dumped(directory, /^qemu_.*\.core$/, [
    ...["qemu-aarch64", "-L", ARM_SYSROOT, program],
    ...args,
  ]);
  return core === undefined ? undefined : { program, core, sysroot: ARM_SYSROOT };
}

/** Whether Linux writes cores into the folder where a program runs, and not to another program. */
function canDump(): boolean {
  try {
    return /^core/.test(Deno.readTextFileSync(PATTERN));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * The core in a folder, after a command that dies has run there. QEMU dies in its turn, and leaves a
 * core of its own.
 */
function dumped(
  directory: string,
  names: RegExp,
  command: readonly string[],
): string | undefined {
  const script = `ulimit -c unlimited || exit 0; timeout ${LIFE} "$@"; exit 0`;
  outputOf("bash", ["-c", `cd ${JSON.stringify(directory)} && { ${script}; }`, "sh", ...command]);
  const name = [...Deno.readDirSync(directory)].map((entry) => entry.name)
    .find((entry) => names.test(entry));
  return name === undefined ? undefined : `${directory}/${name}`;
}

/** A core that gdb writes of a program where it dies. */
export function gdbCore(each: DyingProgram, place: Place): ProgramCore | undefined {
  const core = writtenByGdb(each, place);
  return core === undefined ? undefined : { program: place.program, core };
}

/** Arguments of a gdb that carries out commands. */
function gdbCommands(...commands: readonly string[]): string[] {
  return ["-nx", "-batch", ...commands.flatMap((each) => ["-ex", each])];
}

/** Whether gdb says that it has written a core. */
function hasSaved(core: string, text: string | undefined): boolean {
  return text?.includes(`Saved corefile ${core}`) === true;
}

/** A core that gdb writes of a program for AArch64 behind QEMU's stub, where it dies. */
export function stubCore(
  { args = [] }: DyingProgram,
  { program, directory }: Place,
): ProgramCore | undefined {
  const core = `${directory}/core`;
  const port = freePort();
  const qemu = ["qemu-aarch64", "-L", ARM_SYSROOT, "-g", `${port}`, program, ...args];
  const gdb = [
    "gdb-multiarch",
    ...gdbCommands(
      `file ${program}`,
      "set tcp connect-timeout 10",
      `target remote :${port}`,
      "continue",
      // To write a core it has the program call a function.
      "set scheduler-locking on",
      `gcore ${core}`,
      "kill",
    ),
  ];
  const script = `timeout ${LIFE} "\${@:1:${qemu.length}}" & timeout ${LIFE} "\${@:${
    qemu.length + 1
  }}"; kill $!; wait`;
  const text = outputOf("bash", ["-c", script, "sh", ...qemu, ...gdb]);
  return hasSaved(core, text) ? { program, core, sysroot: ARM_SYSROOT } : undefined;
}

/** The program runs under gdb, which stops where it dies. */
function writtenByGdb(
  { args = [], handles = [], inChild = false }: DyingProgram,
  { program, directory }: Place,
): string | undefined {
  const core = `${directory}/core`;
  const text = outputOf("gdb", [
    ...gdbCommands(
      "set debuginfod enabled off",
      ...handles.map((signal) => `handle ${signal} nostop noprint pass`),
      ...(inChild ? ["set follow-fork-mode child"] : []),
      "run",
      `gcore ${core}`,
    ),
    ...["--args", program, ...args],
  ]);
  return hasSaved(core, text) ? core : undefined;
}
