/**
 * Builds what a virtual machine publishes of its code: maps, records of methods, files for
 * debuggers and their list (`docs/code-kinds.md`).
 *
 * @module
 */
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import type { Machine } from "../../elf/mod.ts";
import { elfImage, symbolTable } from "../../elf/testing/elf_image.ts";

/** A row: `[begin, "sp" or "fp", size, what is saved]`; default: return address and frame pointer. */
export type RowInit = readonly [begin: number, base: "sp" | "fp", size: number, saved?: number];

/** A region of a map. */
export interface RegionInit {
  /** Kind. */
  readonly kind: string;
  /** Name. */
  readonly name: string;
  /** First byte, from the map's. */
  readonly begin: number;
  /** Byte after it. */
  readonly end: number;
  /** Address of the method's record; default none. */
  readonly method?: number;
  /** How callers are found. */
  readonly rows?: readonly RowInit[];
  /** Registers saved, with their CFA offsets. */
  readonly saved?: readonly (readonly [register: number, offset: number])[];
  /** What the kind knows. */
  readonly data?: Uint8Array;
  /** Flags. */
  readonly flags?: number;
}

/** A map. */
export interface MapInit {
  /** First address of the code. */
  readonly begin: number;
  /** Address after it. */
  readonly end: number;
  /** Offset of the anchor from thread pointers; default none. */
  readonly anchor?: number;
  /** Offset of the handles from thread pointers; default none. */
  readonly handles?: number;
  /** Regions. */
  readonly regions: readonly RegionInit[];
}

const NONE = -(2n ** 63n);

/** Bytes of a map. */
export function mapImage(init: MapInit): Uint8Array {
  const { regions } = init;
  const image = new ImageBuilder();
  image.bytes(0x43, 0x4b, 0x4d, 0x31).u16(1).u16(56).u32(() => image.at("end"))
    .u32(regions.length).u32(56).u32(0)
    .u64(BigInt(init.begin)).u64(BigInt(init.end))
    .number(8, init.anchor === undefined ? NONE : BigInt(init.anchor))
    .number(8, init.handles === undefined ? NONE : BigInt(init.handles));
  regions.forEach((region, i) => {
    image.u32(region.begin).u32(region.end)
      .u32(() => image.at(`kind ${i}`)).u32(() => image.at(`name ${i}`))
      .u64(BigInt(region.method ?? 0))
      .u32(() => image.at(`rows ${i}`)).u16(region.rows?.length ?? 0)
      .u16(region.saved?.length ?? 0).u32(() => image.at(`saved ${i}`))
      .u32(() => image.at(`data ${i}`)).u32(region.data?.length ?? 0).u32(region.flags ?? 0);
  });
  regions.forEach(({ kind, name, rows = [], saved = [], data = new Uint8Array() }, i) => {
    image.label(`kind ${i}`).text(kind).label(`name ${i}`).text(name).align(4).label(`rows ${i}`);
    for (const [begin, base, size, bits = 3] of rows) {
      image.u32(begin).bytes(base === "sp" ? 0 : 1, bits).u16(size);
    }
    image.label(`saved ${i}`);
    for (const [register, offset] of saved) image.u16(register).number(2, offset);
    image.label(`data ${i}`).append(data);
  });
  return image.align(8).label("end").build();
}

/** A location as maps write it. */
export const at = {
  nowhere: 0,
  register: (register: number): number => 1 << 24 | register,
  cfa: (offset: number): number => 2 << 24 | offset & 0xffffff,
  constant: (value: number): number => 3 << 24 | value & 0xffffff,
  indirect: (register: number, offset: number): number =>
    4 << 24 | register << 16 | offset & 0xffff,
} as const;

/** A position: `[begin, bytecode, flags, number of the vector]`; default no vector. */
export type PositionInit = readonly [begin: number, bci: number, flags?: number, vector?: number];

/** What the kinds of compiled code know of a region. */
export function compiledImage(init: {
  readonly positions: readonly PositionInit[];
  readonly vectors?: readonly (readonly number[])[];
  readonly width?: number;
  readonly convention?: number;
  readonly previousAnchor?: number;
}): Uint8Array {
  const { positions, vectors = [], width = vectors[0]?.length ?? 0 } = init;
  const image = new ImageBuilder().u32(positions.length).u32(vectors.length).u16(width)
    .u16(init.convention ?? 0).number(4, init.previousAnchor ?? 0);
  for (const [begin, bci, flags = 0, vector = 0xffffffff] of positions) {
    image.u32(begin).u16(bci).u16(flags).u32(vector);
  }
  for (const word of vectors.flat()) image.u32(word);
  return image.build();
}

