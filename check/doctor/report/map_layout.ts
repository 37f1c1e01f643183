/**
 * What stands where in an annotated address map, before it is text or a drawing. Addresses rise
 * from top to bottom, so that a stack's top, its lowest address, is above its bottom.
 *
 * @module
 */
import type { MapPoint, MapRegion, MapStack, StackMap } from "../finding.ts";

/** An address that a finding speaks of, to be marked in its map. */
export interface MapMark {
  /** The address. */
  readonly address: bigint;
  /** What it is: `expected`, `found`. */
  readonly text: string;
}

/** One line of a map. */
export type MapRow =
  /** An address and what is there. */
  | {
    readonly kind: "point";
    readonly address: bigint;
    /** What is there. */
    readonly text: string;
    /** What kind of place it is; a mark is an address that only a finding speaks of. */
    readonly place: MapPoint["kind"] | "mark";
    /** What a finding says of the address. */
    readonly marks: readonly string[];
  }
  /** Bytes between two lines of a stack that are in use, or may be. */
  | { readonly kind: "gap"; readonly bytes: bigint }
  /** Bytes between a stack's top and its stack pointer. */
  | { readonly kind: "empty"; readonly bytes: bigint }
  /** Bytes at a stack's top that cannot be written: what overflows it faults. */
  | { readonly kind: "guard"; readonly bytes: bigint };

/** What lies between a block and the one before it. */
export interface MapBetween {
  /** How many bytes; 0 for neighbors that touch, less for stacks that overlap. */
  readonly bytes: bigint;
  /**
   * Whether what overflows the upper one faults before it reaches the other; `null` if nobody knows
   * where it begins, or one of them has been freed and it does not matter any more.
   */
  readonly guarded: boolean | null;
}

/** Lines that belong together: those of one stack, or code. */
export interface MapBlock {
  /** The stack, or `null` for lines that are on none. */
  readonly stack: MapStack | null;
  /** What lies between it and the block before; `null` unless both are stacks. */
  readonly before: MapBetween | null;
  /** Lines, lowest address first. */
  readonly rows: readonly MapRow[];
}

/** Parts of a map. */
export type MapSectionKind = MapRegion["kind"] | "data";

/** One part of a map. */
export interface MapSection {
  /** Which part: code, stacks in the program's own data, stacks it allocated, threads' stacks. */
  readonly kind: MapSectionKind;
  /** Blocks, lowest address first. */
  readonly blocks: readonly MapBlock[];
}

/** Bytes up to which two lines are neighbors: a frame record, with nothing between. */
const ADJACENT = 16n;

/** Order of the parts. */
const SECTIONS = ["text", "data", "heap", "stack"] as const;

type Place = Extract<MapRow, { kind: "point" }>;

/** Lays a map out: its parts that have something in them, in their order. */
export function layoutMap(map: StackMap, marks: readonly MapMark[] = []): MapSection[] {
  const places = placesOf(map, marks);
  return SECTIONS.map((kind) => {
    const blocks: { readonly stack: MapStack | null; readonly places: Place[] }[] = [];
    const loose = places.filter((each) => each.stack === null && sectionOf(map, each) === kind);
    if (loose.length > 0) blocks.push({ stack: null, places: loose.map(({ place }) => place) });
    for (const stack of map.stacks) {
      if (sectionAt(map, stack.top) !== kind) continue;
      const own = places.filter((each) => each.stack === stack);
      if (own.length === 0) continue;
      blocks.push({ stack, places: own.map(({ place }) => place) });
    }
    return {
      kind,
      blocks: blocks.map(({ stack, places }, i) => ({
        stack,
        before: between(map, blocks[i - 1]?.stack ?? null, { stack, places }),
        rows: rowsOf(stack?.freed ? null : map, places),
      })),
    };
  }).filter(({ blocks }) => blocks.length > 0);
}

interface Placed {
  readonly stack: MapStack | null;
  readonly place: Place;
}

