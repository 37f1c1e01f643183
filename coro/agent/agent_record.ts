/**
 * The record that the agent and its host share, in the memory of the guest.
 *
 * @module
 */
import type { ElfFile } from "../../elf/mod.ts";
import { CoroutineError } from "../errors.ts";
import type { Answer, GuestCall, Reply, Request } from "./exchange.ts";
import type { GuestMemory } from "./memory.ts";
import { Action, ARGUMENTS, CALL, Operation, RECORD, WORDS } from "./record.ts";

/** The agent's record, as words. */
export class AgentRecord {
  /** Its address. */
  readonly address: bigint;
  readonly #memory: GuestMemory;

  /** The record at an address. */
  constructor(memory: GuestMemory, address: bigint) {
    this.#memory = memory;
    this.address = address;
  }

  /** A word of it. */
  word(offset: bigint): bigint {
    return this.#memory.word(this.address + offset);
  }

  /** Whether an operation has been handed over that is not done. */
  get isBusy(): boolean {
    return this.word(RECORD.busy) !== 0n;
  }

  /** How many host functions operations are served in. */
  get depth(): number {
    return Number(this.word(RECORD.depth));
  }

  /** Address of its room. */
  get room(): bigint {
    return this.address + RECORD.room;
  }

  /** The text that came with the last outcome. */
  get text(): string {
    const size = Number(this.word(RECORD.textSize));
    return new TextDecoder().decode(this.#memory.read(this.address + RECORD.text, size));
  }

  /** Tells the agent that there is a host. */
  greet(): void {
    this.#write(this.address + RECORD.hosted, 1n);
  }

  /** Hands an operation over. */
  submit({ operation, slot = 0n, words = [], room }: Request): void {
    if (room !== undefined) this.#memory.write(this.room, room);
    const all = [1n, operation, slot, ...words];
    while (all.length < 3 + WORDS) all.push(0n);
    this.#write(this.address + RECORD.busy, ...all);
  }

  /** What has come of the last operation, and the depth it left. */
  reply(): Reply & { readonly depth: number } {
    const [outcome = 0n, value = 0n, depth = 0n] = this.#read(this.address + RECORD.outcome, 3);
    return { outcome: BigInt.asIntN(64, outcome), value, depth: Number(depth) };
  }

  /** Which operation that was, and its slot. */
  done(): { readonly operation: bigint; readonly slot: bigint } {
    const [operation = 0n, slot = 0n] = this.#read(this.address + RECORD.done, 2);
    return { operation, slot };
  }

  /** Whether a host function's call that a stack pointer points at has no answer. */
  isAsking(sp: bigint): boolean {
    const action = this.#memory.word(sp + CALL.action);
    return action === Action.ASKED || action === Action.AGAIN;
  }

  /** That call. */
  callAt(sp: bigint): GuestCall {
    const [name = 0n, ...words] = this.#read(sp, CALL.size / 8);
    const [action, value = 0n] = words.slice(ARGUMENTS);
    return {
      name: this.#memory.text(name),
      words: words.slice(0, ARGUMENTS),
      refused: action === Action.AGAIN ? BigInt.asIntN(64, value) : 0n,
    };
  }

  /** Answers a call, which is served if it has no stack pointer. */
  answer(sp: bigint | null, { action, value, room }: Answer): void {
    if (room !== undefined) this.#memory.write(this.room, room);
    this.#write((sp ?? this.word(RECORD.call)) + CALL.action, action, value);
    if (sp === null) this.#write(this.address + RECORD.busy, 1n, Operation.LEAVE);
  }

  #read(address: bigint, count: number): bigint[] {
    return [...new BigUint64Array(this.#memory.read(address, 8 * count).buffer)];
  }

  #write(address: bigint, ...words: bigint[]): void {
    this.#memory.write(address, new Uint8Array(BigUint64Array.from(words).buffer));
  }
}

/**
 * Address of a symbol of the agent.
 * @throws {CoroutineError} of kind `program` if there is none
 */
export function agentSymbol(
  elf: ElfFile,
  { name, program }: { name: string; program: string },
): bigint {
  const found = elf.symbolNamed(name);
  if (found !== undefined) return found.value;
  throw new CoroutineError(
    "program",
    `Cannot drive ${program}: it has no symbol ${name}, expected a program that includes ` +
      "coro_agent.h and was not stripped",
  );
}
