/**
 * Common information entries: what the frame descriptions of many functions share. DWARF 5 section
 * 6.4.1 for `.debug_frame`; LSB Core 5.0 section 10.6.1.1.1 for `.eh_frame` and its augmentations;
 * versions 1 (GCC), 3 (DWARF 3) and 4 (DWARF 4 and 5).
 *
 * @module
 */
import type { Cursor } from "../../bytes/mod.ts";
import { CfiError, type CfiErrorKind } from "../errors.ts";
import { DW_EH_PE, type EncodedPointer, type PointerBases, readPointer } from "./pointer.ts";

/** A common information entry. */
export interface Cie {
  /** Offset of its length field in the section. */
  readonly offset: number;
  /** Bytes it takes, length field included. */
  readonly size: number;
  /** Version: 1, 3 or 4. */
  readonly version: number;
  /** Augmentation string as stored. */
  readonly augmentation: string;
  /** Factor of code advances. */
  readonly codeAlign: number;
  /** Factor of register offsets. */
  readonly dataAlign: number;
  /** DWARF number of the register, or pseudo-register, that holds the return address. */
  readonly returnAddress: number;
  /** Encoding of code addresses in its FDEs (`R`). */
  readonly pointerEncoding: number;
  /** Encoding of LSDA pointers in its FDEs (`L`); `DW_EH_PE.omit` if they have none. */
  readonly lsdaEncoding: number;
  /** Encoding of the personality pointer (`P`); `DW_EH_PE.omit` if there is none. */
  readonly personalityEncoding: number;
  /** Personality routine (`P`). */
  readonly personality: EncodedPointer | undefined;
  /** Whether FDEs carry a length of augmentation data (`z`). */
  readonly hasAugmentationData: boolean;
  /**
   * Whether its frames are signal or trap frames (`S`): the caller was interrupted, not calling.
   */
  readonly isSignalFrame: boolean;
  /** Whether return addresses are signed with the B key (`B`, AArch64). */
  readonly usesBKey: boolean;
  /** Offset of the first instruction in the section. */
  readonly instructionsAt: number;
  /** Offset after the last instruction. */
  readonly instructionsEnd: number;
}

/** Most letters of an augmentation; there are seven with a meaning. */
const AUGMENTATION_LIMIT = 255;

/** Where {@linkcode readCie} stands. */
export interface CiePlace {
  /** Offset of the entry's length field. */
  readonly offset: number;
  /** Offset after the entry. */
  readonly end: number;
  /** Bases of encoded pointers. */
  readonly bases: PointerBases;
}

/** Reads the CIE whose version byte is next. Throws {@linkcode CfiError} or `DecodeError`. */
export function readCie(cursor: Cursor, place: CiePlace): Cie {
  const { offset, end, bases } = place;
  const fail = (kind: CfiErrorKind, message: string): CfiError =>
    new CfiError(kind, message, { source: cursor.source, offset });
  const version = cursor.u8();
  if (version !== 1 && version !== 3 && version !== 4) {
    throw fail("version", `Version of CIE is ${version}`);
  }
  const augmentation = cursor.text(AUGMENTATION_LIMIT);
  // GCC 2 put the address of its exception table here.
  if (augmentation.startsWith("eh")) cursor.skip(8);
  if (version === 4) {
    const addressSize = cursor.u8();
    const segmentSize = cursor.u8();
    if (addressSize !== 8 || segmentSize !== 0) {
      throw fail(
        "address-size",
        `Address size of CIE is ${addressSize}, segment selector size ${segmentSize}`,
      );
    }
  }
  const codeAlign = cursor.uleb();
  const dataAlign = cursor.sleb();
  const returnAddress = version === 1 ? cursor.u8() : cursor.uleb();
  let pointerEncoding: number = DW_EH_PE.absptr;
  let lsdaEncoding: number = DW_EH_PE.omit;
  let personalityEncoding: number = DW_EH_PE.omit;
  let personality: EncodedPointer | undefined;
  let isSignalFrame = false;
  let usesBKey = false;
  const hasAugmentationData = augmentation.startsWith("z");
  let instructionsAt = cursor.at;
  if (hasAugmentationData) {
    const length = cursor.uleb();
    instructionsAt = cursor.at + length;
    if (instructionsAt > end) {
      throw fail(
        "augmentation",
        `Augmentation data of CIE has ${length} bytes, ${end - cursor.at} are left`,
      );
    }
  } else if (!/^(eh)?[SBG]*$/.test(augmentation)) {
    // Only letters without data can stand without the length that says where the data ends.
    throw fail(
      "augmentation",
      `Augmentation of CIE is ${JSON.stringify(augmentation)}`,
    );
  }
  letters: for (const letter of augmentation) {
    switch (letter) {
      case "z":
      case "e":
      case "h":
        break;
      case "R":
        pointerEncoding = cursor.u8();
        break;
      case "L":
        lsdaEncoding = cursor.u8();
        break;
      case "P":
        personalityEncoding = cursor.u8();
        personality = readPointer(cursor, personalityEncoding, bases);
        break;
      case "S":
        isSignalFrame = true;
        break;
      case "B":
        usesBKey = true;
        break;
      case "G": // Memory tagging of stack frames: says nothing about how to unwind.
        break;
      default:
        // The length says where the instructions begin, so a letter from the future need not be
        // understood.
        break letters;
    }
  }
  if (cursor.at > instructionsAt && hasAugmentationData) {
    throw fail(
      "augmentation",
      `Augmentation data of CIE is shorter than ${JSON.stringify(augmentation)} needs`,
    );
  }
  return {
    offset,
    size: end - offset,
    version,
    augmentation,
    codeAlign,
    dataAlign,
    returnAddress,
    pointerEncoding,
    lsdaEncoding,
    personalityEncoding,
    personality,
    hasAugmentationData,
    isSignalFrame,
    usesBKey,
    instructionsAt,
    instructionsEnd: end,
  };
}
