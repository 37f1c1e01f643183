/**
 * A task's program as the doctor sees it: its code in blocks, its functions by name, its memory.
 *
 * @module
 */

import { type Arch, PAGE_SIZE } from "../../../arch/mod.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { Task } from "../../../kernel/thread/task.ts";
import { taskMemory } from "../../../kernel/unwind/unwind_stack.ts";
import { type Block, type CodeReader, savesCaller, scanBlock } from "./blocks.ts";
import type { CodePlace, Evidence } from "../finding.ts";
import type { Roles } from "../options.ts";
import { type Flow, type Moment, Stacks } from "./stacks.ts";

/** What entering a block means, beside following it. */
export interface BlockRole {
  /** Argument of an allocator that is the size; -1 if it is none. */
  readonly allocates: number;
  /** Arguments of a releaser; `null` if it is none. */
  readonly releases: { readonly address: number; readonly size: number } | null;
  /** Whether it saves its caller's context. */
  readonly saves: boolean;
}

/** A block and what entering it means. */
export interface FollowedBlock extends Block {
  /** `null` for almost all. */
  readonly role: BlockRole | null;
  /** Whether more is to be done at its begin than to follow it. */
  readonly isNoted: boolean;
  /** Whether it stays what it is until {@linkcode Program.forgetCode}. */
  readonly isKept: boolean;
  /** The block that has followed it last, if both are kept. */
  next: FollowedBlock | null;
}

/** Where an instruction is, its bytes, and what it did; its text comes when all is over. */
export interface Draft extends Omit<Evidence, "text"> {
  /** Its bytes and a few more. */
  readonly code: Uint8Array;
}

/** Calls looked at for the outermost functions. */
const OUTERMOST = 4;
const PAGE = BigInt(PAGE_SIZE);
/** Thunks by which compilers jump: they overwrite their own return address. */
const THUNK = /^__(?:x86_indirect_thunk|llvm_retpoline)/;

/** The program of one task. */
export class Program {
  /** The task. */
  readonly task: Task;
  /** Its stacks. */
  readonly stacks = new Stacks();
  readonly #arch: Arch;
  readonly #roles: Roles;
  readonly #window: (address: bigint) => { start: bigint; bytes: Uint8Array } | undefined;
  readonly #blocks = new Map<number, FollowedBlock>();
  readonly #functions = new Map<number, { name: string; begin: number }>();
  /** Reads code. */
  readonly read: CodeReader;
  /** Functions that have changed stacks, by their first instructions. */
  readonly switching = new Set<number>();

  /** A view of a task that lives. */
  constructor(k: Kernel, task: Task, roles: Roles) {
    this.task = task;
    this.#arch = k.arch;
    this.#roles = roles;
    const memory = taskMemory(k, task);
    this.#window = (address) => memory.window(address);
    this.read = (address, size) => this.bytes(address, size);
  }

  /** The block at an address, as it is now. */
  block(pc: number): FollowedBlock {
    return this.#blocks.get(pc) ?? this.#scan(pc);
  }

  #scan(pc: number): FollowedBlock {
    const scanned = scanBlock(this.#arch, this.read, pc);
    const role = this.#roleOf(pc);
    // Code that the program may change at any time is looked at each time.
    const entry = this.task.space?.lookup(BigInt(pc));
    const isKept = entry !== undefined && !entry.protection.write;
    const isNoted = role !== null || !Number.isNaN(scanned.link);
    const block: FollowedBlock = { ...scanned, role, isNoted, isKept, next: null };
    if (isKept) this.#blocks.set(pc, block);
    return block;
  }

  /** The program has changed mappings, and may have changed code before that. */
  forgetCode(): void {
    this.#blocks.clear();
  }

  #roleOf(pc: number): BlockRole | null {
    const { name, begin } = this.functionAt(pc);
    if (begin !== pc) return null;
    const { allocators, releasers, switches } = this.#roles;
    const role: BlockRole = {
      allocates: allocators.get(name) ?? -1,
      releases: releasers.get(name) ?? null,
      saves: switches.has(name) || savesCaller(this.#arch, this.read, pc),
    };
    return role.allocates < 0 && role.releases === null && !role.saves ? null : role;
  }

  /** Whether an address is that of a function. */
  isFunction(address: number): boolean {
    if (this.functionAt(address).begin !== address) return false;
    return this.task.space?.lookup(BigInt(address))?.protection.execute === true;
  }

  /** The function an address is in; without a symbol it has no name and begins at -1. */
  functionAt(address: number): { name: string; begin: number } {
    let found = this.#functions.get(address);
    if (found === undefined) {
      const at = BigInt(address);
      const named = this.task.code.modules.at(at)?.nameOf(at);
      found = named === undefined
        ? { name: "", begin: -1 }
        : { name: named.name, begin: address - Number(named.offset) };
      this.#functions.set(address, found);
    }
    return found;
  }

  /**
   * The outermost functions on a stack, two at most, that have not changed stacks; `pc` is where the
   * innermost is.
   */
  outermost({ calls }: Flow, pc: number): number[] {
    const functions: number[] = [];
    for (const address of [...calls.slice(0, OUTERMOST).map(({ ret }) => ret - 1), pc]) {
      const { begin } = this.functionAt(address);
      if (begin >= 0 && !this.switching.has(begin)) functions.push(begin);
      if (functions.length === 2) break;
    }
    return functions;
  }

  /** Whether an address is in the program's file, as it is loaded. */
  isOwn(address: bigint): boolean {
    const segments = this.task.module?.program.segments ?? [];
    return segments.some(({ address: begin, memorySize }) =>
      address >= begin - begin % PAGE && address < begin + memorySize
    );
  }

  /** Whether a function is meant to return elsewhere than it was called from. */
  isThunk(address: number): boolean {
    return THUNK.test(this.functionAt(address).name);
  }

  /** Bytes at an address, as many of `size` as there are. */
  bytes(address: number, size: number): Uint8Array {
    const result = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      const at = BigInt(address + filled);
      const window = this.#window(at);
      if (window === undefined) break;
      const offset = Number(at - window.start);
      const part = window.bytes.subarray(offset, offset + size - filled);
      if (part.length === 0) break;
      result.set(part, filled);
      filled += part.length;
    }
    return result.subarray(0, filled);
  }

  /** The word at an address, or `undefined` if it is not all there. */
  word(address: number): bigint | undefined {
    const bytes = this.bytes(address, 8);
    return bytes.length < 8 ? undefined : new DataView(bytes.buffer).getBigUint64(0, true);
  }

  /**
   * Where an address is in the program's code.
   *
   * @param isReturn whether it is behind a call, which is what matters
   */
  place(address: number, isReturn = false): CodePlace {
    const { name, begin } = this.functionAt(isReturn ? address - 1 : address);
    return {
      address: BigInt(address),
      function: name,
      offset: name === "" ? 0 : address - begin,
    };
  }

  /** The function an address is in, or the address where there is no symbol. */
  nameAt(address: number, isReturn = false): string {
    const { function: name } = this.place(address, isReturn);
    return name === "" ? `0x${address.toString(16)}` : name;
  }

  /** What an instruction has done. */
  draft({ address, time }: Moment, did: string): Draft {
    const code = this.bytes(address, this.#arch.maxInstructionSize);
    return { ...this.place(address), did, time, code };
  }
}
