/**
 * States of floating point to begin with, as FXSAVE images (SDM vol. 1, 10.5.1).
 *
 * @module
 */

import { Random } from "../../../../util/random.ts";

/** Bytes of an image. */
export const FXSAVE_SIZE = 512;

const MASKED_X87 = 0x037f;
const MASKED_SSE = 0x1f80;
/** Zero divide and invalid operation, the two lowest but one of the six, are not masked. */
const UNMASKED_X87 = 0x037a;
const ROUND_UP = 0x0800;

/** A number as the x87 unit's 80 bits: significand and exponent with sign. */
type Extended = readonly [significand: bigint, exponent: number];

function extended(value: number): Extended {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const sign = Number(bits >> 63n) << 15;
  const exponent = Number(bits >> 52n & 0x7ffn);
  if (exponent === 0) return [0n, sign];
  const significand = (1n << 63n) | (bits & (1n << 52n) - 1n) << 11n;
  return [significand, exponent === 0x7ff ? sign | 0x7fff : sign | (exponent - 1023 + 16383)];
}

const NUMBERS = [1.5, -2.25, 0.1, 1e10, -7, 3.14159, 12345.678, 0.5].map(extended);
const MIXED: readonly Extended[] = [
  extended(0),
  extended(-Infinity),
  [0xc000_0000_0000_1234n, 0x7fff], // quiet NaN
  [0x8000_0000_0000_1234n, 0xffff], // signaling NaN
  [0x1234n, 0], // denormal
  extended(-0),
  [0x4000_0000_0000_0000n, 0x4000], // unnormal, which is invalid
  extended(1e300),
];

interface Parts {
  readonly control?: number;
  readonly status?: number;
  readonly tags?: number;
  readonly mxcsr?: number;
  readonly stack?: readonly Extended[];
  readonly vectors?: (view: DataView, at: number, index: number) => void;
}

const random = new Random(5);

function randomBits(view: DataView, at: number): void {
  for (let i = 0; i < 16; i += 4) view.setUint32(at + i, random.next(), true);
}

/** Doubles in the even registers, singles in the odd ones; zero, NaN and a denormal among them. */
function numbers(view: DataView, at: number, index: number): void {
  const doubles = [1.5, -3e100, 0, NaN, 0.1, 5e-310, Infinity, -7.75];
  for (let i = 0; i < 2; i++) {
    view.setFloat64(at + 8 * i, doubles[(index * 3 + i) % doubles.length]!, true);
  }
  if (index % 2 === 0) return;
  const singles = [2.5, -0, 1e-40, 3e38, NaN, 0.3, -Infinity, 6];
  for (let i = 0; i < 4; i++) {
    view.setFloat32(at + 4 * i, singles[(index * 2 + i) % singles.length]!, true);
  }
}

function image(parts: Parts): Uint8Array {
  const bytes = new Uint8Array(FXSAVE_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, parts.control ?? MASKED_X87, true);
  view.setUint16(2, parts.status ?? 0, true);
  bytes[4] = parts.tags ?? 0;
  view.setUint32(24, parts.mxcsr ?? MASKED_SSE, true);
  view.setUint32(28, 0xffff, true);
  parts.stack?.forEach(([significand, exponent], i) => {
    view.setBigUint64(32 + 16 * i, significand, true);
    view.setUint16(40 + 16 * i, exponent, true);
  });
  for (let i = 0; i < 16; i++) (parts.vectors ?? randomBits)(view, 160 + 16 * i, i);
  return bytes;
}

/** The images by name. */
export const FP_IMAGES: Readonly<Record<string, Uint8Array>> = {
  "plain": image({}),
  "sse bits": image({}),
  "sse numbers": image({ vectors: numbers, mxcsr: MASKED_SSE | 0x4000 }), // rounds up
  "sse unmasked": image({ vectors: numbers, mxcsr: 0 }),
  "x87 empty": image({}),
  "x87 half": image({ stack: NUMBERS, tags: 0x1f }),
  "x87 full": image({ stack: NUMBERS, tags: 0xff, status: 0x3800 }),
  "x87 mixed": image({ stack: MIXED, tags: 0xbf, control: MASKED_X87 | ROUND_UP }),
  "x87 unmasked": image({ stack: [...MIXED].reverse(), tags: 0x7f, control: UNMASKED_X87 }),
  // A zero divide is waiting for the next instruction that looks at exceptions.
  "x87 pending": image({ stack: NUMBERS, tags: 0x3f, control: UNMASKED_X87, status: 0xb884 }),
};