/** What the interpreter's kind knows of a region. */
export function interpreterImage(init: {
  readonly bcp: number;
  readonly method: number;
  readonly args: number;
  readonly bcpSlot: number;
  readonly methodSlot: number;
  readonly localsSlot: number;
  readonly phases: readonly (readonly [begin: number, phase: number])[];
}): Uint8Array {
  const image = new ImageBuilder().u16(init.bcp).u16(init.method).u16(init.args).u16(0)
    .number(4, init.bcpSlot).number(4, init.methodSlot).number(4, init.localsSlot)
    .u32(init.phases.length);
  for (const [begin, phase] of init.phases) image.u32(begin).bytes(phase, 0, 0, 0);
  return image.build();
}

/** A position of a method's bytecode. */
export interface BytecodeInit {
  /** Offset. */
  readonly bci: number;
  /** Operands. */
  readonly depth?: number;
  /** Operands that it takes off when it calls. */
  readonly pops?: number;
  /** Locals that hold references. */
  readonly refs?: number;
  /** Locals that hold integers. */
  readonly ints?: number;
  /** Locals that are read later; default all. */
  readonly live?: number;
  /** Operands that are references. */
  readonly stackRefs?: number;
}

/** A method. */
export interface MethodInit {
  /** Name. */
  readonly name: string;
  /** Number; default 0. */
  readonly id?: number;
  /** Number of parameters. */
  readonly params?: number;
  /** Names of locals. */
  readonly locals?: readonly string[];
  /** Most operands; default 4. */
  readonly maxStack?: number;
  /** 0 nothing, 1 an integer, 2 a reference; default 0. */
  readonly result?: number;
  /** Bit 0: native. */
  readonly flags?: number;
  /** Which parameters are references. */
  readonly paramRefs?: number;
  /** Bytes of bytecode; default 64. */
  readonly codeSize?: number;
  /** Positions. */
  readonly positions?: readonly BytecodeInit[];
}

/** Offset of the bytecode in what {@linkcode methodImage} builds. */
export const METHOD_CODE = 88;

/** Bytes of a method's record, with all that it leads to. */
export function methodImage(init: MethodInit): Uint8Array {
  const { locals = [], positions = [], codeSize = 64 } = init;
  const image = new ImageBuilder();
  image.u32(88).u32(init.id ?? 0).u32(() => image.at("name"))
    .u16(init.params ?? 0).u16(locals.length).u16(init.maxStack ?? 4)
    .bytes(init.result ?? 0, init.flags ?? 0).u32(0)
    .u32(METHOD_CODE).u32(codeSize)
    .u32(() => image.at("positions")).u32(positions.length)
    .u32(0).u32(0).u32(() => image.at("names")).u16(init.paramRefs ?? 0).u16(0)
    .u64(0n).u64(0n).u64(0n).u64(0n);
  image.append(new Uint8Array(codeSize)).label("positions");
  for (const each of positions) {
    image.u16(each.bci).bytes(each.depth ?? 0, each.pops ?? 0).u16(each.refs ?? 0)
      .u16(each.ints ?? 0).u16(each.live ?? 0xffff).u16(each.stackRefs ?? 0);
  }
  image.label("names");
  locals.forEach((_, i) => image.u32(() => image.at(`local ${i}`)));
  image.label("name").text(init.name);
  locals.forEach((name, i) => image.label(`local ${i}`).text(name));
  return image.build();
}

/** A file that a virtual machine publishes for code that it has made. */
export function symfileImage(init: {
  readonly machine: Machine;
  /** First address of the code. */
  readonly begin: number;
  /** Bytes of it. */
  readonly size: number;
  /** Functions, with their addresses. */
  readonly functions?: readonly { readonly name: string; readonly value: number }[];
  /** Unwind table, and its address. */
  readonly ehFrame?: { readonly address: number; readonly data: Uint8Array };
  /** Map. */
  readonly map?: Uint8Array;
}): Uint8Array {
  const { symbols, strings } = symbolTable(
    (init.functions ?? []).map((each) => ({ ...each, size: 0x100 })),
  );
  const { map, ehFrame } = init;
  return elfImage({
    machine: init.machine,
    type: 2,
    sections: [
      { name: ".text", type: 8, flags: 6, address: init.begin, data: new Uint8Array(init.size) },
      { name: ".symtab", type: 2, flags: 0, data: symbols, link: 3, entrySize: 24 },
      { name: ".strtab", type: 3, flags: 0, data: strings },
      ...ehFrame === undefined ? [] : [{ name: ".eh_frame", ...ehFrame }],
      ...map === undefined ? [] : [{ name: ".code_map", flags: 0, data: map }],
    ],
  });
}

/** A list of published files as it lies in memory from an address on: descriptor, then entries. */
export function listImage(
  address: number,
  files: readonly { readonly address: number; readonly size: number }[],
): Uint8Array {
  const entry = (i: number) => i < files.length ? BigInt(address + 24 + 32 * i) : 0n;
  const image = new ImageBuilder().u32(1).u32(0).u64(0n).u64(entry(0));
  files.forEach((file, i) => {
    image.u64(entry(i + 1)).u64(i === 0 ? 0n : entry(i - 1))
      .u64(BigInt(file.address)).u64(BigInt(file.size));
  });
  return image.build();
}
