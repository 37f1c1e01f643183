/**
 * Goes on from images that another process has taken: reads cases from standard input, and prints
 * for each the difference from how it should end, or null.
 *
 * @module
 */
import {
  advance,
  difference,
  type GuestImage,
  openGuest,
  restoreGuest,
  saveGuest,
} from "./random_guest.ts";

/** Where a run goes on, how far, and where it ends. */
export interface PortableCase {
  /** The instant. */
  readonly image: GuestImage;
  /** Instructions to execute. */
  readonly instructions: number;
  /** How it should end. */
  readonly end: GuestImage;
}

/** A case as JSON has it: bytes in base64. */
export type EncodedCase = ReturnType<typeof encodeCase>;

/** Makes a case fit for JSON. */
export function encodeCase({ image, instructions, end }: PortableCase) {
  return { image: encodeImage(image), instructions, end: encodeImage(end) };
}

function encodeImage({ cpu, ram }: GuestImage) {
  return { cpu: { ...cpu, state: cpu.state.toBase64() }, ram: ram.toBase64() };
}

function decodeImage({ cpu, ram }: ReturnType<typeof encodeImage>): GuestImage {
  return {
    cpu: { ...cpu, state: Uint8Array.fromBase64(cpu.state) },
    ram: Uint8Array.fromBase64(ram),
  };
}

if (import.meta.main) {
  const cases: EncodedCase[] = await new Response(Deno.stdin.readable).json();
  const results = cases.map(({ image, instructions, end }) => {
    const start = decodeImage(image);
    using guest = openGuest(start.cpu.arch);
    restoreGuest(guest, start);
    advance(guest, instructions);
    return difference(decodeImage(end), saveGuest(guest)) ?? null;
  });
  console.log(JSON.stringify(results));
}
