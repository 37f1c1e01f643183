/**
 * Getting past values without looking at them: what makes a scan of many entries fast. Nothing here
 * checks bounds, as bytes behind the end read as `undefined` and end every loop: callers check
 * where they have arrived, which may be behind the end, or NaN.
 *
 * @module
 */
import { type FormContext, formSize, VARIABLE } from "../form.ts";
import type { Abbreviation } from "./abbreviation.ts";

/** Position behind all values of an entry. */
export function skipValues(
  bytes: Uint8Array,
  at: number,
  abbreviation: Abbreviation,
  unit: FormContext,
): number {
  const { size, steps } = abbreviation;
  return size >= 0 ? at + size : skipSteps(bytes, at, steps, steps.length, unit);
}

/** Position of the value of the attribute at a position of the abbreviation. */
export function placeOf(
  bytes: Uint8Array,
  at: number,
  abbreviation: Abbreviation,
  index: number,
  unit: FormContext,
): number {
  const { steps, stepsBefore, bytesBefore } = abbreviation;
  return skipSteps(bytes, at, steps, stepsBefore[index]!, unit) + bytesBefore[index]!;
}

function skipSteps(
  bytes: Uint8Array,
  at: number,
  steps: readonly number[],
  count: number,
  unit: FormContext,
): number {
  for (let i = 0; i < count; i++) {
    const step = steps[i]!;
    if (step >= 0) at += step;
    else if (step === VARIABLE.leb) { while (bytes[at++]! >= 0x80); }
    else at = skipVariable(bytes, at, step, unit);
  }
  return at;
}

function skipVariable(bytes: Uint8Array, at: number, step: number, unit: FormContext): number {
  switch (step) {
    case VARIABLE.text: {
      const end = bytes.indexOf(0, at);
      return end < 0 ? NaN : end + 1;
    }
    case VARIABLE.block1:
      return at + 1 + bytes[at]!;
    case VARIABLE.block2:
      return at + 2 + (bytes[at]! | bytes[at + 1]! << 8);
    case VARIABLE.block4:
      return at + 4 + u32At(bytes, at);
    case VARIABLE.block: {
      let size = 0;
      let scale = 1;
      let byte: number;
      do {
        byte = bytes[at++]!;
        size += (byte & 0x7f) * scale;
        scale *= 0x80;
      } while (byte >= 0x80);
      return at + size;
    }
    case VARIABLE.lebAndWord:
      while (bytes[at++]! >= 0x80);
      return at + 4;
    default: {
      // Of an indirect form the form itself comes first; another indirect one is not sound.
      let form = 0;
      let scale = 1;
      let byte: number;
      do {
        byte = bytes[at++]!;
        form += (byte & 0x7f) * scale;
        scale *= 0x80;
      } while (byte >= 0x80);
      const size = formSize(form, unit);
      if (size === undefined || size === VARIABLE.indirect) return NaN;
      return skipSteps(bytes, at, [size], 1, unit);
    }
  }
}

/** Unsigned 32-bit number. */
export function u32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0;
}