/** Points with their marks, and marks that are at no point, lowest address first. */
function placesOf(map: StackMap, marks: readonly MapMark[]): Placed[] {
  const marksAt = (address: bigint) =>
    marks.filter((mark) => mark.address === address).map(({ text }) => text);
  const placed: Placed[] = map.points.map(({ address, text, kind, stack }) => {
    // Bottoms are addresses behind the stack, where its neighbor may begin.
    const isEdge = kind === "stack-bottom" || kind === "stack-top";
    const marked = isEdge ? [] : marksAt(address).filter((mark) => mark !== text);
    const owner = map.stacks.find(({ id }) => id === stack) ?? stackAt(map, address);
    const isFreed = kind === "stack-top" && owner !== null && owner.freed !== null;
    const told = isFreed ? `${text}, freed` : text;
    const place: Place = { kind: "point", address, text: told, place: kind, marks: marked };
    return { stack: owner, place };
  });
  const isTold = ({ place }: Placed) => place.marks.length > 0 || place.place === "crash";
  const told = new Set(placed.filter(isTold).map(({ place }) => place.address));
  for (const { address } of marks) {
    if (told.has(address)) continue;
    told.add(address);
    const text = marksAt(address).join(", ");
    const place: Place = { kind: "point", address, text, place: "mark", marks: [] };
    placed.push({ stack: stackAt(map, address), place });
  }
  const edge = ({ place }: Placed) =>
    place.place === "stack-top" ? 0 : place.place === "stack-bottom" ? 2 : 1;
  return placed.map((each, i) => ({ each, i })).sort((a, b) =>
    compare(a.each.place.address, b.each.place.address) || edge(a.each) - edge(b.each) || a.i - b.i
  ).map(({ each }) => each);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function stackAt(map: StackMap, address: bigint): MapStack | null {
  return map.stacks.find(({ top, bottom }) => top <= address && address < bottom) ?? null;
}

function regionAt(map: StackMap, address: bigint): MapRegion | null {
  return map.regions.find(({ begin, end }) => begin <= address && address < end) ?? null;
}

/** Part of a stack; there are none in a program's code. */
function sectionAt(map: StackMap, address: bigint): MapSectionKind {
  const kind = regionAt(map, address)?.kind ?? "heap";
  return kind === "text" ? "data" : kind;
}

/** Code is text wherever it lies, and so is what lies nowhere. */
function sectionOf(map: StackMap, { place }: Placed): MapSectionKind {
  if (place.place === "code") return "text";
  return regionAt(map, place.address)?.kind ?? "text";
}

/** Address at or behind `from`, and before `to`, that cannot be written; `to` if all can be. */
function firstUnwritable(map: StackMap, from: bigint, to: bigint): bigint {
  let at = from;
  for (const { begin, end, protection } of map.regions) {
    if (begin <= at && at < end && protection.includes("w")) at = end;
  }
  return at < to ? at : to;
}

/** Address at or behind `from`, and before `to`, that can be written; `to` if none can be. */
function firstWritable(map: StackMap, from: bigint, to: bigint): bigint {
  const found = map.regions.find(({ end, protection }) => from < end && protection.includes("w"));
  if (found === undefined || found.begin >= to) return to;
  return found.begin < from ? from : found.begin;
}

function between(
  map: StackMap,
  below: MapStack | null,
  { stack, places }: { readonly stack: MapStack | null; readonly places: readonly Place[] },
): MapBetween | null {
  if (below === null || stack === null) return null;
  const bytes = stack.top - below.bottom;
  if (!stack.allocated || below.freed !== null || stack.freed !== null) {
    return { bytes, guarded: null };
  }
  const used = places.find(({ place }) => place !== "stack-top")?.address ?? stack.bottom;
  return { bytes, guarded: bytes >= 0n && firstUnwritable(map, below.bottom, used) < used };
}

/** Lines of a block; without a map nothing is said of guards. */
function rowsOf(map: StackMap | null, places: readonly Place[]): MapRow[] {
  const rows: MapRow[] = [];
  for (const [i, place] of places.entries()) {
    const before = places[i - 1];
    if (before !== undefined) rows.push(...bytesBetween(map, before, place));
    rows.push(place);
  }
  return rows;
}

function bytesBetween(map: StackMap | null, before: Place, place: Place): MapRow[] {
  if (before.place === "code" || place.place === "code") return [];
  const rows: MapRow[] = [];
  let from = before.address;
  if (map !== null && before.place === "stack-top") {
    const begin = firstWritable(map, from, place.address);
    if (begin > from) rows.push({ kind: "guard", bytes: begin - from });
    from = begin;
  }
  const bytes = place.address - from;
  const isFree = before.place === "stack-top" &&
    (place.place === "stack-pointer" || place.place === "mark" || place.place === "stack-bottom");
  if (isFree && bytes > 0n) rows.push({ kind: "empty", bytes });
  else if (bytes > ADJACENT) rows.push({ kind: "gap", bytes });
  return rows;
}
