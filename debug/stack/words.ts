/**
 * How words of stacks are called, in text and drawings alike.
 *
 * @module
 */
import type {
  PictureAnchor,
  PictureFrame,
  PictureSlot,
  PictureValue,
  SlotRole,
} from "./picture.ts";

/** A number in hexadecimal digits. */
export function hexText(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** What stands in front of a name, and between it and its value. */
const WORDING: Readonly<Record<SlotRole, readonly [before: string, between: string]>> = {
  "return-address": ["", " "],
  saved: ["saved ", " = "],
  parameter: ["parameter ", " = "],
  local: ["local ", " = "],
  operand: ["operand ", " = "],
  result: ["", " = "],
  outgoing: ["outgoing ", " = "],
  anchor: ["", " "],
  own: ["", " = "],
  idle: ["(", " "],
  untold: ["", ""],
};

/** A word's name, with its value if that is more than the number. */
export function slotLabel({ role, name, text, also }: PictureSlot): string {
  const [before, between] = WORDING[role];
  const called = `${before}${name}${role === "idle" ? ")" : ""}`;
  const value = text === "" ? "" : `${between}${text}`;
  if (also.length === 0) return `${called}${value}`;
  return `${called}${value}${called === "" ? "" : ", "}holds ${also.join(", ")}`;
}

/** A value that is in no word of its frame. */
export function valueLabel({ name, role, text, place }: PictureValue): string {
  const where = place === "" ? "" : `, in ${place}`;
  return `${role === "result" ? "" : `${role} `}${name} = ${text}${where}`;
}

/** A thread's own anchor. */
export function anchorText({ sp, pc, to }: PictureAnchor): string {
  if (pc === 0n) return "Anchor of the thread: clear, as while managed code runs";
  const where = to === undefined ? "leads to none of these frames" : `leads to #${to}`;
  return `Anchor of the thread: sp ${hexText(sp)}, pc ${hexText(pc)}, ${where}`;
}

/** Words in a row that nothing tells of. */
export interface UntoldRun {
  /** Address of the first. */
  readonly address: bigint;
  /** How many there are. */
  readonly count: number;
}

/** So many words that nothing tells of are shown one by one. */
const FEW = 3;

/** The words of a frame, those that nothing tells of taken together where they are more than a few. */
export function rowsOf(
  { slots }: PictureFrame,
  isAll = false,
): (PictureSlot | UntoldRun)[] {
  const rows: (PictureSlot | UntoldRun)[] = [];
  for (let i = 0; i < slots.length;) {
    let next = i;
    while (next < slots.length && isUntold(slots[next]!)) next++;
    const count = next - i;
    if (count > FEW && !isAll) rows.push({ address: slots[i]!.address, count });
    else rows.push(...slots.slice(i, next));
    if (next < slots.length) rows.push(slots[next]!);
    i = next + 1;
  }
  return rows;
}

function isUntold({ role, also }: PictureSlot): boolean {
  return role === "untold" && also.length === 0;
}
