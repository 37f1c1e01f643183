/**
 * The guest as its host has it: the parts that a host is made of, for its coroutines and functions.
 *
 * @module
 */
import type { ElfFile } from "../elf/mod.ts";
import { KernelError, type Machine } from "../kernel/mod.ts";
import { type AnyCoroutine, Coroutine, PLAIN } from "./coroutine.ts";
import type { Delegate } from "./coroutine_port.ts";
import { Driver } from "./agent/driver.ts";
import type { Reply, Request } from "./agent/exchange.ts";
import { CoroutineError, type CoroutineErrorKind, GuestPanic, GuestTrap } from "./errors.ts";
import { type Failure, FailureWatch, type Trap } from "./failures.ts";
import type { CoroutineFrame } from "./frames.ts";
import { GuestView, type SlotSummary } from "./guest_view.ts";
import { HostFunctions, type HostFunctionsPort } from "./host_functions.ts";
import { KeptErrors } from "./kept_errors.ts";
import type { GuestMemory } from "./agent/memory.ts";
import { checkBudget, type HostOptions } from "./options.ts";
import { Outcome, SLOT } from "./agent/record.ts";

/** The program's task: the first after the kernel's own. */
const TASK = 1;

/** What errors of the guest's runtime mean, by their numbers (`guest/include/coro.h`). */
const ERRORS: Readonly<Record<string, CoroutineErrorKind>> = {
  "-1": "finished",
  "-2": "running",
  "-3": "foreign",
  "-4": "stack",
  "-5": "yield",
  "-6": "stack",
};

/** What a guest is made of. */
export interface GuestOptions extends HostOptions {
  /** The machine. */
  readonly machine: Machine;
  /** Its program. */
  readonly elf: ElfFile;
  /** The program's name. */
  readonly name: string;
}

/** A program, its agent, and what the host keeps of both. */
export class Guest implements HostFunctionsPort {
  /** The machine. */
  readonly machine: Machine;
  /** What drives its agent. */
  readonly driver: Driver;
  /** What there is to see of it. */
  readonly view: GuestView;
  /** Listens for what goes wrong. */
  readonly watch: FailureWatch;
  /** See {@linkcode CoroutinePort.delegates}. */
  readonly delegates: Map<bigint, Delegate> = new Map();
  /** Whether the host has been disposed of. */
  disposed = false;
  /** Why its program has ended, if it has. */
  ending: CoroutineError | null = null;
  readonly #elf: ElfFile;
  readonly #name: string;
  readonly #errors = new KeptErrors();
  /** Handles of coroutines that are there, by number. */
  readonly #known = new Map<bigint, AnyCoroutine>();
  #notes = 0n;

  /** A guest whose program has not run yet, or is where a snapshot was taken. */
  constructor(options: GuestOptions) {
    const { machine, elf, name, onStop } = options;
    this.machine = machine;
    this.#elf = elf;
    this.#name = name;
    const functions = new HostFunctions(options.imports ?? {}, this);
    this.driver = new Driver(machine, {
      elf,
      name,
      task: TASK,
      budget: checkBudget(options.budget),
      events: {
        answer: (call) => functions.answer(call),
        raise: (error) => functions.raise(error),
        isAgentRunning: () => this.view.runs,
        stopped: (stop) => {
          onStop?.(stop);
          return onStop !== undefined;
        },
        ended: (action, reason) => this.ending = this.#ended(action, reason),
      },
    });
    const { memory, record } = this.driver;
    this.view = new GuestView(machine, { memory, elf, record: record.address, task: TASK });
    this.watch = new FailureWatch(this.view);
  }

  /** Whether an operation has been broken off. */
  get broken(): boolean {
    return this.driver.broken;
  }

  /** Memory of the program. */
  get memory(): GuestMemory {
    return this.driver.memory;
  }

  /**
   * Address of a function.
   * @throws {CoroutineError} of kind `function` if there is none of that name
   */
  functionNamed(name: string): bigint {
    const symbol = this.#elf.symbolNamed(name);
    if (symbol !== undefined && symbol.type === "func") return symbol.value;
    throw new CoroutineError(
      "function",
      `Cannot find ${name} in ${this.#name}: expected a function of its symbol table, which ` +
        `CORO_EXPORT keeps${symbol === undefined ? "" : `, found one of type ${symbol.type}`}`,
    );
  }

  /** Keeps the handle of a coroutine. */
  add(handle: AnyCoroutine): void {
    this.#known.set(handle.number, handle);
  }

  /** The handle of a coroutine that is there. */
  handle({ slot, number, body }: SlotSummary): AnyCoroutine {
    const known = this.#known.get(number);
    if (known !== undefined) return known;
    const name = this.view.nameAt(body);
    const handle = new Coroutine(this, { name, number, slot, ...PLAIN });
    this.#known.set(number, handle);
    return handle;
  }

