/**
 * Bytes of a value, some of which may not be there.
 *
 * @module
 */
import type { Location, Piece } from "../expression/location.ts";
import type { Absence } from "../types/absence.ts";
import type { ValueContext } from "../frame/value_context.ts";
import { readMemory } from "../frame/memory.ts";
import { registerName } from "../../../unwind/cfi/mod.ts";

/** Bits that are not there. */
export interface Hole {
  /** The first. */
  readonly begin: number;
  /** The one after the last. */
  readonly end: number;
  /** Why. */
  readonly absence: Absence;
}

/** Bytes, and which bits of them are not there. */
export interface Contents {
  /** The bytes, zero in holes. */
  readonly bytes: Uint8Array;
  /** Bits that are not there, in order. */
  readonly holes: readonly Hole[];
}

/** Reads parts of a value where it is. */
export interface Storage {
  /** Address of the first byte, if all of it is in memory. */
  readonly address: bigint | undefined;
  /** Bits from `begin` on. */
  read(begin: number, bits: number): Contents;
}

/** Bytes that are known. */
export function known(bytes: Uint8Array): Storage {
  return {
    address: undefined,
    read(begin, bits) {
      const missing = begin + bits - 8 * bytes.length;
      if (missing <= 0) return { bytes: cut(bytes, begin, bits), holes: [] };
      const reason = `Value has ${bytes.length} bytes, the type has more`;
      return nothing(bits, { state: "error", reason });
    },
  };
}

/** A value of which nothing is there. */
export function absent(absence: Absence): Storage {
  return { address: undefined, read: (_, bits) => nothing(bits, absence) };
}

/** What is in memory at an address. */
export function inMemory(context: ValueContext, address: bigint): Storage {
  const { memory } = context.frame;
  return {
    address: BigInt.asUintN(64, address),
    read(begin, bits) {
      const first = Math.floor(begin / 8);
      const size = Math.ceil((begin + bits) / 8) - first;
      const from = BigInt.asUintN(64, address + BigInt(first));
      const { bytes, missing } = readMemory(memory, from, size);
      const shift = begin - 8 * first;
      const holes = missing.map(([start, end]): Hole => {
        const at = BigInt.asUintN(64, from + BigInt(start));
        return {
          begin: Math.max(0, 8 * start - shift),
          end: Math.min(bits, 8 * end - shift),
          absence: {
            state: "unavailable",
            cause: "memory",
            reason: `Cannot read 0x${at.toString(16)}`,
          },
        };
      });
      return { bytes: cut(bytes, shift, bits), holes };
    },
  };
}

/** What a location says. */
export function located(context: ValueContext, location: Location): Storage {
  switch (location.type) {
    case "value":
      return inMemory(context, location.value);
    case "implicit":
      return known(location.bytes);
    case "empty":
      return absent({ state: "optimized-out" });
    case "implicit-pointer": {
      const { entry, offset } = location;
      return absent({ state: "synthetic", entry, offset });
    }
    case "register":
      return inRegister(context, location.register);
    case "pieces":
      return inPieces(context, location.pieces);
  }
}

function inRegister(context: ValueContext, register: number): Storage {
  return {
    address: undefined,
    read(begin, bits) {
      const size = Math.ceil((begin + bits) / 8);
      const bytes = context.registerBytes(register, size);
      if (bytes !== undefined) return { bytes: cut(bytes, begin, bits), holes: [] };
      const name = registerName(context.frame.machine, register);
      const isWhole = context.frame.register(register) !== undefined ||
        context.frame.vector(register) !== undefined;
      const reason = isWhole
        ? `Register ${name} has fewer than ${size} bytes here`
        : `Register ${name} was not saved`;
      return nothing(bits, { state: "unavailable", cause: "register", reason });
    },
  };
}

function inPieces(context: ValueContext, pieces: readonly Piece[]): Storage {
  return {
    address: undefined,
    read(begin, bits) {
      const bytes = new Uint8Array(Math.ceil(bits / 8));
      const holes: Hole[] = [];
      let at = 0;
      for (const { location, bits: size, offset } of pieces) {
        const from = Math.max(at, begin);
        const to = Math.min(at + size, begin + bits);
        if (from < to) {
          const part = located(context, location).read(offset + from - at, to - from);
          place(part, { bytes, holes, at: from - begin, bits: to - from });
        }
        at += size;
      }
      if (at < begin + bits) {
        const first = Math.max(0, at - begin);
        const absence: Absence = { state: "optimized-out", isUnmentioned: true };
        holes.push({ begin: first, end: bits, absence });
      }
      return { bytes, holes };
    },
  };
}

function place(
  part: Contents,
  to: {
    readonly bytes: Uint8Array;
    readonly holes: Hole[];
    readonly at: number;
    readonly bits: number;
  },
): void {
  const { at, bits } = to;
  if (at % 8 === 0 && bits % 8 === 0) to.bytes.set(part.bytes.subarray(0, bits / 8), at / 8);
  else {
    for (let i = 0; i < bits; i++) {
      const bit = part.bytes[i >> 3]! >> (i & 7) & 1;
      to.bytes[(at + i) >> 3]! |= bit << ((at + i) & 7);
    }
  }
  for (const { begin, end, absence } of part.holes) {
    to.holes.push({ begin: at + begin, end: at + end, absence });
  }
}

/** Bits of bytes, moved to the beginning. */
function cut(bytes: Uint8Array, begin: number, bits: number): Uint8Array {
  const size = Math.ceil(bits / 8);
  if (begin % 8 === 0) {
    const part = bytes.subarray(begin / 8, begin / 8 + size);
    if (bits % 8 === 0) return part;
    const last = part.slice();
    last[size - 1]! &= (1 << bits % 8) - 1;
    return last;
  }
  const part = new Uint8Array(size);
  for (let i = 0; i < bits; i++) {
    const from = begin + i;
    part[i >> 3]! |= (bytes[from >> 3]! >> (from & 7) & 1) << (i & 7);
  }
  return part;
}

function nothing(bits: number, absence: Absence): Contents {
  return {
    bytes: new Uint8Array(Math.ceil(bits / 8)),
    holes: [{ begin: 0, end: bits, absence }],
  };
}
