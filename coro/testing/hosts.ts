/**
 * Hosts of the programs `coro-host` and `coro-host-cxx`, for tests.
 *
 * @module
 */
import type { ArchName } from "../../arch/mod.ts";
import type { EmbeddedImage } from "../../guest/embedded.ts";
import { image as aarch64 } from "../../guest/images/coro-host_aarch64.gen.ts";
import { image as cxxAarch64 } from "../../guest/images/coro-host-cxx_aarch64.gen.ts";
import { image as cxxX86 } from "../../guest/images/coro-host-cxx_x86_64.gen.ts";
import { image as x86_64 } from "../../guest/images/coro-host_x86_64.gen.ts";
import { CoroutineHost } from "../host.ts";
import type { CoroutineHostOptions } from "../options.ts";

const IMAGES: readonly EmbeddedImage[] = [aarch64, x86_64, cxxAarch64, cxxX86];

/** The architectures, in the order tests go through them. */
export const ARCH_NAMES: readonly ArchName[] = ["aarch64", "x86_64"];

/** Bytes of RAM: what hundreds of machines a file allocate, the collector has to find again. */
const MEMORY = 16 << 20;

/** The program `coro-host`, in C, or `coro-host-cxx`, in C++. */
export function programFile(
  arch: ArchName,
  name: "coro-host" | "coro-host-cxx" = "coro-host",
): Uint8Array<ArrayBuffer> {
  const found = IMAGES.find((image) => image.arch === arch && image.name === name);
  return (found as EmbeddedImage).bytes();
}

/** Boots the program in C++. */
export function bootCxx(
  arch: ArchName,
  options: Partial<CoroutineHostOptions> = {},
): CoroutineHost {
  return bootHost(arch, { program: programFile(arch, "coro-host-cxx"), ...options });
}

/** Boots the program in C. */
export function bootHost(
  arch: ArchName,
  options: Partial<CoroutineHostOptions> = {},
): CoroutineHost {
  return CoroutineHost.boot({ memory: MEMORY, program: programFile(arch), ...options, arch });
}
