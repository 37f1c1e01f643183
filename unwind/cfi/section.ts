/**
 * What everything that reads a section of call frame information needs of it.
 *
 * @module
 */
import { CfiError, type CfiErrorKind } from "../errors.ts";
import type { PointerBases } from "./pointer.ts";

/** Bytes of a section of call frame information. */
export interface CfiSection {
  /** The section's bytes. */
  readonly bytes: Uint8Array;
  /** Name used in errors. */
  readonly name: string;
  /** Bases of encoded pointers. */
  readonly bases: PointerBases;
}

/** An error at an offset of a section. */
export function cfiError(
  section: CfiSection,
  place: { readonly kind: CfiErrorKind; readonly offset: number },
  message: string,
): CfiError {
  return new CfiError(place.kind, message, { source: section.name, offset: place.offset });
}
