/**
 * Pictures of stacks as data for JSON. Addresses and words are hexadecimal text; what is not known
 * is left out.
 *
 * @module
 */
import type { PictureAnchor, PictureFrame, StackPicture } from "./picture.ts";
import { hexText } from "./words.ts";

/** Data with hexadecimal text in place of bigints. */
export type Plain<T> = T extends bigint ? string
  : T extends readonly (infer Item)[] ? readonly Plain<Item>[]
  : T extends object ? { readonly [Key in keyof T]: Plain<T[Key]> }
  : T;

/** A picture in JSON. */
export type PictureJson = Plain<StackPicture>;

/** A picture for JSON. */
export function pictureJson(picture: StackPicture): PictureJson {
  return {
    ...picture,
    frames: picture.frames.map(frameJson),
    anchors: picture.anchors.map(anchorJson),
  };
}

function frameJson(frame: PictureFrame): Plain<PictureFrame> {
  const { pc, sp, end, slots } = frame;
  return {
    ...frame,
    pc: hexText(pc),
    sp: optional(sp),
    end: optional(end),
    slots: slots.map((slot) => ({
      ...slot,
      address: hexText(slot.address),
      value: optional(slot.value),
    })),
  };
}

function anchorJson({ address, savedBy, sp, pc, to }: PictureAnchor): Plain<PictureAnchor> {
  return { address: hexText(address), savedBy, sp: hexText(sp), pc: hexText(pc), to };
}

function optional(value: bigint | undefined): string | undefined {
  return value === undefined ? undefined : hexText(value);
}
