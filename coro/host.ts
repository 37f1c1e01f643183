/**
 * A machine whose program's functions are the host's coroutines.
 *
 * @module
 */
import { archByName } from "../arch/mod.ts";
import { Machine, type Snapshot } from "../kernel/mod.ts";
import type { EventSink, KernelEvent } from "../trace/mod.ts";
import { type AnyCoroutine, Coroutine, PLAIN } from "./coroutine.ts";
import type { Finished } from "./agent/exchange.ts";
import { CoroutineError } from "./errors.ts";
import type { CoroutineFrame } from "./frames.ts";
import { Guest } from "./guest.ts";
import { interruptBody } from "./interruption.ts";
import type { GuestMemory } from "./agent/memory.ts";
import {
  checkBudget,
  checkObject,
  checkStack,
  type CoroutineHostOptions,
  type CoroutineOptions,
  type HostOptions,
  readProgram,
} from "./options.ts";
import { ARGUMENTS, Operation, Outcome } from "./agent/record.ts";
import { type Codec, type Word, wordOf } from "./words.ts";

/** What the agent answers where no memory is left. */
const NO_MEMORY: readonly bigint[] = [-101n, -19n];

/** Times that coroutines are interrupted: some may catch it. */
const ATTEMPTS = 16;

/** What came of an operation that had been broken off. */
export interface Proceeded {
  /** The coroutine that was driven; `null` of a call or an allocation. */
  readonly coroutine: AnyCoroutine | null;
  /** What the call that was broken off would have returned. */
  readonly result: IteratorResult<unknown, unknown>;
}

/**
 * A machine whose program's functions are coroutines of the host's: see
 * {@linkcode CoroutineHost.coroutine}. The machine is an ordinary one; breakpoints, watchpoints,
 * interrupts and snapshots work, also in the middle of a coroutine. Nothing runs but while the host
 * waits for it, and the same calls give the same event stream.
 *
 * @example A program of one's own
 * ```ts
 * // deno run --allow-ffi --allow-env --allow-read --allow-write --allow-run=clang,ld.lld x.ts
 * import { buildProgram } from "@trapline/trapline/build";
 * import { CoroutineHost } from "@trapline/trapline/coro";
 *
 * await Deno.writeTextFile(
 *   "count.c",
 *   `#include <coro_agent.h>
 *    CORO_IMPORT(limit)
 *    uintptr_t limit(struct coro_yielder *yielder);
 *    CORO_EXPORT uintptr_t count(struct coro_yielder *yielder, uintptr_t from, void *object) {
 *        (void)object;
 *        while (from < limit(yielder)) coro_yield(yielder, from++);
 *        return from;
 *    }`,
 * );
 * const { bytes: program } = await buildProgram({ arch: "x86_64", sources: ["count.c"] });
 * using host = CoroutineHost.boot({ arch: "x86_64", program, imports: { limit: () => 13 } });
 * using count = host.coroutine("count");
 * console.log(count.next(10)); // { done: false, value: 10n }
 * console.log([...count]); // [ 11n, 12n ]
 * ```
 */
export class CoroutineHost implements Disposable {
  /** The machine. */
  readonly machine: Machine;
  readonly #guest: Guest;
  #numbers = 0n;

