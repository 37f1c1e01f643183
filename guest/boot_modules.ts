/**
 * The built-in programs as boot modules: a file and the script line that starts it.
 *
 * @module
 */

import type { GuestArch } from "./embedded.ts";

/** A program to boot with. */
export interface BootModule {
  /** Bootstrap script line: program name, arguments, functions. */
  readonly commandLine: string;
  /** The ELF file. */
  readonly bytes: Uint8Array;
  /** Whether it is linked for user mode, the default, or for the kernel's own privilege. */
  readonly mode?: "user" | "kernel";
}

/** The bootstrap script line of GNU Mach's own boot test. */
const MODULE_HELLO_LINE = "module-hello ${host-port} ${device-port} $(task-create) $(task-resume)";

/** The program `module-hello` for an architecture, with its script line. */
export async function moduleHello(arch: GuestArch): Promise<BootModule> {
  const { image } = await MODULE_HELLO[arch]();
  return { commandLine: MODULE_HELLO_LINE, bytes: image.bytes() };
}

/**
 * The program `unwind` for an architecture, with its arguments, for user mode or as a kernel-mode
 * task.
 */
export async function unwindProgram(
  arch: GuestArch,
  options: { args: string; mode: "user" | "kernel" },
): Promise<BootModule> {
  const { args, mode } = options;
  const { image } = await UNWIND[mode][arch]();
  return { commandLine: `unwind ${args}`, bytes: image.bytes(), mode };
}

/** The ELF file of the VM (`docs/virtual-machine.md`), which has no program yet. */
export async function vmImage(arch: GuestArch): Promise<Uint8Array> {
  return (await VM[arch]()).image.bytes();
}

const VM = {
  aarch64: () => import("./images/vm_aarch64.gen.ts"),
  x86_64: () => import("./images/vm_x86_64.gen.ts"),
} as const;

/** The ELF file of a program that is there by name (`docs/green-threads.md`), if it is one. */
export async function namedProgram(
  name: string,
  arch: GuestArch,
): Promise<Uint8Array | undefined> {
  const builds = Object.hasOwn(NAMED, name) ? NAMED[name as keyof typeof NAMED] : undefined;
  return builds === undefined ? undefined : (await builds[arch]()).image.bytes();
}

/** The builds of green threads, sound and as they died. */
const NAMED = {
  "green": {
    aarch64: () => import("./images/green_aarch64.gen.ts"),
    x86_64: () => import("./images/green_x86_64.gen.ts"),
  },
  "green-crash": {
    aarch64: () => import("./images/green-crash_aarch64.gen.ts"),
    x86_64: () => import("./images/green-crash_x86_64.gen.ts"),
  },
} as const;

/** The program `coro-host` for an architecture: functions for a host to drive. */
export async function coroutinesProgram(arch: GuestArch): Promise<Uint8Array<ArrayBuffer>> {
  const { image } = await COROUTINES[arch]();
  return image.bytes();
}

/** The builds of `module-hello`; each is loaded when it is needed. */
const MODULE_HELLO = {
  aarch64: () => import("./images/module-hello_aarch64.gen.ts"),
  x86_64: () => import("./images/module-hello_x86_64.gen.ts"),
} as const;

/** The builds of `unwind`. */
const UNWIND = {
  user: {
    aarch64: () => import("./images/unwind_aarch64.gen.ts"),
    x86_64: () => import("./images/unwind_x86_64.gen.ts"),
  },
  kernel: {
    aarch64: () => import("./images/unwind-kernel_aarch64.gen.ts"),
    x86_64: () => import("./images/unwind-kernel_x86_64.gen.ts"),
  },
} as const;

/** The builds of `coro-host`. */
const COROUTINES = {
  aarch64: () => import("./images/coro-host_aarch64.gen.ts"),
  x86_64: () => import("./images/coro-host_x86_64.gen.ts"),
} as const;
