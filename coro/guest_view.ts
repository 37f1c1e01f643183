/**
 * What a host sees of its guest: stacks, yielders, and what went wrong.
 *
 * @module
 */
import type { ElfFile } from "../elf/mod.ts";
import type { Machine } from "../kernel/mod.ts";
import { moduleFromElf, ModuleList, pagedMemory, RegisterSet } from "../unwind/walk/mod.ts";
import { type CoroutineFrame, runningFrames, suspendedFrames, type WalkContext } from "./frames.ts";
import type { GuestMemory } from "./agent/memory.ts";
import { RECORD, SLOT } from "./agent/record.ts";

/** What the agent keeps of a coroutine of the host's. */
export interface SlotSummary {
  /** Address of the slot. */
  readonly slot: bigint;
  /** Number of the coroutine. */
  readonly number: bigint;
  /** Address of its body. */
  readonly body: bigint;
  /** Address of its parent link. */
  readonly link: bigint;
}

/** Bytes from a link to the base of its stack. */
const LINK_OFFSET = 16n;

/** Offsets in `struct exception_state` (`guest/include/trapline.h`). */
const EXCEPTION = { code: 16, address: 32, status: 40, pc: 48 } as const;

/** Offsets in `struct coro` (`guest/include/coro.h`). */
const CORO = { limit: 16n } as const;

/** Bytes below a stack that nothing may touch: two pages. */
const GUARD = 8192n;

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** A guest program as it stands. */
export class GuestView {
  readonly #machine: Machine;
  readonly #memory: GuestMemory;
  readonly #record: bigint;
  readonly #task: number;
  readonly #elf: ElfFile;
  readonly #modules: ModuleList;

  /** A view of a machine's program, whose agent's record is at an address. */
  constructor(
    machine: Machine,
    options: { memory: GuestMemory; elf: ElfFile; record: bigint; task: number },
  ) {
    this.#machine = machine;
    this.#memory = options.memory;
    this.#record = options.record;
    this.#task = options.task;
    this.#elf = options.elf;
    this.#modules = new ModuleList([moduleFromElf(options.elf)]);
  }

  /** The coroutines that are there. */
  slots(): SlotSummary[] {
    const found: SlotSummary[] = [];
    for (let slot = this.#memory.word(this.#record + RECORD.slots); slot !== 0n;) {
      const view = this.#memory.view(slot, SLOT.size);
      const word = (offset: number) => view.getBigUint64(offset, true);
      const number = word(SLOT.number);
      if (number !== 0n) {
        found.push({ slot, number, body: word(SLOT.body), link: word(SLOT.base) - LINK_OFFSET });
      }
      slot = word(SLOT.next);
    }
    return found;
  }

  /** Name of the function that is at an address. */
  nameAt(address: bigint): string {
    return this.#elf.symbolAt(address)?.symbol.name ?? `0x${address.toString(16)}`;
  }

  /** Number of the thread that serves the host: the program's first. */
  get thread(): number {
    return this.#machine.tasks[this.#task]?.threads[0] ?? -1;
  }

  /** Whether it is the thread that runs. */
  get runs(): boolean {
    return this.#machine.kernel.cpus[0]?.current.id === this.thread;
  }

  /** Guest address of its object. */
  get threadAddress(): bigint {
    return this.#machine.kernel.thread(this.thread).address;
  }

  /** Address of the slot of the host's innermost coroutine that runs, or 0. */
  get current(): bigint {
    return this.#memory.word(this.#record + RECORD.current);
  }

  /** Stack pointer of the coroutine with a link, while it is suspended. */
  savedSp(link: bigint): bigint {
    // The runtime's pointer to the coroutine is below the link, and begins with its stack pointer.
    return this.#memory.word(this.#memory.word(link - LINK_OFFSET));
  }

  /** What is known of a CPU exception: see {@linkcode FailureSource.trapOf}. */
  trapOf(record: bigint): { address: bigint; overflow: boolean; reason: string } {
    const word = (offset: number) => this.#memory.word(record + BigInt(offset));
    const pc = word(EXCEPTION.pc);
    const at = `by the instruction at ${hex(pc)} in ${this.nameAt(pc)}`;
    if (word(EXCEPTION.status) === 0n) {
      return {
        address: pc,
        overflow: false,
        reason: `CPU exception ${hex(word(EXCEPTION.code))}, ${at}`,
      };
    }
    const address = word(EXCEPTION.address);
    const overflow = this.#limits().some((limit) => address < limit && address >= limit - GUARD);
    const what = overflow ? "stack overflow, access" : "access";
    return { address, overflow, reason: `${what} of ${hex(address)}, ${at}` };
  }

  /** Lowest usable bytes of the stacks that run. */
  #limits(): bigint[] {
    const links = new Set(this.frames().map(({ stack }) => stack.link));
    links.delete(0n);
    return Array.from(
      links,
      (link) => this.#memory.word(this.#memory.word(link - LINK_OFFSET) + CORO.limit),
    );
  }

  /** The stack frames of that thread, through all linked stacks. */
  frames(): CoroutineFrame[] {
    const registers = this.#machine.registers({ thread: this.thread });
    const { arch } = this.#context();
    return runningFrames(this.#context(), RegisterSet.named(arch, registers));
  }

  /** The stack frames of a coroutine that is suspended at a stack pointer. */
  suspended(of: { link: bigint; sp: bigint }): CoroutineFrame[] {
    return suspendedFrames(this.#context(), of);
  }

  #context(): WalkContext {
    const names = new Map(this.slots().map(({ link, body }) => [link, this.nameAt(body)]));
    return {
      arch: this.#machine.kernel.arch.name,
      modules: this.#modules,
      word: (address) => this.#memory.word(address),
      nameOf: (link) => names.get(link),
      memory: pagedMemory((page, into) => {
        try {
          into.set(this.#memory.read(page, into.length));
          return true;
        } catch {
          return false;
        }
      }),
    };
  }
}
