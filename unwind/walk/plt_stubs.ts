/**
 * Stubs of procedure linkage tables, known by their instructions: LLD writes no unwind tables for
 * them, no linker does on AArch64, and none for those of static programs.
 *
 * A stub is a leaf: it finds out where to go and jumps there. Only the lazy ones push anything, on
 * the way to the dynamic linker, whose entry expects two words above the return address. LLD's
 * retpolines jump by a return: they call a piece of code that replaces its return address.
 *
 * @module
 */
import type { Machine } from "../../elf/mod.ts";
import type { CodeBytes } from "./code_bytes.ts";

/**
 * What {@linkcode pushedByStub} gives at the return of a retpoline: one word more than the stub it
 * belongs to, which only the stack can tell.
 */
export const RETPOLINE_RETURN = -1;

/**
 * Bytes that the stub around an address has pushed when it is there; undefined if no stub is around
 * it. At a return address only stubs that call are looked for.
 */
export function pushedByStub(
  machine: Machine,
  code: CodeBytes,
  isReturnAddress: boolean,
): number | undefined {
  if (machine === "x86_64") return pushedX86(isReturnAddress ? BEHIND_CALLS : ANYWHERE, code);
  return isReturnAddress ? undefined : pushedArm(code);
}

/** A stub: all of its bytes, −1 for any, and where its instructions begin. */
interface Stub {
  readonly bytes: readonly number[];
  /** Offset of each instruction, and how many bytes were pushed before it. */
  readonly instructions: readonly { readonly at: number; readonly pushed: number }[];
}

const ANY = "?? ?? ?? ??";
const ENDBR64 = "f3 0f 1e fa";
const JUMP_THROUGH = `ff 25 ${ANY}`;
const PUSH_INDEX = `68 ${ANY}`;

/** A stub of these parts; one with a negative infinity is no instruction that is ever reached. */
function stub(...parts: readonly (readonly [bytes: string, pushed: number])[]): Stub {
  const bytes: number[] = [];
  const instructions = parts.map(([text, pushed]) => {
    const at = bytes.length;
    for (const byte of text.split(" ")) bytes.push(byte === "??" ? -1 : parseInt(byte, 16));
    return { at, pushed };
  });
  return { bytes, instructions: instructions.filter(({ pushed }) => pushed !== -Infinity) };
}

const MOV_R11 = `4c 8b 1d ${ANY}`;
const FILLER = "cc cc cc cc";
/** What waits for a processor that guesses that the return goes where the call came from. */
const TRAP = "f3 90 0f ae e8 eb f9"; // 1: pause; lfence; jmp 1b

/**
 * Retpolines of LLD: `mov` the target to R11, then call code that puts it in place of its return
 * address, and returns. What stands behind the call is only ever a return address.
 */
const RETPOLINES: readonly Stub[] = [
  // The header, and the code that is called, 16 bytes aligned.
  stub([`ff 35 ${ANY}`, 8], [MOV_R11, 16], ["e8 0e 00 00 00", 16], [TRAP, 16]),
  stub(
    [`eb f9 ${FILLER} cc cc cc`, -Infinity],
    ["4c 89 1c 24", 0], // mov %r11, (%rsp)
    ["c3", RETPOLINE_RETURN],
  ),
  // Lazy: call, go back to the trap, push the index, go to the header.
  stub([MOV_R11, 0], [`e8 ${ANY}`, 0], [`e9 ${ANY}`, 0], [PUSH_INDEX, 0], [`e9 ${ANY}`, 8]),
  // Bound: the header is the call.
  stub(["e8 0b 00 00 00", 0], [TRAP, 0]),
  stub(
    [`eb f9 ${FILLER}`, -Infinity],
    ["4c 89 1c 24", 0], // mov %r11, (%rsp)
    ["c3", RETPOLINE_RETURN],
  ),
  stub([MOV_R11, 0], [`e9 ${ANY}`, 0], [FILLER, -Infinity]),
];

/**
 * Stubs of x86-64 (psABI 5.2, and with the prefixes of IBT and MPX as linkers write them). One that
 * is part of another comes after it.
 */
