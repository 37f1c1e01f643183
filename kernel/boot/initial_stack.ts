/**
 * The stack a program starts on, as in the System V ABI: argc, argv, a null pointer, an empty
 * environment, the auxiliary vector, then the strings.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import type { Program } from "../program/loader.ts";

/** Types of the entries of an auxiliary vector. */
const AT = { NULL: 0, PHDR: 3, PHENT: 4, PHNUM: 5, PAGESZ: 6, ENTRY: 9, RANDOM: 25 } as const;
/** Bytes of a program header. */
const HEADER_SIZE = 56n;

/** What a program is told of itself, in pairs of type and value. */
export function auxiliaryVector(
  { entry, headers }: Program,
  { top, random }: { top: bigint; random: Uint8Array | null },
): bigint[] {
  const pairs: [number, bigint][] = [[AT.PAGESZ, BigInt(PAGE_SIZE)], [AT.ENTRY, entry]];
  if (headers !== null) {
    const { address, count } = headers;
    pairs.push([AT.PHDR, address], [AT.PHENT, HEADER_SIZE], [AT.PHNUM, BigInt(count)]);
  }
  if (random !== null) pairs.push([AT.RANDOM, top - BigInt(random.length)]);
  pairs.push([AT.NULL, 0n]);
  return pairs.flatMap(([type, value]) => [BigInt(type), value]);
}

/**
 * Lays the initial stack out.
 * @param argv arguments; the first is the program's name
 * @param options `top` is one past the highest address of the stack; `program` what is started;
 *   `random` the bytes that a program of Linux's ABI finds by AT_RANDOM, at the end of the stack
 * @returns its bytes and the stack pointer, a multiple of 16, at which they go
 */
export function initialStack(
  argv: readonly string[],
  options: { top: bigint; program: Program; random?: Uint8Array | null },
): { bytes: Uint8Array; sp: bigint } {
  const { top, program, random = null } = options;
  const randomBytes = random?.length ?? 0;
  const strings = argv.map((argument) => new TextEncoder().encode(argument + "\0"));
  const stringBytes = strings.reduce((sum, string) => sum + string.length, 0);
  const auxiliary = auxiliaryVector(program, { top, random });
  const words = 1 + argv.length + 1 + 1 + auxiliary.length;
  const size = (words * 8 + stringBytes + randomBytes + 15) & ~15;
  const sp = top - BigInt(size);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(argv.length), true);
  let at = words * 8;
  strings.forEach((string, i) => {
    view.setBigUint64(8 * (i + 1), sp + BigInt(at), true);
    bytes.set(string, at);
    at += string.length;
  });
  if (random !== null) bytes.set(random, size - randomBytes);
  auxiliary.forEach((word, i) => view.setBigUint64(8 * (argv.length + 3 + i), word, true));
  return { bytes, sp };
}
