/**
 * Programs that LLVM compiles in memory and executes there: their code is in no file, but LLVM
 * publishes it for debuggers.
 *
 * @module
 */
import { outputOf } from "../../tool.ts";
import { die, nativeCore, SOURCES } from "./core_of.ts";
import type { CheckedCore } from "./frames_check.ts";

/** Ways to compile: which of LLVM's two compilers, how much it optimizes, and what it tells. */
const WAYS = ["mcjit", "orc"].flatMap((kind) =>
  [["-O0", "-g"], ["-O2", "-g"], ["-O0", "-g0"]].map(([level, told]) => ({
    kind,
    level: level!,
    told: told!,
    name: `${kind} ${level} ${told}`,
  }))
);

/** Cores of a program that is called back by the C library, and dies there. */
export function generatedCores(directory: string): CheckedCore[] {
  const lli = outputOf("sh", ["-c", "readlink -f $(command -v lli-14 || command -v lli)"])?.trim();
  if (lli === undefined || lli === "") return [];
  return WAYS.flatMap(({ kind, level, told, name }): CheckedCore[] => {
    const place = `${directory}/generated-${kind}${level}${told}`;
    const code = `${place}.ll`;
    // elfutils, which does not know of such code, goes by the frame pointer.
    const options = [told, level, "-fno-omit-frame-pointer", "-S", "-emit-llvm"];
    const source = `${SOURCES}callback.c`;
    if (outputOf("clang", [...options, source, "-o", code]) === undefined) return [];
    const program = { name, program: lli, args: [`-jit-kind=${kind}`, level, code] };
    const core = die(program, place, nativeCore);
    return core === undefined ? [] : [{ ...core, name }];
  });
}