const STUBS_X86: readonly Stub[] = [
  // The header: push the object's number, jump to the dynamic linker. The index is pushed already.
  stub([`ff 35 ${ANY}`, 8], [JUMP_THROUGH, 16]),
  stub([`ff 35 ${ANY}`, 8], [`f2 ${JUMP_THROUGH}`, 16]),
  // Lazy: the first time, the jump leads to the next instruction.
  stub([JUMP_THROUGH, 0], [PUSH_INDEX, 0], [`e9 ${ANY}`, 8]),
  // With IBT, the lazy part stands apart.
  stub([ENDBR64, 0], [PUSH_INDEX, 0], [`e9 ${ANY}`, 8]),
  stub([ENDBR64, 0], [PUSH_INDEX, 0], [`f2 e9 ${ANY}`, 8]),
  stub([PUSH_INDEX, 0], [`f2 e9 ${ANY}`, 8]),
  // Bound at load time: `.plt.got`, `.plt.sec`, static programs.
  stub([ENDBR64, 0], [JUMP_THROUGH, 0]),
  stub([ENDBR64, 0], [`f2 ${JUMP_THROUGH}`, 0]),
  stub([`f2 ${JUMP_THROUGH}`, 0]),
  stub([JUMP_THROUGH, 0]),
  ...RETPOLINES,
];

/** An instruction of a stub, to be looked for by its first byte. */
interface Candidate {
  readonly bytes: readonly number[];
  readonly at: number;
  readonly pushed: number;
}

function byFirstByte(stubs: readonly Stub[]): ReadonlyMap<number, readonly Candidate[]> {
  const map = new Map<number, Candidate[]>();
  for (const { bytes, instructions } of stubs) {
    for (const { at, pushed } of instructions) {
      const first = bytes[at]!;
      const known = map.get(first);
      if (known === undefined) map.set(first, [{ bytes, at, pushed }]);
      else known.push({ bytes, at, pushed });
    }
  }
  return map;
}

const ANYWHERE = byFirstByte(STUBS_X86);
const BEHIND_CALLS = byFirstByte(RETPOLINES);

function pushedX86(
  candidates: ReadonlyMap<number, readonly Candidate[]>,
  code: CodeBytes,
): number | undefined {
  return candidates.get(code.byte(0))?.find(({ bytes, at }) => code.has(-at, bytes))?.pushed;
}

/** `stp x16, x30, [sp, #-16]!`, with which the header begins. */
const STP_X16_X30 = 0xa9bf7bf0;

/** More instructions than a stub has. */
const MOST_WORDS = 8;

/**
 * Stubs of AArch64 compute an address in x16 and x17 and branch to it, with or without BTI and PAC,
 * and so do veneers of branches that reach too far. The link register stays as it is in all of
 * them; the header saves it all the same, with the place of the function's address.
 */
function pushedArm(code: CodeBytes): number | undefined {
  let at = 0;
  while (at < 4 * MOST_WORDS && isPreparation(code.word(at))) at += 4;
  if (!isBranchAway(code.word(at))) return undefined;
  for (let back = -4; back >= -4 * MOST_WORDS; back -= 4) {
    const word = code.word(back);
    if (word === STP_X16_X30) return 16;
    if (!isPreparation(word)) return 0;
  }
  return 0;
}

/** `br x16` or `br x17`. */
function isBranchAway(word: number): boolean {
  return word === 0xd61f0200 || word === 0xd61f0220;
}

/**
 * An instruction that computes x16 or x17 from nothing else, or keeps the header's, or a hint:
 * `bti`, `autia1716`.
 */
function isPreparation(word: number): boolean {
  if (word < 0) return false;
  if (word === STP_X16_X30) return true;
  if ((word & 0xfffff01f) >>> 0 === 0xd503201f) return true;
  if (!isScratch(word & 31)) return false;
  const isAddress = (word & 0x1f000000) === 0x10000000; // adr, adrp
  const isLiteral = word >>> 24 === 0x58; // ldr x16, label
  const isMove = word >>> 23 === 0x1a5 || word >>> 23 === 0x1e5; // movz, movk
  if (isAddress || isLiteral || isMove) return true;
  if (!isScratch(word >>> 5 & 31)) return false;
  const isLoad = word >>> 22 === 0x3e5; // ldr x17, [x16, #…]
  const isAdd = word >>> 23 === 0x122; // add x16, x16, #…
  const isSum = word >>> 21 === 0x458 && isScratch(word >>> 16 & 31); // add x16, x16, x17
  return isLoad || isAdd || isSum;
}

function isScratch(register: number): boolean {
  return register === 16 || register === 17;
}
