/**
 * Builds sections of call frame information by hand: `cie()` and `fde()` with the instructions as
 * byte lists, which `op` makes.
 *
 * @module
 */
import { DW_CFA, type FrameSectionKind, FrameTable } from "../cfi/mod.ts";
import { ImageBuilder, sleb, uleb } from "../../bytes/testing/image_builder.ts";

/** What a CIE says; whatever is left out is as GCC has it for x86-64. */
export interface CieInit {
  /** Version; default 1 in `.eh_frame`, 4 in `.debug_frame`. */
  readonly version?: number;
  /** Augmentation string; default `zR` in `.eh_frame`, none in `.debug_frame`. */
  readonly augmentation?: string;
  /**
   * Bytes between augmentation string and alignment factors: the address of `eh`, or sizes of
   * version 4.
   */
  readonly extra?: readonly number[];
  /** Bytes of augmentation data, without their length; default the pointer encoding. */
  readonly augmentationData?: readonly number[];
  /** Factor of code advances; default 1. */
  readonly codeAlign?: number;
  /** Factor of offsets; default −8. */
  readonly dataAlign?: number;
  /** Return address column; default 16. */
  readonly returnAddress?: number;
  /** Instructions; default CFA is register 7 plus 8, return address at CFA − 8. */
  readonly instructions?: readonly (readonly number[])[];
}

/** What an FDE says. */
export interface FdeInit {
  /** First address. */
  readonly begin: number;
  /** Bytes of code. */
  readonly size: number;
  /** Instructions. */
  readonly instructions?: readonly (readonly number[])[];
  /** Bytes of augmentation data, without their length; default none. */
  readonly augmentationData?: readonly number[];
  /**
   * How address and size are written: 32-bit pc-relative (`0x1b`), the default in `.eh_frame`, or
   * 64-bit absolute (0).
   */
  readonly encoding?: 0x1b | 0;
}

/** Call frame instructions as bytes. Operands are unfactored, as stored. */
export const op = {
  defCfa: (register: number, offset: number): number[] => [
    DW_CFA.defCfa,
    ...uleb(register),
    ...uleb(offset),
  ],
  defCfaOffset: (offset: number): number[] => [
    DW_CFA.defCfaOffset,
    ...uleb(offset),
  ],
  defCfaRegister: (register: number): number[] => [
    DW_CFA.defCfaRegister,
    ...uleb(register),
  ],
  offset: (register: number, factored: number): number[] => [
    DW_CFA.offset | register,
    ...uleb(factored),
  ],
  restore: (register: number): number[] => [DW_CFA.restore | register],
  advance: (delta: number): number[] => [DW_CFA.advanceLoc | delta],
  remember: (): number[] => [DW_CFA.rememberState],
  recall: (): number[] => [DW_CFA.restoreState],
  expression: (register: number, bytes: readonly number[]): number[] => [
    DW_CFA.expression,
    ...uleb(register),
    ...uleb(bytes.length),
    ...bytes,
  ],
  valExpression: (register: number, bytes: readonly number[]): number[] => [
    DW_CFA.valExpression,
    ...uleb(register),
    ...uleb(bytes.length),
    ...bytes,
  ],
  defCfaExpression: (bytes: readonly number[]): number[] => [
    DW_CFA.defCfaExpression,
    ...uleb(bytes.length),
    ...bytes,
  ],
  one: (opcode: number, ...operands: readonly number[]): number[] => [
    opcode,
    ...operands.flatMap((each) => uleb(each)),
  ],
  signed: (opcode: number, register: number, value: number): number[] => [
    opcode,
    ...uleb(register),
    ...sleb(value),
  ],
} as const;

/** A section under construction. */
export class FrameImage {
  /** The bytes, for what has no method of its own. */
  readonly image: ImageBuilder = new ImageBuilder();
  #kind: FrameSectionKind;
  #address: number;
  #entries = 0;

  /** A section of the kind given that will be at `address`. */
  constructor(kind: FrameSectionKind = "eh_frame", address = 0x10000) {
    this.#kind = kind;
    this.#address = address;
  }

  /** Adds a CIE and returns its offset. */
  cie(init: CieInit = {}): number {
    const isEh = this.#kind === "eh_frame";
    const augmentation = init.augmentation ?? (isEh ? "zR" : "");
    const version = init.version ?? (isEh ? 1 : 4);
    const returnAddress = init.returnAddress ?? 16;
    return this.#entry((image) => {
      image.u32(isEh ? 0 : 0xffffffff).bytes(version).text(augmentation);
      image.bytes(...init.extra ?? (version === 4 ? [8, 0] : []));
      image.uleb(init.codeAlign ?? 1).sleb(init.dataAlign ?? -8);
      if (version === 1) image.bytes(returnAddress);
      else image.uleb(returnAddress);
      if (augmentation.startsWith("z")) {
        const data = init.augmentationData ?? [0x1b];
        image.uleb(data.length).bytes(...data);
      }
      const standard = [op.defCfa(7, 8), op.offset(16, 1)];
      for (const each of init.instructions ?? standard) image.append(each);
    });
  }

  /** Adds an FDE of the CIE at `cie` and returns its offset. */
  fde(cie: number, init: FdeInit): number {
    const isEh = this.#kind === "eh_frame";
    return this.#entry((image) => {
      const at = image.size;
      image.u32(isEh ? at - cie : cie);
      const encoding = init.encoding ?? (isEh ? 0x1b : 0);
      if (encoding === 0x1b) {
        image.u32(init.begin - (this.#address + image.size)).u32(init.size);
      } else image.u64(BigInt(init.begin)).u64(BigInt(init.size));
      if (isEh) {
        const data = init.augmentationData ?? [];
        image.uleb(data.length).bytes(...data);
      }
      for (const each of init.instructions ?? []) image.append(each);
    });
  }

  /** Adds a zero length. */
  terminator(): this {
    this.image.u32(0);
    return this;
  }

  /** The bytes. */
  build(): Uint8Array {
    return this.image.build();
  }

  /** The bytes as a table. */
  table(): FrameTable {
    return new FrameTable({
      kind: this.#kind,
      bytes: this.build(),
      address: BigInt(this.#address),
    });
  }

  #entry(body: (image: ImageBuilder) => void): number {
    const image = this.image;
    const offset = image.size;
    const end = `end ${this.#entries++}`;
    image.u32(() => image.at(end) - offset - 4);
    body(image);
    image.align(4).label(end);
    return offset;
  }
}
