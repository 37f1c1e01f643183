/**
 * Sound bytes for the fuzzer to damage.
 *
 * @module
 */
import { DW_CFA, DW_OP } from "../cfi/mod.ts";
import { buildStack, type BuiltStack, callPlaces } from "../testing/stack_builder.ts";
import { elfImage, symbolTable } from "../../elf/testing/elf_image.ts";
import { FrameImage, op } from "../testing/frame_image.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { moduleFromTable } from "../walk/mod.ts";
import type { Machine } from "../../elf/mod.ts";
import type { DwarfSectionName } from "../../elf/dwarf/mod.ts";
import { DebugImage, plainSequence } from "../../elf/dwarf/testing/debug_image.ts";

/** A stack and the table of the functions on it. */
export interface FuzzStack {
  /** The stack. */
  readonly stack: BuiltStack;
  /** Bytes of the table, at address 0x10000. */
  readonly ehFrame: Uint8Array;
}

/** Sound inputs of every kind. */
export class Corpus {
  /** Sections of call frame information, at address 0x10000, for code at 0x1000. */
  readonly ehFrames: readonly Uint8Array[];
  /** A search table at address 0x8000 for the first of them. */
  readonly header: Uint8Array;
  /** Language-specific data at address 0x20000 for a function at 0x1000. */
  readonly lsdas: readonly Uint8Array[];
  /** Expressions. */
  readonly expressions: readonly Uint8Array[];
  /** ELF files. */
  readonly elves: readonly Uint8Array[];
  /** Stacks. */
  readonly stacks: readonly FuzzStack[];
  /** Line tables of code at 0x1000, and the units they belong to. */
  readonly debug: ReadonlyMap<DwarfSectionName, Uint8Array>;

  /** Builds them all. */
  constructor() {
    const plain = plainFrames();
    this.ehFrames = [plain.bytes, everyInstruction(), walkFrames("aarch64")];
    this.header = header(plain.fdes);
    this.lsdas = [cxxLsda(), wideLsda()];
    this.expressions = expressions();
    this.elves = (["x86_64", "aarch64"] as const).flatMap((machine) =>
      [3, 1].map((type) => elf({ machine, type, frames: plain.bytes, fdes: plain.fdes }))
    );
    this.debug = debugSections();
    this.stacks = (["x86_64", "aarch64"] as const).map((machine) => {
      const ehFrame = walkFrames(machine);
      const module = moduleFromTable({
        name: "fuzz",
        begin: 0x1000n,
        end: 0x3000n,
        ehFrame,
        ehFrameAddress: 0x10000n,
      });
      const places = callPlaces(module, { machine, count: 8 });
      const calls = Array.from({ length: 24 }, (_, i) => places[i % places.length]!);
      return { stack: buildStack(calls, { machine }), ehFrame };
    });
  }
}

/** A line table of every version. */
function debugSections(): ReadonlyMap<DwarfSectionName, Uint8Array> {
  const image = new DebugImage();
  for (const version of [2, 3, 4, 5]) {
    const address = 0x1000 + version * 0x10;
    const lines = image.table({
      version,
      wide: version === 5,
      directories: ["sub", "/usr/include"],
      files: [["a.c", 0], ["b.h", 1], ["c.h", 2]],
      program: [...plainSequence(address, 10, 2), ...plainSequence(address + 8, 20, 2)],
    });
    image.unit({ lines, directory: "/src", version });
  }
  return image.build();
}

function plainFrames(): { bytes: Uint8Array; fdes: number[] } {
  const image = new FrameImage();
  const plain = image.cie();
  const withLsda = image.cie({
    augmentation: "zPLR",
    augmentationData: [0x00, ...new Array<number>(8).fill(0), 0x1b, 0x1b],
  });
  const fdes = [0, 1, 2, 3].map((i) =>
    image.fde(plain, {
      begin: 0x1000 + i * 0x100,
      size: 0x100,
      instructions: [
        op.advance(1),
        op.defCfaOffset(16),
        op.offset(3, 2),
        op.remember(),
        op.advance(8),
        op.restore(3),
        op.defCfaOffset(8),
        op.advance(1),
        op.recall(),
      ],
    })
  );
  // Its LSDA is at 0x20000; the pointer is relative to itself.
  const distance = 0x20000 - (0x10000 + image.image.size + 17);
  fdes.push(image.fde(withLsda, {
    begin: 0x1400,
    size: 0x100,
    augmentationData: [0, 8, 16, 24].map((shift) => distance >>> shift & 255),
    instructions: [op.advance(4), op.defCfaOffset(32)],
  }));
  return { bytes: image.terminator().build(), fdes };
}

