/**
 * The memory cases run in, the same natively and in a guest: code in slots, pages of data of every
 * kind beside each other, and a stack.
 *
 * @module
 */

import { Random } from "../../../../util/random.ts";
import type { Operand } from "./snippet.ts";

/** Bytes of a page. */
export const PAGE = 4096;

/** Protection of pages, as bits of `mmap`. */
export const Protection = { READ: 1, WRITE: 2, EXECUTE: 4 } as const;

/** Pages with the same protection. */
export interface Region {
  /** First address. */
  readonly address: number;
  /** Bits of {@linkcode Protection}. */
  readonly protection: number;
  /** What they hold, a multiple of a page. */
  readonly bytes: Uint8Array;
}

/** Where slots of code begin. */
export const CODE = 0x1000_0000;
/** Bytes of a slot; what the code leaves is INT3. */
export const SLOT = 64;
/** Where code begins that crosses from a page into another. */
export const EDGES = 0x2000_0000;

const DATA = 0x3000_0000;
const STACK = 0x3001_0000;
const RW = Protection.READ | Protection.WRITE;
/** The pages of data in order: two that can be written, a hole, one that cannot, and so on. */
const PAGES = [RW, RW, 0, Protection.READ, 0, RW, Protection.READ] as const;
const [, SECOND, HOLE, CONSTANT, , LAST, CONSTANT_AFTER] = PAGES.map((_, i) => DATA + i * PAGE);
const NON_CANONICAL = 0x8000_0000_0000n;
const KERNEL = 0xffff_8000_0000_0000n;

/** Data and stack, filled with bytes that are the same in every run. */
export function dataRegions(): Region[] {
  const random = new Random(11);
  const page = () => Uint8Array.from({ length: PAGE }, () => random.next() & 0xff);
  const regions = PAGES.flatMap((protection, i) =>
    protection === 0 ? [] : [{ address: DATA + i * PAGE, protection, bytes: page() }]
  );
  return [...regions, { address: STACK, protection: RW, bytes: page() }];
}

/** RSP of cases that do not try the stack. */
export const STACK_POINTER = BigInt(STACK + 0x800);

/** Where an operand lies. */
export interface Place {
  /** A name for it. */
  readonly name: string;
  /** Its address. */
  readonly address: bigint;
}

/** Every kind of place for an operand, or one element of a string, of a size. */
export function places(size: number): Place[] {
  const half = Math.ceil(size / 2);
  const crossing = size > 1
    ? [
      ["into mapped", SECOND! - half],
      ["into absent", HOLE! - half],
      ["into read-only", CONSTANT_AFTER! - half],
      ["out of absent", LAST! - half],
    ] as const
    : [];
  return [
    ...([
      ["mapped", DATA + 0x100],
      ["misaligned", DATA + 0x141],
      ["read-only", CONSTANT! + 0x100],
      ["absent", HOLE! + 0x800],
      ...crossing,
    ] as const).map(([name, address]) => ({ name, address: BigInt(address) })),
    { name: "non-canonical", address: NON_CANONICAL + 0x100n },
    { name: "kernel", address: KERNEL + 0x100n },
  ];
}

/** Registers of addresses by number. */
const RSP = 4;
const RSI = 6;
const RDI = 7;

/** Elements a string has before it comes to the end of a page. */
const BEFORE_END = 3;

/** Where a snippet's operand may lie: the registers that say so, for each name. */
export function operandPlaces(
  { kind, size }: Operand,
  down: boolean,
): { name: string; registers: Record<number, bigint> }[] {
  if (kind === "data") {
    return places(size).map(({ name, address }) => ({ name, registers: { [RDI]: address } }));
  }
  if (kind === "push" || kind === "pop") {
    const above = kind === "push" ? BigInt(size) : 0n;
    return places(size).map(({ name, address }) => ({
      name,
      registers: { [RSP]: address + above },
    }));
  }
  const good = { source: BigInt(DATA + 0x200), destination: BigInt(DATA + 0x400) };
  const strings = stringPlaces(size, down);
  const named = (name: string, source: bigint, destination: bigint) => ({
    name,
    registers: { [RSI]: source, [RDI]: destination },
  });
  const from = strings.map(({ name, address }) => named(`from ${name}`, address, good.destination));
  const to = strings.map(({ name, address }) => named(`to ${name}`, good.source, address));
  if (kind === "load-string") return from;
  if (kind === "store-string") return to;
  const overlap = named("overlapping", good.source, good.source + 2n);
  const bad = named("both absent", BigInt(HOLE! + 0x800), BigInt(HOLE! + 0x900));
  return [...from, ...to, overlap, bad];
}

/** Places of strings that begin well and run into another page. */
function stringPlaces(size: number, down: boolean): Place[] {
  const run = size * BEFORE_END;
  const places_ = places(size);
  const ends: [string, number, number][] = [
    ["running into absent", HOLE! - run, LAST! + run - size],
    ["running into read-only", CONSTANT_AFTER! - run, CONSTANT_AFTER! + run - size],
    ["running askew into absent", HOLE! - run - 1, LAST! + run - size + 1],
  ];
  const running = ends.map(([name, up, back]) => ({ name, address: BigInt(down ? back : up) }));
  return [...places_, ...running];
}
