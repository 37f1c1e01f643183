/**
 * Frame description entries: the unwind table of one function, or of one part of it. DWARF 5
 * section 6.4.1; LSB Core 5.0 section 10.6.1.1.2.
 *
 * @module
 */
import { type Address, type Cursor, toBigAddress } from "../../bytes/mod.ts";
import type { Cie } from "./cie.ts";
import { CfiError } from "../errors.ts";
import {
  DW_EH_PE,
  type EncodedPointer,
  type PointerBases,
  readEncodedAddress,
  readEncodedValue,
  readPointer,
} from "./pointer.ts";

/** A frame description entry. */
export class Fde {
  /** Offset of its length field in the section. */
  readonly offset: number;
  /** Bytes it takes, length field included. */
  readonly size: number;
  /** What it shares with others. */
  readonly cie: Cie;
  /** First address it is for. */
  readonly start: Address;
  /** Address after the last one it is for. */
  readonly limit: Address;
  /** Language-specific data of the function. */
  readonly lsda: EncodedPointer | undefined;
  /** Offset of the first instruction in the section. */
  readonly instructionsAt: number;
  /** Offset after the last instruction. */
  readonly instructionsEnd: number;

  /** Reads the FDE whose address field is next. Throws {@linkcode CfiError} or `DecodeError`. */
  constructor(cursor: Cursor, place: FdePlace) {
    const { cie, offset, end } = place;
    this.offset = offset;
    this.size = end - offset;
    this.cie = cie;
    this.start = readEncodedAddress(cursor, cie.pointerEncoding, place.bases);
    const range = readEncodedValue(cursor, cie.pointerEncoding & 0x07);
    this.limit = this.start + range;
    if (range < 0 || this.limit > Number.MAX_SAFE_INTEGER) {
      throw new CfiError("length", `Address range of FDE is ${range}`, {
        source: cursor.source,
        offset,
      });
    }
    let instructionsAt = cursor.at;
    let lsda: EncodedPointer | undefined;
    if (cie.hasAugmentationData) {
      const length = cursor.uleb();
      instructionsAt = cursor.at + length;
      if (instructionsAt > end) {
        throw new CfiError(
          "augmentation",
          `Augmentation data of FDE has ${length} bytes, ${end - cursor.at} are left`,
          { source: cursor.source, offset },
        );
      }
      if (cie.lsdaEncoding !== DW_EH_PE.omit && length !== 0) {
        lsda = readPointer(cursor, cie.lsdaEncoding, {
          ...place.bases,
          func: this.start,
        });
      }
    }
    this.lsda = lsda;
    this.instructionsAt = instructionsAt;
    this.instructionsEnd = end;
  }

  /** First address it is for. */
  get begin(): bigint {
    return toBigAddress(this.start);
  }

  /** Address after the last one it is for. */
  get end(): bigint {
    return toBigAddress(this.limit);
  }

  /** Whether `address` is in its range. */
  contains(address: Address): boolean {
    return address >= this.start && address < this.limit;
  }
}

/** Where the constructor of {@linkcode Fde} stands. */
export interface FdePlace {
  /** The CIE the entry names. */
  readonly cie: Cie;
  /** Offset of the entry's length field. */
  readonly offset: number;
  /** Offset after the entry. */
  readonly end: number;
  /** Bases of encoded pointers. */
  readonly bases: PointerBases;
}
