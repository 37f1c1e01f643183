/**
 * The built-in program.
 *
 * @module
 */

import type { ArchName } from "../arch/arch.ts";
import type { ModuleOptions } from "../kernel/machine.ts";

/** The bootstrap script line of GNU Mach's own boot test. */
const MODULE_HELLO_LINE = "module-hello ${host-port} ${device-port} $(task-create) $(task-resume)";

/** The program `module-hello` for an architecture, with its script line. */
export async function moduleHello(arch: ArchName): Promise<ModuleOptions> {
  const { image } = arch === "aarch64"
    ? await import("../guest/images/module-hello_aarch64.gen.ts")
    : await import("../guest/images/module-hello_x86_64.gen.ts");
  return { commandLine: MODULE_HELLO_LINE, bytes: image.bytes() };
}

/** The program `unwind` for an architecture, with its arguments. */
export async function unwindProgram(arch: ArchName, args: string): Promise<ModuleOptions> {
  const { image } = arch === "aarch64"
    ? await import("../guest/images/unwind_aarch64.gen.ts")
    : await import("../guest/images/unwind_x86_64.gen.ts");
  return { commandLine: `unwind ${args}`, bytes: image.bytes() };
}
