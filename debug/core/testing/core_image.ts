/**
 * Builds core files of Linux by hand.
 *
 * @module
 */
import { ImageBuilder } from "../../../bytes/testing/image_builder.ts";
import { elfImage } from "../../../elf/testing/elf_image.ts";
import { FrameImage, op } from "../../../unwind/testing/frame_image.ts";

/** First address of the stack, which is the stack pointer. */
export const STACK = 0x7ffe_0000;
/** Where the object is loaded. */
export const BIAS = 0x5555_0000;
/** Where the kernel's object is. */
export const VDSO = 0x7fff_0000;

/** A shared object with code at 0x1000 to 0x2000 whose return address lies at the stack pointer. */
export function object(): Uint8Array {
  const frames = new FrameImage();
  frames.fde(frames.cie({ instructions: [op.defCfa(7, 8), op.offset(16, 1)] }), {
    begin: 0x1000,
    size: 0x1000,
  });
  return elfImage({
    sections: [
      { name: ".text", flags: 6, address: 0x1000, data: new Uint8Array(16) },
      { name: ".eh_frame", address: 0x10000, data: frames.build() },
    ],
    segments: [{ address: 0, section: 1, memSize: 0x4000 }],
  });
}

/** The same as a file that has a second page. */
export function library(): Uint8Array {
  const bytes = new Uint8Array(0x1800);
  bytes.set(object());
  return bytes;
}

/** A note, padded to four bytes. */
export function note(type: number, content: Uint8Array, owner = "CORE"): number[] {
  return [
    ...new ImageBuilder().u32(owner.length + 1).u32(content.length).u32(type).text(owner)
      .align(4).bytes(...content).align(4).build(),
  ];
}

/** `struct elf_prstatus` of x86-64 with these program counter and stack pointer. */
export function status(pc: number, sp: number): Uint8Array {
  const bytes = new Uint8Array(336);
  const view = new DataView(bytes.buffer);
  view.setInt16(12, 11, true);
  view.setInt32(32, 77, true);
  view.setBigUint64(112 + 8 * 16, BigInt(pc), true);
  view.setBigUint64(112 + 8 * 19, BigInt(sp), true);
  // rbx is the sixth register of the structure.
  view.setBigUint64(112 + 8 * 5, 0xb0bn, true);
  return bytes;
}

/** The same of AArch64, with the number of each of x0 to x30 in it. */
export function armStatus(pc: number, sp: number): Uint8Array {
  const bytes = new Uint8Array(392);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 31; i++) view.setBigUint64(112 + 8 * i, BigInt(i), true);
  view.setBigUint64(112 + 8 * 31, BigInt(sp), true);
  view.setBigUint64(112 + 8 * 32, BigInt(pc), true);
  return bytes;
}

/**
 * Content of a file list: two mappings of one file, by default of its first and second page, and
 * one of another, by default elsewhere.
 */
export function fileList(other = 0x6666_0000, secondPage = 1n, firstPage = 0n): Uint8Array {
  return new ImageBuilder().u64(3n).u64(4096n)
    .u64(BigInt(BIAS)).u64(BigInt(BIAS + 0x1000)).u64(firstPage)
    .u64(BigInt(BIAS + 0x1000)).u64(BigInt(BIAS + 0x4000)).u64(secondPage)
    .u64(BigInt(other)).u64(BigInt(other + 0x1000)).u64(0n)
    .text("/lib/a.so").text("/lib/a.so").text("/data").build();
}

/** What differs from a sound core file of x86-64. */
export interface CoreInit {
  /** `e_type`. */
  readonly type?: number;
  /** Machine. */
  readonly machine?: "aarch64";
  /** Bytes of the notes. */
  readonly notes?: readonly number[];
}

/** A process in the object, called from the kernel's object. */
export function coreImage(init: CoreInit = {}): Uint8Array {
  const { type = 4, machine = "x86_64" } = init;
  const auxv = new ImageBuilder().u64(6n).u64(4096n).u64(33n).u64(BigInt(VDSO)).build();
  const notes = init.notes ?? [
    ...note(1, new Uint8Array(4), "LINUX"),
    ...note(1, status(BIAS + 0x1004, STACK)),
    ...note(6, auxv),
    ...note(0x46494c45, fileList()),
    ...note(1, status(1, 2)),
  ];
  const stack = new ImageBuilder().u64(BigInt(VDSO + 0x1001)).u64(0n).build();
  return elfImage({
    type,
    machine,
    sections: [
      { name: "notes", data: Uint8Array.from(notes) },
      { name: "stack", data: stack },
      { name: "vdso", data: object() },
    ],
    segments: [
      { type: 4, address: 0, section: 1 },
      { address: STACK, section: 2 },
      { address: VDSO, section: 3 },
    ],
  });
}

/** Two threads of AArch64 in the object, whose first page is not mapped. */
export function armCore(): Uint8Array {
  return coreImage({
    machine: "aarch64",
    notes: [
      ...note(1, armStatus(BIAS + 0x1004, STACK)),
      ...note(0x46494c45, fileList(0x6666_0000, 2n, 1n)),
      ...note(1, armStatus(BIAS + 0x1008, STACK)),
      ...note(0x401, new Uint8Array(8), "LINUX"),
    ],
  });
}
