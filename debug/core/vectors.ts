/**
 * Floating-point and vector registers in the notes of a thread: `NT_FPREGSET` (the 512 bytes of
 * FXSAVE; `struct user_fpsimd_state`), `NT_X86_XSTATE` (the bytes of XSAVE: Intel SDM volume 1,
 * chapter 13) and `NT_ARM_SVE` (`Documentation/arch/arm64/sve.rst` of the kernel).
 *
 * @module
 */
import type { Machine } from "../../elf/mod.ts";
import { viewOf } from "../target/content.ts";
import { NT } from "./notes.ts";

/** A thread's notes by type. */
type Notes = ReadonlyMap<number, Uint8Array>;

/** State components of XSAVE. */
const AVX = 2;
const ZMM_HIGH = 6;
const HIGH_ZMM = 7;

/** Where FXSAVE has `st0` and `xmm0`, and XSAVE what is in use and what the area has. */
const ST_AT = 32;
const XMM_AT = 160;
const XCR0_AT = 464;
const HEADER_AT = 512;

/** Where the kernel says nothing: Intel's layout, and AMD's, which has no bounds registers. */
const INTEL: Readonly<Record<number, number>> = {
  [AVX]: 576,
  [ZMM_HIGH]: 1152,
  [HIGH_ZMM]: 1664,
};
const AMD: Readonly<Record<number, number>> = { [AVX]: 576, [ZMM_HIGH]: 896, [HIGH_ZMM]: 1408 };
/** Bytes of SVE's header, and where it has the bytes of a vector, and what the registers are of. */
const SVE_HEADER = 16;
const SVE_LENGTH_AT = 8;
const SVE_FLAGS_AT = 12;
/** Bytes of AMD's area with protection keys behind AVX-512. */
const AMD_SIZE = 2440;

/** A register that is no general one, by its DWARF number; undefined if no note has it. */
export function vectorOf(machine: Machine, notes: Notes, dwarf: number): Uint8Array | undefined {
  return machine === "x86_64" ? ofX86(notes, dwarf) : ofArm(notes, dwarf);
}

function ofArm(notes: Notes, dwarf: number): Uint8Array | undefined {
  const index = dwarf - 64;
  if (index < 0 || index >= 32) return undefined;
  const plain = notes.get(NT.fpregset);
  // gdb writes the other note alone where the CPU has SVE.
  return plain === undefined
    ? ofScalable(notes.get(NT.armSve), index)
    : part(plain, 16 * index, 16);
}

/** The 128 bits that `v0` to `v31` share with `z0` to `z31`, in `struct user_sve_header`'s note. */
function ofScalable(bytes: Uint8Array | undefined, index: number): Uint8Array | undefined {
  if (bytes === undefined || bytes.length < SVE_HEADER) return undefined;
  const view = viewOf(bytes);
  const isScalable = (view.getUint16(SVE_FLAGS_AT, true) & 1) !== 0;
  const size = isScalable ? view.getUint16(SVE_LENGTH_AT, true) : 16;
  return size < 16 ? undefined : part(bytes, SVE_HEADER + size * index, 16);
}

function ofX86(notes: Notes, dwarf: number): Uint8Array | undefined {
  const saved = notes.get(NT.x86Xstate);
  const legacy = saved ?? notes.get(NT.fpregset);
  if (dwarf >= 33 && dwarf <= 40) return part(legacy, ST_AT + 16 * (dwarf - 33), 10);
  const area = saved === undefined ? undefined : new SavedArea(saved, notes.get(NT.x86XsaveLayout));
  if (dwarf >= 67 && dwarf <= 82) return area?.part(HIGH_ZMM, 64 * (dwarf - 67), 64);
  const index = dwarf - 17;
  if (index < 0 || index >= 16) return undefined;
  const low = part(legacy, XMM_AT + 16 * index, 16);
  const middle = area?.part(AVX, 16 * index, 16);
  if (low === undefined || middle === undefined) return low;
  const high = area?.part(ZMM_HIGH, 32 * index, 32);
  return Uint8Array.from([...low, ...middle, ...high ?? []]);
}

/** The bytes of XSAVE, in the standard form. */
class SavedArea {
  readonly #bytes: Uint8Array;
  readonly #places: Readonly<Record<number, number>>;

  constructor(bytes: Uint8Array, layout: Uint8Array | undefined) {
    this.#bytes = bytes;
    this.#places = layout === undefined
      ? bytes.length === AMD_SIZE ? AMD : INTEL
      : componentPlaces(layout);
  }

  /**
   * A part of a component: zeros if it is enabled and not in use, undefined if the CPU has none.
   */
  part(component: number, offset: number, size: number): Uint8Array | undefined {
    const bytes = this.#bytes;
    const at = this.#places[component];
    if (at === undefined || bytes.length < HEADER_AT + 64) return undefined;
    const has = (field: number) => (viewOf(bytes).getUint32(field, true) >>> component & 1) !== 0;
    if (!has(XCR0_AT)) return undefined;
    return has(HEADER_AT) ? part(bytes, at + offset, size) : new Uint8Array(size);
  }
}

/** `NT_X86_XSAVE_LAYOUT`: type, size, offset and flags of each component, 32 bits each. */
function componentPlaces(layout: Uint8Array): Record<number, number> {
  const view = viewOf(layout);
  const places: Record<number, number> = {};
  for (let at = 0; at + 16 <= layout.length; at += 16) {
    places[view.getUint32(at, true)] = view.getUint32(at + 8, true);
  }
  return places;
}

function part(bytes: Uint8Array | undefined, at: number, size: number): Uint8Array | undefined {
  return bytes === undefined || at + size > bytes.length ? undefined : bytes.slice(at, at + size);
}