  private constructor(guest: Guest) {
    this.machine = guest.machine;
    this.#guest = guest;
    for (const { number } of guest.view.slots()) {
      if (number > this.#numbers) this.#numbers = number;
    }
  }

  /**
   * Boots a machine and runs its program until it waits for the host: up to its main, if it has
   * none of its own, else up to where that calls `coro_agent`, in its first thread.
   *
   * @throws {CoroutineError} of kind `program` if it is for another architecture or has no agent,
   *   `value` if an option is out of range, `halted` if it ends
   * @throws {KernelError} as a {@linkcode Machine} does
   */
  static boot(options: CoroutineHostOptions): CoroutineHost {
    const { arch, program, commandLine = "coroutines", sinks = [] } = options;
    const [name = "coroutines"] = commandLine.split(" ");
    const elf = readProgram(program, arch, name);
    checkBudget(options.budget);
    const late = new LateSink();
    const machine = new Machine({
      ...options,
      arch: archByName(arch),
      modules: [{ commandLine, bytes: program }],
      commandLine: "",
      sinks: [...sinks, late],
    });
    return guardedBy(machine, () => {
      const guest = new Guest({ ...options, machine, elf, name });
      late.sink = guest.watch;
      guest.driver.boot();
      return new CoroutineHost(guest);
    });
  }

  /**
   * A new host that is where a snapshot of another host's machine was taken. Its coroutines go on:
   * {@linkcode CoroutineHost.coroutines} has them. In the middle of one,
   * {@linkcode CoroutineHost.proceed} comes first.
   *
   * @throws {SnapshotError} as {@linkcode Machine.from} does
   * @throws {CoroutineError} of kind `program` if the snapshot's program has no agent
   */
  static from(snapshot: Snapshot, options: HostOptions = {}): CoroutineHost {
    checkBudget(options.budget);
    const late = new LateSink();
    const machine = Machine.from(snapshot, { sinks: [...options.sinks ?? [], late] });
    return guardedBy(machine, () => {
      const [module] = machine.kernel.bootModules;
      const { name, bytes } = module ?? { name: "the program", bytes: new Uint8Array() };
      const elf = readProgram(bytes, machine.kernel.arch.name, name);
      const guest = new Guest({ ...options, machine, elf, name });
      late.sink = guest.watch;
      guest.driver.resynchronize();
      return new CoroutineHost(guest);
    });
  }

  /** Memory of the program, for passing and reading what is more than a word. */
  get memory(): GuestMemory {
    return this.#guest.memory;
  }

  /**
   * Makes a coroutine of a guest function, `coro_body` in `coro.h`; nothing of it runs yet.
   *
   * @param name the function, as the program's symbol table has it; `CORO_EXPORT` keeps it there
   * @throws {CoroutineError} of kind `function` if there is none of that name, `stack` if there can
   *   be no such stack or no memory is left, `value` if the object is too large; `disposed`, `busy`
   */
  coroutine<Y = bigint, R = bigint, N extends Word = Word>(
    name: string,
    options: CoroutineOptions<Y, R> = {},
  ): Coroutine<Y, R, N> {
    this.#check(`make a coroutine of ${name}`);
    const size = checkStack(options.stackSize);
    const object = checkObject(options.object);
    const body = this.#guest.functionNamed(name);
    const drop = options.drop === undefined ? 0n : this.#guest.functionNamed(options.drop);
    const number = this.#numbers + 1n;
    const { outcome, value: slot } = this.#guest.driver.operate({
      operation: Operation.CREATE,
      words: [body, drop, size, this.#guest.driver.record.room, BigInt(object.length), number],
      room: object,
      action: `make a coroutine of ${name}`,
    });
    if (outcome !== Outcome.RETURNED) {
      throw new CoroutineError(
        "stack",
        `Cannot make a stack of ${size} bytes for ${name}: the guest's runtime answered ` +
          `${outcome}, expected ${NO_MEMORY.includes(outcome) ? "memory for it" : "a larger one"}`,
      );
    }
    this.#numbers = number;
    const handle = new Coroutine<Y, R, N>(this.#guest, {
      ...{ name, number, slot },
      yields: options.yields ?? PLAIN.yields as Codec<Y>,
      returns: options.returns ?? PLAIN.returns as Codec<R>,
    });
    this.#guest.add(handle);
    return handle;
  }

  /** The coroutines of the host that are there and have not ended. */
  get coroutines(): readonly AnyCoroutine[] {
    if (this.#guest.disposed || this.#guest.ending !== null) return [];
    return this.#guest.view.slots().map((slot) => this.#guest.handle(slot));
  }

  /**
   * Calls a guest function outside of any coroutine and returns its result.
   *
   * @param words at most six arguments
   * @throws {CoroutineError} of kind `function`, `value`, `disposed`, `busy`, and as
   *   {@linkcode Coroutine.next}
   */
  call(name: string, ...words: readonly Word[]): bigint {
    const action = `call ${name}`;
    this.#check(action);
    const address = this.#guest.functionNamed(name);
    if (words.length > ARGUMENTS) {
      throw new CoroutineError(
        "value",
        `Cannot ${action} with ${words.length} arguments: expected at most ${ARGUMENTS}`,
      );
    }
    const reply = this.#guest.driver.operate({
      operation: Operation.CALL,
      words: [address, ...words.map((word) => wordOf(word, `argument of ${name}`))],
      action,
    });
    if (reply.outcome === Outcome.RETURNED) return reply.value;
    throw this.#guest.failure(`Cannot ${action}`, reply);
  }

  /**
   * Goes on with a call of the host's that was broken off: its budget was used up (`budget`), the
   * machine stopped for somebody else (`stopped`), or a sink has thrown; also in a host made of a
   * snapshot out of the middle of a coroutine. Host functions that the error has left fail with it.
   *
   * @param budget instructions for the rest; by default the host's budget
   * @throws What the call would have thrown; {@linkcode CoroutineError} of kind `busy` if none was
   *   broken off
   */
  proceed(budget?: number): Proceeded {
    this.#check("proceed");
    const { view } = this.#guest;
    const handles = new Map(view.slots().map((slot) => [slot.slot, this.#guest.handle(slot)]));
    const results = this.#guest.driver.proceed(budget === undefined ? budget : checkBudget(budget))
      .map((done) => this.#settled(done, handles.get(done.slot) ?? null));
    const outermost = results.pop() as () => Proceeded;
    for (const result of results) {
      try {
        result();
      } catch {
        // The caller that it was for is gone.
      }
    }
    return outermost();
  }

  /** What an operation that has come to its end would have returned or thrown. */
  #settled(done: Finished, coroutine: AnyCoroutine | null): () => Proceeded {
    const { operation, outcome, value } = done;
    return () => {
      if (coroutine !== null && (operation === Operation.RESUME || operation === Operation.THROW)) {
        return { coroutine, result: coroutine.settle(done) };
      }
      if (outcome !== Outcome.RETURNED) throw this.#guest.failure("Cannot proceed", done);
      const isDrop = operation === Operation.DROP;
      return {
        coroutine: isDrop ? coroutine : null,
        result: { done: true, value: isDrop ? undefined : value },
      };
    };
  }

  /**
   * Ends the coroutines that run in a call of the host's that was broken off: each is interrupted
   * where it is and lost, as by a fault of its own; in C++ its stack is unwound. Everything else
   * goes on.
   *
   * @param budget instructions for what runs on the way; by default the host's budget
   * @throws {CoroutineError} of kind `busy` if none was broken off; `budget` if it runs on the
   *   program's own stack, or does not end however often it is interrupted
   */
  abandon(budget?: number): void {
    this.#check("abandon a call");
    this.#guest.driver.checkOutside("abandon a call");
    if (!this.isBroken) {
      throw new CoroutineError("busy", "Cannot abandon: expected a call that was broken off");
    }
    const running = this.coroutines.filter(({ state }) => state === "running");
    for (let attempt = 0; this.isBroken; attempt++) {
      if (attempt === ATTEMPTS) {
        throw new CoroutineError(
          "budget",
          `Cannot abandon ${
            running[0]?.name ?? "a call"
          }: it goes on after ${ATTEMPTS} interruptions`,
        );
      }
      if (!this.#guest.driver.isIdle) interruptBody(this.#guest);
      try {
        this.proceed(budget);
      } catch (error) {
        // What was broken off has been told of before.
        if (this.#guest.ending !== null) throw error;
      }
    }
    for (const coroutine of running) coroutine[Symbol.dispose]();
  }

  /** Whether a call was broken off, see {@linkcode CoroutineHost.proceed}. */
  get isBroken(): boolean {
    return this.#guest.driver.broken;
  }

  /**
   * The stack frames of the guest as it stands, innermost first, through all linked stacks: in a
   * host function those of its caller.
   */
  frames(): CoroutineFrame[] {
    this.#check("walk the stacks");
    return this.#guest.view.frames();
  }

  /**
   * Makes the machine what it was when a snapshot was taken, as {@linkcode Machine.restore}. The
   * host's coroutines are where they were then; those made later are not there.
   *
   * @throws {CoroutineError} of kind `busy` in a host function, sink or `onStop`
   */
  restore(snapshot: Snapshot): void {
    this.#check("restore a snapshot");
    this.#guest.driver.checkOutside("restore a snapshot");
    this.machine.restore(snapshot);
    this.#guest.ending = null;
    this.#guest.driver.resynchronize();
    this.#guest.watch.clear();
  }

  /**
   * Frees the machine. What its coroutines hold in the guest is gone; nothing of them runs.
   *
   * @throws {CoroutineError} of kind `busy` in a host function, sink or `onStop`
   */
  [Symbol.dispose](): void {
    this.#guest.driver.checkOutside("dispose of the host");
    this.machine[Symbol.dispose]();
    this.#guest.disposed = true;
  }

  #check(action: string): void {
    if (this.#guest.ending !== null && !action.startsWith("restore")) throw this.#guest.ending;
    if (!this.#guest.disposed) return;
    throw new CoroutineError("disposed", `Cannot ${action}: the host has been disposed of`);
  }
}

/** A sink that comes to be after its machine. */
class LateSink implements EventSink {
  /** The sink. */
  sink: EventSink | null = null;

  /** Takes an event. */
  write(event: KernelEvent): void {
    this.sink?.write(event);
  }
}

/** Makes what owns a machine; the machine goes if that fails. */
function guardedBy<T>(machine: Machine, make: () => T): T {
  try {
    return make();
  } catch (error) {
    machine[Symbol.dispose]();
    throw error;
  }
}
