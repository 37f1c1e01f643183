/**
 * The built-in program.
 *
 * @module
 */

import type { ArchName } from "../arch/arch.ts";
import type { ProgramMode } from "../kernel/boot/loader.ts";
import type { ModuleOptions } from "../kernel/machine.ts";

/** The bootstrap script line of GNU Mach's own boot test. */
const MODULE_HELLO_LINE = "module-hello ${host-port} ${device-port} $(task-create) $(task-resume)";

/** The program `module-hello` for an architecture, with its script line. */
export async function moduleHello(arch: ArchName): Promise<ModuleOptions> {
  const { image } = await MODULE_HELLO[arch]();
  return { commandLine: MODULE_HELLO_LINE, bytes: image.bytes() };
}

/**
 * The program `unwind` for an architecture, with its arguments, for user mode or as a kernel-mode
 * task.
 */
export async function unwindProgram(
  arch: ArchName,
  options: { args: string; mode: ProgramMode },
): Promise<ModuleOptions> {
  const { args, mode } = options;
  const { image } = await UNWIND[mode][arch]();
  return { commandLine: `unwind ${args}`, bytes: image.bytes(), mode };
}

/** The builds of `module-hello`; each is loaded when it is needed. */
const MODULE_HELLO = {
  aarch64: () => import("../guest/images/module-hello_aarch64.gen.ts"),
  x86_64: () => import("../guest/images/module-hello_x86_64.gen.ts"),
} as const;

/** The builds of `unwind`. */
const UNWIND = {
  user: {
    aarch64: () => import("../guest/images/unwind_aarch64.gen.ts"),
    x86_64: () => import("../guest/images/unwind_x86_64.gen.ts"),
  },
  kernel: {
    aarch64: () => import("../guest/images/unwind-kernel_aarch64.gen.ts"),
    x86_64: () => import("../guest/images/unwind-kernel_x86_64.gen.ts"),
  },
} as const;
