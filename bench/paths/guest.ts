/**
 * The guest code that paths run: `guest/bench`.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";
import { image as aarch64 } from "../../guest/images/bench_aarch64.gen.ts";
import { image as x86_64 } from "../../guest/images/bench_x86_64.gen.ts";
import type { ModuleOptions } from "../../kernel/machine_options.ts";

const IMAGES = { aarch64, x86_64 };

/** The ELF file for an architecture. */
export function benchProgram(arch: Arch): Uint8Array<ArrayBuffer> {
  return IMAGES[arch.name].bytes();
}

/**
 * The program as a boot module.
 * @param path what its loop does
 * @param options `fileSize`: bytes the file is filled up to, for paths that read a long one
 */
export function benchModule(
  arch: Arch,
  path: string,
  options: { fileSize?: number } = {},
): ModuleOptions {
  const program = benchProgram(arch);
  const bytes = new Uint8Array(Math.max(program.length, options.fileSize ?? 0));
  bytes.set(program);
  return { commandLine: `bench ${path} $(task-create) $(task-resume)`, bytes };
}
