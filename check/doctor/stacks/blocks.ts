/**
 * Blocks of a program's code, and what each does with the stack pointer.
 *
 * @module
 */

import type { Arch, StackSource, StackUse } from "../../../arch/mod.ts";

/** What a block's end means to the call stack, as far as the fast way of following needs to know. */
export const BlockKind = {
  /** Nothing: what follows is in the same function, or is jumped to. */
  plain: 0,
  /** It calls. */
  call: 1,
  /** It returns. */
  return: 2,
  /** It gives the stack pointer another value. */
  special: 3,
} as const;

/** Where in a block the stack pointer gets another value. */
export interface StackSet {
  /** Address of the instruction. */
  readonly address: number;
  /** Where it takes the value from. */
  readonly source: StackSource;
  /** Bytes by which the block has moved the stack pointer before; NaN if that is not known. */
  readonly before: number;
  /** Bytes by which it moves it behind that, its last instruction included. */
  readonly after: number;
}

/** A run of instructions that ends at the first one that may lead elsewhere. */
export interface Block {
  /** Address of the first instruction. */
  readonly begin: number;
  /** Address behind the last. */
  readonly end: number;
  /** Address of the last. */
  readonly last: number;
  /** One of {@linkcode BlockKind}. */
  readonly kind: number;
  /** What the last instruction does. */
  readonly flow: StackUse["flow"];
  /** Where a call or jump leads, or -1 if the instruction does not say. */
  readonly target: number;
  /** Bytes by which it moves the stack pointer, its last instruction included; NaN if unknown. */
  readonly delta: number;
  /** Where the stack pointer gets another value than itself and some bytes. */
  readonly set: StackSet | undefined;
  /** Where the return address is stored, from the stack pointer at its begin; NaN if nowhere. */
  readonly link: number;
  /** Register that a return takes its address from, if it does not pop it. */
  readonly linkRegister: string | undefined;
}

/** Instructions looked at for the end of a block. */
const LONGEST = 512;
/** Stands before the first block of a thread, and for one that a trap has ended. */
export const NO_BLOCK: Block = {
  begin: -1,
  end: -1,
  last: -1,
  kind: BlockKind.plain,
  flow: "next",
  target: -1,
  delta: 0,
  set: undefined,
  link: NaN,
  linkRegister: undefined,
};

/** Bytes of code at an address, as many as can be had, up to the number. */
export type CodeReader = (address: number, size: number) => Uint8Array;

/** Decodes the instruction at an address. */
function useAt(arch: Arch, read: CodeReader, at: number): StackUse | undefined {
  return arch.stackUse(read(at, arch.maxInstructionSize));
}

/** The block that begins at an address. */
export function scanBlock(arch: Arch, read: CodeReader, begin: number): Block {
  const { link: linkName, stackPointer } = arch.calling;
  let at = begin;
  let last = begin;
  let delta = 0;
  let link = NaN;
  let set: StackSet | undefined;
  let use: StackUse | undefined;
  let before: StackUse | undefined;
  /** Registers that hold the stack pointer and something. */
  const derived = new Set<string>();
  for (let i = 0; i < LONGEST; i++) {
    before = use;
    use = useAt(arch, read, at);
    if (use === undefined) break;
    last = at;
    at += use.size;
    if (use.stores?.base === stackPointer && linkName !== undefined && Number.isNaN(link)) {
      const index = use.stores.registers.indexOf(linkName);
      if (index >= 0) link = delta + use.stores.offset + 8 * index;
    }
    const moves = movesOf(use, before);
    const source = moves === undefined ? sourceOf(use, derived) : undefined;
    if (source !== undefined && source.kind !== "relative") {
      set = { address: last, source, before: delta, after: 0 };
    } else if (set !== undefined) {
      set = { ...set, after: set.after + (moves ?? NaN) };
    }
    delta += moves ?? NaN;
    if (use.copy !== undefined) derived.add(use.copy.register);
    for (const register of use.loads?.registers ?? []) derived.delete(register);
    if (use.moved !== undefined) {
      const { to, from = "" } = use.moved;
      if (from === stackPointer || derived.has(from)) derived.add(to);
      else derived.delete(to);
    }
    if (use.flow !== "next") break;
  }
  const { flow = "next" } = use ?? {};
  return {
    begin,
    end: at,
    last,
    kind: kindOf(flow, set, arch.calling.framePointer),
    flow,
    target: use?.target === undefined ? -1 : last + use.target,
    delta,
    set,
    link,
    linkRegister: use?.link,
  };
}

/** By how much an instruction moves the stack pointer, if that can be known. */
function movesOf({ moves, source }: StackUse, before: StackUse | undefined): number | undefined {
  const copy = before?.copy;
  if (moves !== undefined || source?.kind !== "register" || source.register !== copy?.register) {
    return moves;
  }
  return copy.offset + source.offset;
}

/** Bytes by which a block moves the stack pointer from behind one address up to another. */
export function movesBetween(
  arch: Arch,
  read: CodeReader,
  { block, from, to }: { readonly block: Block; readonly from: number; readonly to: number },
): number {
  let sum = 0;
  let before: StackUse | undefined;
  for (const { address, use } of instructionsOf(arch, read, block)) {
    if (address >= to) break;
    if (address > from) sum += movesOf(use, before) ?? NaN;
    before = use;
  }
  return sum;
}

/** A value made of the stack pointer itself in the same block is that of a bigger frame. */
function sourceOf({ source }: StackUse, derived: ReadonlySet<string>): StackSource {
  if (source === undefined) return { kind: "unknown" };
  if (source.kind === "register" && derived.has(source.register)) return { kind: "relative" };
  return source;
}

function kindOf(flow: StackUse["flow"], set: StackSet | undefined, framePointer: string): number {
  if (set !== undefined) {
    // Leaving a frame; if it is something else the return will not be the one expected.
    const leaves = set.source.kind === "register" && set.source.register === framePointer;
    return leaves && flow === "return" ? BlockKind.return : BlockKind.special;
  }
  if (flow === "call") return BlockKind.call;
  return flow === "return" ? BlockKind.return : BlockKind.plain;
}

/** Instructions of a block from an address on, with their addresses. */
export function* instructionsOf(
  arch: Arch,
  read: CodeReader,
  { begin, end }: { readonly begin: number; readonly end: number },
): Generator<{ address: number; use: StackUse }> {
  for (let at = begin; at < end;) {
    const use = useAt(arch, read, at);
    if (use === undefined) return;
    yield { address: at, use };
    at += use.size;
  }
}

/** Instructions looked at for what a function saves, and jumps followed. */
const SAVER_LENGTH = 64;
const SAVER_JUMPS = 4;

/**
 * Whether a function saves its caller's stack pointer: before it makes a frame it copies the stack
 * pointer, or an address above it, where compiled code has nothing to point at.
 */
export function savesCaller(arch: Arch, read: CodeReader, begin: number): boolean {
  const { stackPointer } = arch.calling;
  let jumps = 0;
  let popped = 0;
  let at = begin;
  for (let i = 0; i < SAVER_LENGTH; i++) {
    const use = useAt(arch, read, at);
    if (use === undefined) return false;
    if (use.copy !== undefined && popped + use.copy.offset >= 0) return true;
    if (use.stores?.registers.includes(stackPointer)) return true;
    if (use.flow === "jump" && use.target !== undefined && jumps++ < SAVER_JUMPS) {
      at += use.target;
      continue;
    }
    // The return address may be popped first.
    if (use.moves === undefined || use.moves < 0) return false;
    if (!["next", "branch"].includes(use.flow)) return false;
    popped += use.moves;
    at += use.size;
  }
  return false;
}