  /** See {@linkcode CoroutinePort.operate}. */
  operate(request: Request): Reply {
    return this.driver.operate(request);
  }

  /** See {@linkcode CoroutinePort.checkIdle}. */
  checkIdle(action: string): void {
    this.driver.checkIdle(action);
  }

  /** See {@linkcode CoroutinePort.keep}. */
  keep(error: unknown): bigint {
    return this.#errors.keep(error);
  }

  /** See {@linkcode CoroutinePort.slotWords}. */
  slotWords(slot: bigint): DataView | null {
    try {
      return this.memory.view(slot, SLOT.size);
    } catch (error) {
      if (error instanceof KernelError && error.kind === "address") return null;
      throw error;
    }
  }

  /** See {@linkcode CoroutinePort.newNote}. */
  newNote(): bigint {
    return ++this.#notes;
  }

  /** See {@linkcode CoroutinePort.ended}. */
  ended(number: bigint): void {
    this.#known.delete(number);
    this.delegates.delete(number);
  }

  /** See {@linkcode CoroutinePort.frames}. */
  frames(
    { link, sp }: { readonly link: bigint; readonly sp: bigint | undefined },
  ): CoroutineFrame[] {
    if (sp !== undefined) return this.view.suspended({ link, sp });
    const all = this.view.frames();
    return all.slice(Math.max(0, all.findIndex(({ stack }) => stack.link === link)));
  }

  /** See {@linkcode YielderPort.coroutineAt}. */
  coroutineAt(link: bigint): AnyCoroutine | null {
    const slot = this.#slotAt(link);
    return slot === undefined ? null : this.handle(slot);
  }

  /** See {@linkcode YielderPort.savedSp}. */
  savedSp(link: bigint): bigint {
    return this.view.savedSp(link);
  }

  /** See {@linkcode HostFunctionsPort.delegate}. */
  delegate(link: bigint, delegate: Omit<Delegate, "note">): boolean {
    const slot = this.#slotAt(link);
    if (slot === undefined || slot.slot !== this.view.current) return false;
    const note = this.newNote();
    this.delegates.set(slot.number, { ...delegate, note });
    this.memory.writeWord(slot.slot + BigInt(SLOT.note), note);
    return true;
  }

  /** The error that an outcome stands for. */
  failure(where: string, { outcome, value }: Reply): unknown {
    if (outcome === Outcome.HOST_ERROR) {
      const kept = this.#errors.get(value);
      if (kept !== undefined) return kept.error;
      return new CoroutineError("foreign", `${where}: the guest has an error of another host`);
    }
    const { last, trap } = this.watch;
    const isTrap = outcome === Outcome.TRAPPED || last?.cause === "exception";
    if (isTrap && outcome > 0n && trap !== null) return new GuestTrap(where, trap);
    if (outcome === Outcome.THREW && last !== null) {
      return panicOf(where, { ...last, text: this.driver.record.text });
    }
    const kind = ERRORS[String(outcome)] ?? "value";
    return new CoroutineError(kind, `${where}: the guest's runtime answered ${outcome}`);
  }

  /** The error of a program that has ended while it was to do something. */
  #ended(action: string, reason: string): CoroutineError {
    const status = this.machine.tasks[TASK]?.status ?? null;
    const how = status === null
      ? `the machine has halted, ${reason}`
      : status.kind === "exit"
      ? `the program has ended with status ${status.code}`
      : `the program has ended: ${status.reason}`;
    const where = `Cannot ${action}`;
    const { last, trap, untaken } = this.watch;
    const cause = untaken !== null || (last?.cause === "exception" && trap !== null)
      ? { cause: new GuestTrap(where, (untaken ?? trap) as Trap) }
      : last !== null
      ? { cause: panicOf(where, { ...last, text: "" }) }
      : {};
    return new CoroutineError("halted", `${where}: ${how}`, cause);
  }

  #slotAt(link: bigint): SlotSummary | undefined {
    return this.view.slots().find((slot) => slot.link === link);
  }
}

const PANIC = /^panic at (?:.*):\d+: (.*)$/s;
const THROW = /^exception of type (.*)$/s;

function panicOf(where: string, thrown: Failure & { readonly text: string }): GuestPanic {
  const { reason, frames } = thrown;
  const [, message] = PANIC.exec(reason) ?? [];
  if (message !== undefined) {
    return new GuestPanic(where, { type: "panic", text: message, reason, frames });
  }
  const type = THROW.exec(reason)?.[1] ?? thrown.cause;
  return new GuestPanic(where, { type, text: thrown.text, reason, frames });
}
