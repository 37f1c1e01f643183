/**
 * Hosts of the program `coro-host`, for tests.
 *
 * @module
 */
import type { ArchName } from "../../arch/mod.ts";
import type { EmbeddedImage } from "../../guest/embedded.ts";
import { image as aarch64 } from "../../guest/images/coro-host_aarch64.gen.ts";
import { image as x86_64 } from "../../guest/images/coro-host_x86_64.gen.ts";
import { CoroutineHost } from "../host.ts";
import type { CoroutineHostOptions } from "../options.ts";

const IMAGES: readonly EmbeddedImage[] = [aarch64, x86_64];

/** The architectures, in the order tests go through them. */
export const ARCH_NAMES: readonly ArchName[] = ["aarch64", "x86_64"];

/** Bytes of RAM: what hundreds of machines a file allocate, the collector has to find again. */
const MEMORY = 16 << 20;

/** The program `coro-host`. */
export function programFile(arch: ArchName): Uint8Array<ArrayBuffer> {
  return (IMAGES.find((image) => image.arch === arch) as EmbeddedImage).bytes();
}

/** Boots the program. */
export function bootHost(
  arch: ArchName,
  options: Partial<CoroutineHostOptions> = {},
): CoroutineHost {
  return CoroutineHost.boot({ memory: MEMORY, program: programFile(arch), ...options, arch });
}