function everyInstruction(): Uint8Array {
  const image = new FrameImage();
  const cie = image.cie({ augmentation: "zRSB" });
  image.fde(cie, {
    begin: 0x1000,
    size: 0x1000,
    instructions: [
      op.defCfaRegister(6),
      op.advance(3),
      op.expression(3, [DW_OP.breg0 + 7, 8]),
      op.valExpression(12, [DW_OP.breg0 + 7, 16, DW_OP.deref]),
      op.defCfaExpression([DW_OP.breg0 + 7, 8, DW_OP.deref]),
      op.one(DW_CFA.advanceLoc1, 5),
      [DW_CFA.advanceLoc2, 1, 1],
      [DW_CFA.advanceLoc4, 1, 0, 0, 0],
      op.one(DW_CFA.register, 13, 14),
      op.one(DW_CFA.undefined, 0),
      op.one(DW_CFA.sameValue, 15),
      op.one(DW_CFA.valOffset, 7, 2),
      op.signed(DW_CFA.valOffsetSf, 7, -2),
      op.signed(DW_CFA.offsetExtendedSf, 13, -2),
      op.signed(DW_CFA.defCfaSf, 6, -4),
      op.one(DW_CFA.gnuArgsSize, 16),
      op.one(DW_CFA.gnuNegativeOffsetExtended, 14, 2),
      [DW_CFA.aarch64NegateRaState],
      [DW_CFA.aarch64NegateRaStateWithPc],
      op.one(DW_CFA.offsetExtended, 33, 3),
      op.one(DW_CFA.restoreExtended, 33),
    ],
  });
  return image.build();
}

/** Functions whose frames can be built and walked. */
function walkFrames(machine: Machine): Uint8Array {
  const arm = machine === "aarch64";
  const [sp, fp, ra, saved] = arm ? [31, 29, 30, 19] : [7, 6, 16, 3];
  const image = new FrameImage();
  const init = arm
    ? {
      codeAlign: 4,
      returnAddress: 30,
      instructions: [op.defCfa(31, 0)],
    }
    : {};
  const cie = image.cie(init);
  const lsda = image.cie({
    ...init,
    augmentation: "zLR",
    augmentationData: [0x04, 0x1b],
  });
  for (let i = 0; i < 8; i++) {
    const usesFp = i % 3 === 2;
    image.fde(i % 4 === 1 ? lsda : cie, {
      begin: 0x1000 + i * 0x100,
      size: 0x100,
      ...(i % 4 === 1 ? { augmentationData: [0, 0, 2, 0, 0, 0, 0, 0] } : {}),
      instructions: [
        op.advance(1),
        op.defCfa(sp, 32 + 16 * i),
        op.offset(ra, 1),
        op.offset(fp, 2),
        op.offset(saved, 3),
        ...(usesFp ? [op.defCfaRegister(fp)] : []),
      ],
    });
  }
  return image.build();
}

function header(fdes: readonly number[]): Uint8Array {
  const image = new ImageBuilder();
  image.bytes(1, 0x1b, 0x03, 0x3b).u32(0x10000 - 0x8004).u32(fdes.length);
  fdes.forEach((offset, i) => {
    image.u32(0x1000 + i * 0x100 - 0x8000).u32(0x10000 + offset - 0x8000);
  });
  return image.build();
}

function cxxLsda(): Uint8Array {
  const image = new ImageBuilder();
  image.bytes(0xff, 0x9b)
    .number(1, () => image.at("types") - 3)
    .bytes(0x01)
    .number(1, () => image.at("actions") - 5);
  image.bytes(0x00, 0x10, 0x80, 0x01, 0x01); // 0..0x10 lands at 0x80, first action
  image.bytes(0x10, 0x20, 0x00, 0x00); // no landing pad
  image.bytes(0x30, 0x10, 0x90, 0x01, 0x03); // second action, then the first
  image.bytes(0x40, 0x10, 0xa0, 0x01, 0x05); // third action, then the first
  image.bytes(0x50, 0x10, 0xb0, 0x01, 0x00); // cleanup
  image.label("actions");
  image.bytes(0x01, 0x00, 0x02, 0x7d, 0x7f, 0x7b);
  // Two types: the first stands for every type, the second is named in a slot.
  image.align(4).u32(0x40).u32(0).label("types");
  return image.bytes(2, 1, 0, 0).build();
}

