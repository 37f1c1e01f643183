/**
 * A core file with all that a thread of x86-64 may have besides general registers.
 *
 * @module
 */
import { ImageBuilder } from "../../../bytes/testing/image_builder.ts";
import { BIAS, coreImage, fileList, note, STACK, status } from "./core_image.ts";

/** How an area of XSAVE is laid out. */
export interface SaveInit {
  /** Bytes of the area: 2696 with Intel's AVX-512, 2440 with AMD's. */
  readonly size?: number;
  /** What the CPU has: x87, SSE, AVX and AVX-512 by default. */
  readonly enabled?: number;
  /** What is in use; by default all of that. */
  readonly used?: number;
}

/** An area of XSAVE in which every byte says in which component it is, and where. */
export function saveArea(
  { size = 2696, enabled = 0xe7, used = enabled }: SaveInit = {},
): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7 & 0xff);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(464, BigInt(enabled), true);
  view.setBigUint64(512, BigInt(used), true);
  return bytes;
}

/** `siginfo_t` of an access of address 0x10. */
export const FAULT = new ImageBuilder().u32(11).u32(0).u32(1).u32(0).u64(0x10n)
  .bytes(...new Uint8Array(104)).build();

/** `struct elf_prpsinfo` of process 77. */
export function processInfo(name: string, args: string): Uint8Array {
  const bytes = new Uint8Array(136);
  new DataView(bytes.buffer).setInt32(24, 77, true);
  bytes.set(new TextEncoder().encode(name), 40);
  bytes.set(new TextEncoder().encode(args), 56);
  return bytes;
}

/** A thread with vector registers, in a process with a name that died of a fault. */
export function vectorCore(
  { save = saveArea(), layout }: { readonly save?: Uint8Array; readonly layout?: Uint8Array } = {},
): Uint8Array {
  return coreImage({
    notes: [
      ...note(1, status(BIAS + 0x1004, STACK)),
      ...note(3, processInfo("program", "./program --fast ")),
      ...note(0x53494749, FAULT),
      ...note(0x46494c45, fileList()),
      ...note(2, Uint8Array.from({ length: 512 }, (_, i) => i & 0xff)),
      ...note(0x202, save, "LINUX"),
      ...(layout === undefined ? [] : note(0x205, layout, "LINUX")),
    ],
  });
}
