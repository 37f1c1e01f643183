/**
 * Files made to cost a reader of unwind tables more time or memory than their size is worth. Each
 * is well-formed, or malformed in the one place its cost depends on.
 *
 * @module
 */
import { elfImage } from "../../elf/testing/elf_image.ts";
import { DW_CFA } from "../cfi/mod.ts";
import { type CieInit, FrameImage, op } from "./frame_image.ts";

/** Where the code is that the tables are about. */
const CODE = 0x100000;

/** Every register that a row can hold, saved. */
const EVERY_REGISTER: readonly (readonly number[])[] = Array.from(
  { length: 190 },
  (_, register) => op.one(DW_CFA.offsetExtended, register, register + 1),
);

/** Makes the bytes of `.eh_frame`, of about so many bytes. */
type TableMaker = (size: number) => FrameImage;

/** A CIE of half the size, and as many FDEs as there is room for, no two alike. */
function shared(init: CieInit, body: (i: number) => readonly (readonly number[])[]): TableMaker {
  return (size) => {
    const image = new FrameImage();
    const cie = image.cie(init);
    for (let i = 0; image.image.size < size; i++) {
      image.fde(cie, { begin: CODE + 16 * i, size: 16, instructions: body(i) });
    }
    return image;
  };
}

/** One FDE of the whole size, made of pieces. */
function single(init: CieInit, piece: (i: number) => readonly number[]): TableMaker {
  return (size) => {
    const image = new FrameImage();
    const instructions: (readonly number[])[] = [];
    for (let i = 0, bytes = 0; bytes < size; i++) {
      instructions.push(piece(i));
      bytes += instructions[i]!.length;
    }
    image.fde(image.cie(init), { begin: CODE, size: 0x7fffffff, instructions });
    return image;
  };
}

function nops(size: number): number[][] {
  return [new Array<number>(size).fill(DW_CFA.nop)];
}

/** Tables by what is costly about them. */
const TABLES: Readonly<Record<string, TableMaker>> = {
  "long CIE of many FDEs": (size) =>
    shared({ instructions: nops(size / 2) }, (i) => [op.defCfaOffset(i)])(size),
  "long CIE of many FDEs, malformed": (size) => {
    const instructions = [...nops(size / 2), [0x3f]];
    return shared({ instructions }, (i) => [op.defCfaOffset(i)])(size);
  },
  "long CIE header of many FDEs": (size) =>
    shared({ augmentation: `zR${"x".repeat(size / 2)}` }, (i) => [op.defCfaOffset(i)])(size),
  "every register in every row": single(
    { instructions: EVERY_REGISTER },
    (i) => [...op.defCfaOffset(i), ...op.advance(1)],
  ),
  "rows that hash alike": single(
    { instructions: EVERY_REGISTER.slice(0, 8) },
    (i) => [...op.defCfaOffset(i * 2 ** 24), ...op.advance(1)],
  ),
  "remembered states": single(
    { instructions: EVERY_REGISTER },
    () => [...op.remember(), ...op.recall()],
  ),
  "states remembered to the limit": single(
    { instructions: EVERY_REGISTER },
    (i) => i % 128 < 64 ? op.remember() : op.recall(),
  ),
  "a row for every byte": single({}, () => op.advance(1)),
  "advances of nothing": single({}, () => op.advance(0)),
  "many CIEs": (size) => {
    const image = new FrameImage();
    const instructions = [op.one(DW_CFA.offsetExtended, 191, 1)];
    for (let i = 0; image.image.size < size; i++) {
      const cie = image.cie({ instructions });
      image.fde(cie, { begin: CODE + 16 * i, size: 16 });
    }
    return image;
  },
  "many sets of columns": shared({ instructions: EVERY_REGISTER.slice(0, 100) }, (i) => [
    op.one(DW_CFA.undefined, 100 + i % 90),
    op.one(DW_CFA.undefined, 100 + (i / 90 >>> 0) % 90),
    op.one(DW_CFA.undefined, 100 + (i / 8100 >>> 0) % 90),
  ]),
  "CIEs within each other": (size) => {
    const image = new FrameImage();
    // Seen from a CIE, the header of the next is an expression among its instructions.
    const header = 17;
    const count = Math.floor(size / 2 / (header + 3));
    const end = count * (header + 3);
    for (let at = 0; at < end; at += header + 3) {
      image.image.u32(end - at - 4).u32(0).bytes(1).text("zR").bytes(1, 0x78, 16, 1, 0x1b);
      const next = at + header + 3;
      image.image.bytes(...next < end ? [DW_CFA.expression, 0, header] : [0, 0, 0]);
    }
    for (let i = 0; i < count; i++) {
      image.fde(i * (header + 3), { begin: CODE + 16 * i, size: 16 });
    }
    return image;
  },
  "malformed FDEs": shared({}, () => [[0x3f]]),
};

/** What is costly about each file. */
export const HOSTILE_TABLES: readonly string[] = Object.keys(TABLES);

/** A file whose `.eh_frame` has about `size` bytes. */
export function hostileTable(name: string, size: number): Uint8Array {
  const make = TABLES[name];
  if (make === undefined) throw new RangeError(`No hostile table ${name}`);
  const data = make(size).build();
  return elfImage({ sections: [{ name: ".eh_frame", address: 0x10000, data }] });
}