function wideLsda(): Uint8Array {
  const image = new ImageBuilder();
  image.bytes(0x1b).u32(0xfffe0ffb); // landing pads relative to a base of their own
  image.bytes(0xff).bytes(0x03, 26);
  image.u32(0).u32(0x40).u32(0x80).bytes(1);
  image.u32(0x40).u32(0x40).u32(0).bytes(0);
  return image.bytes(0, 0).build();
}

function expressions(): Uint8Array[] {
  const plt = [
    ...[DW_OP.breg0 + 7, 8, DW_OP.breg0 + 16, 0, DW_OP.lit0 + 15, DW_OP.and],
    ...[DW_OP.lit0 + 11, DW_OP.ge, DW_OP.lit0 + 3, DW_OP.shl, DW_OP.plus],
  ];
  const loop = [
    ...[DW_OP.const2u, 0x10, 0x01, DW_OP.lit0 + 1, DW_OP.minus, DW_OP.dup],
    ...[DW_OP.bra, 0xfa, 0xff, DW_OP.drop, DW_OP.callFrameCfa, DW_OP.deref],
  ];
  const words = [
    ...[DW_OP.const8u, 1, 2, 3, 4, 5, 6, 7, 8, DW_OP.consts, 0x7f, DW_OP.rot],
    ...[DW_OP.swap, DW_OP.over, DW_OP.pick, 1, DW_OP.xor, DW_OP.mul],
    ...[DW_OP.abs, DW_OP.neg, DW_OP.not, DW_OP.plusUconst, 0x80, 0x01],
    ...[DW_OP.lit0 + 3, DW_OP.shra, DW_OP.lit0 + 5, DW_OP.mod, DW_OP.div],
    ...[DW_OP.derefSize, 4, DW_OP.stackValue],
  ];
  return [plt, loop, words].map((bytes) => Uint8Array.from(bytes));
}

function elf(
  init: {
    machine: Machine;
    type: number;
    frames: Uint8Array;
    fdes: readonly number[];
  },
): Uint8Array {
  const { machine, type, frames, fdes } = init;
  const relocatable = type === 1;
  const place = (address: number) => relocatable ? 0 : address;
  const names = symbolTable([
    { name: "first", value: place(0x1000), size: 0x100 },
    { name: "_ZTIN4deep5ErrorE", value: place(0x20040), type: 1, section: 3 },
    { name: "table", value: place(0x20000), type: 1, section: 3 },
  ]);
  const relocations = new ImageBuilder();
  const relocate = (offset: number, symbol: number, addend: number) =>
    relocations.u64(BigInt(offset)).u32(machine === "x86_64" ? 2 : 261)
      .u32(symbol).u64(BigInt(addend));
  fdes.forEach((fde, i) => relocate(fde + 8, 1, i * 0x100));
  // The last of them has an LSDA.
  relocate(fdes.at(-1)! + 17, 3, 0);
  return elfImage({
    machine,
    type,
    sections: [
      {
        name: ".text",
        flags: 6,
        address: place(0x1000),
        data: new Uint8Array(64),
      },
      { name: ".eh_frame", address: place(0x10000), data: frames },
      {
        name: ".gcc_except_table",
        address: place(0x20000),
        data: cxxLsda(),
      },
      {
        name: ".symtab",
        type: 2,
        flags: 0,
        data: names.symbols,
        link: 5,
        entrySize: 24,
      },
      { name: ".strtab", type: 3, flags: 0, data: names.strings },
      {
        name: relocatable ? ".rela.eh_frame" : ".rela.other",
        type: 4,
        flags: 0,
        data: relocations.build(),
        link: 4,
        info: relocatable ? 2 : 0,
        entrySize: 24,
      },
    ],
    segments: [
      { address: 0x1000, section: 1, memSize: 0x2000 },
      { address: 0x10000, section: 2, flags: 4 },
    ],
  });
}
