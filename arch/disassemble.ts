/**
 * Machine code in words, by Capstone.
 *
 * Capstone is WebAssembly of almost two megabytes: it is loaded when the first instruction is
 * disassembled and not before.
 *
 * @module
 */

import type { Capstone } from "capstone-wasm";
import type { ArchName } from "./arch.ts";
import { ArchError } from "./errors.ts";

/** One disassembled instruction. */
export interface Instruction {
  /** Virtual address of its first byte. */
  readonly address: bigint;
  /** Bytes it takes, 1 to 15. */
  readonly size: number;
  /**
   * Mnemonic and operands, x86-64 in Intel's syntax. Bytes that are no instruction read `.inst 0x…`
   * or `.byte 0x…`.
   */
  readonly text: string;
}

/** Options of {@linkcode disassemble}. */
export interface DisassembleOptions {
  /** Architecture of the code. */
  readonly arch: ArchName;
  /** Virtual address of the first byte, 0 (default) to 2^64 − 1. Addresses wrap around at 2^64. */
  readonly address?: bigint;
  /** Most instructions to disassemble, a positive integer; by default there is no limit. */
  readonly limit?: number;
}

/** What of an architecture disassembly depends on. */
interface Traits {
  /** Length of the longest instruction. */
  readonly longest: number;
  /** Bytes to step over when they are no instruction. */
  readonly step: number;
  /** Opens Capstone's decoder. */
  open(library: Library): Capstone;
}

type Library = typeof import("capstone-wasm");

const TRAITS: Readonly<Record<ArchName, Traits>> = {
  x86_64: {
    longest: 15,
    step: 1,
    open: ({ Capstone, Const }) => new Capstone(Const.CS_ARCH_X86, Const.CS_MODE_64),
  },
  aarch64: {
    longest: 4,
    step: 4,
    open: ({ Capstone, Const }) => new Capstone(Const.CS_ARCH_ARM64, Const.CS_MODE_LITTLE_ENDIAN),
  },
};

/** Capstone takes its input on a stack of 64 KiB. */
const CHUNK = 4096;

const decoders = new Map<ArchName, Promise<Capstone>>();

/** Opens the decoder of an architecture, once; it is kept for as long as the process lives. */
function decoderOf(arch: ArchName): Promise<Capstone> {
  let decoder = decoders.get(arch);
  if (decoder === undefined) {
    decoder = open(arch);
    // A failure to load, for want of a network say, may pass.
    decoder.catch(() => decoders.delete(arch));
    decoders.set(arch, decoder);
  }
  return decoder;
}

async function open(arch: ArchName): Promise<Capstone> {
  const library = await import("capstone-wasm");
  await library.loadCapstone();
  return TRAITS[arch].open(library);
}

/**
 * Disassembles machine code, from its first byte to its last. Whatever the bytes are, the
 * instructions' sizes add up to their number, unless the limit ends the list before.
 *
 * @example A routine of the guest kernel
 * ```ts
 * // deno run --allow-read example.ts
 * import { aarch64, disassemble } from "@trapline/trapline/arch";
 *
 * const { elf } = aarch64.image;
 * const { value: address, size } = elf.symbolNamed("switch_context")!;
 * const text = elf.section(".text")!;
 * const start = Number(address - text.address);
 * const code = elf.sectionData(text).subarray(start, start + Number(size));
 * for (const { text } of await disassemble(code, { arch: "aarch64", address })) console.log(text);
 * ```
 *
 * @param bytes the code
 * @throws {ArchError} of kind `misuse` if the architecture, the address or the limit is not one
 */
export async function disassemble(
  bytes: Uint8Array,
  options: DisassembleOptions,
): Promise<Instruction[]> {
  const { arch, address = 0n, limit = Number.MAX_SAFE_INTEGER } = options;
  if (!Object.hasOwn(TRAITS, arch)) {
    throw new ArchError("misuse", `Cannot disassemble code for "${arch}": unknown architecture`);
  }
  if (!(bytes instanceof Uint8Array)) {
    throw new ArchError("misuse", `Cannot disassemble ${typeof bytes}: not a Uint8Array`);
  }
  if (typeof address !== "bigint" || address !== BigInt.asUintN(64, address)) {
    throw new ArchError("misuse", `Cannot disassemble at address ${address}: not 64 bits`);
  }
  if (!Number.isSafeInteger(limit) || limit <= 0) {
    throw new ArchError(
      "misuse",
      `Cannot disassemble ${limit} instructions: not a positive integer`,
    );
  }
  const decoder = await decoderOf(arch);
  const result: Instruction[] = [];
  for (let offset = 0; offset < bytes.length && result.length < limit;) {
    const place = { arch, address: BigInt.asUintN(64, address + BigInt(offset)) };
    const chunk = bytes.subarray(offset, offset + CHUNK);
    const found = decode(decoder, chunk, { ...place, limit: limit - result.length });
    for (const instruction of found) {
      result.push(instruction);
      offset += instruction.size;
    }
  }
  return result;
}

/**
 * Decodes up to the first bytes that are no instruction; if those come first, takes them for data.
 */
function decode(
  decoder: Capstone,
  chunk: Uint8Array,
  { arch, address, limit }: { arch: ArchName; address: bigint; limit: number },
): Instruction[] {
  const { longest, step } = TRAITS[arch];
  const result: Instruction[] = [];
  let at = address;
  for (const { size, mnemonic, opStr } of tryDecode(decoder, chunk, { address, count: limit })) {
    // The library's own address is a signed number.
    result.push({ address: at, size, text: opStr === "" ? mnemonic : `${mnemonic} ${opStr}` });
    at = BigInt.asUintN(64, at + BigInt(size));
  }
  if (result.length > 0) return result;
  const size = chunk.length < longest ? Math.min(step, chunk.length) : step;
  return [{ address, size, text: data(chunk.subarray(0, size)) }];
}

type Decoded = ReturnType<Capstone["disasm"]>;

function tryDecode(
  decoder: Capstone,
  chunk: Uint8Array,
  options: { address: bigint; count: number },
): Decoded {
  // Zero means no limit; the library's counter has 32 bits.
  const count = Math.min(options.count, chunk.length);
  try {
    return decoder.disasm(chunk, { address: options.address, count });
  } catch {
    // The library throws, with a message that says OK, when the first bytes are no instruction.
    return [];
  }
}

function data(bytes: Uint8Array): string {
  const digits = (byte: number): string => byte.toString(16).padStart(2, "0");
  if (bytes.length === 4) return `.inst 0x${Array.from(bytes, digits).reverse().join("")}`;
  return `.byte ${Array.from(bytes, (byte) => `0x${digits(byte)}`).join(", ")}`;
}
