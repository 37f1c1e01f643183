/**
 * An instant of a machine as the command line names it.
 *
 * @module
 */

import type { Arch } from "../arch/arch.ts";
import { hex } from "../arch/physical_memory.ts";
import type { ElfFile } from "../elf/mod.ts";
import type { Machine } from "../kernel/mod.ts";
import { EVENT_TYPES } from "../trace/event_codec.ts";
import type { EventSink, KernelEvent } from "../trace/events.ts";
import { UsageError } from "./usage_error.ts";

/** What has to come about. */
export type Instant =
  | {
    /** The program begins to die: it panics, say, and nothing catches that. */
    readonly kind: "crash";
  }
  | {
    /** An instruction is next. */
    readonly kind: "address";
    /** Its address. */
    readonly address: bigint;
  }
  | {
    /** The kernel tells of something. */
    readonly kind: "event";
    /** Whether it is that. */
    readonly matches: (event: KernelEvent) => boolean;
  };

/**
 * Reads an instant: `crash`, `exit`, an address, a function of the program or a label of the
 * kernel, or a type of event, with the event's own name behind a colon.
 * @param where.option that it is the value of, and what `also` may stand there, for messages
 * @throws {UsageError}
 */
export function readInstant(
  value: string,
  where: { program: ElfFile; arch: Arch; option?: string; also?: string },
): Instant {
  if (value === "crash") return { kind: "crash" };
  if (value === "exit") return { kind: "event", matches: ({ type }) => type === "task-exit" };
  if (/^0x[0-9a-f]{1,16}$/i.test(value)) return { kind: "address", address: BigInt(value) };
  const { program, arch, option = "until", also = "" } = where;
  const symbol = program.symbolNamed(value) ?? arch.image.elf.symbolNamed(value);
  if (symbol !== undefined) return { kind: "address", address: symbol.value };
  const [type, ...rest] = value.split(":");
  const name = rest.length === 0 ? undefined : rest.join(":");
  if (EVENT_TYPES.some((each) => each === type)) {
    const matches = (event: KernelEvent) =>
      event.type === type && (name === undefined || ("name" in event && event.name === name));
    return { kind: "event", matches };
  }
  throw new UsageError(
    `Cannot use --${option} ${value}: expected ${also}crash, exit, an address such as 0x401000, a ` +
      `function of the program or a label of the kernel, or a type of event: ${
        EVENT_TYPES.join(", ")
      }`,
  );
}

/** Thrown out of a run that has come to its instant. */
class Arrived extends Error {}

/**
 * Runs a machine up to the `times`-th occurrence of an instant and returns what is to be had there,
 * in the midst of what the kernel is doing if it is an event; `undefined` if it has not come about
 * when the machine has halted or has executed `limit` instructions.
 *
 * @param how.sink among the sinks of the machine
 */
export function at<T>(
  machine: Machine,
  how: { instant: Instant; sink: InstantSink; times: number; limit: number | undefined },
  take: () => T,
): T | undefined {
  const { instant, sink, times, limit = Number.MAX_SAFE_INTEGER } = how;
  let left = times;
  if (instant.kind === "address") {
    using _ = machine.addBreakpoint(instant.address);
    while (machine.cpu.instructions < limit) {
      const { kind } = machine.run(limit - machine.cpu.instructions);
      if (kind !== "breakpoint") return undefined;
      if (--left === 0) return take();
    }
    return undefined;
  }
  let taken: { readonly value: T } | undefined;
  sink.onEvent = instant.kind === "crash" ? atCrash(take, arrive) : (event) => {
    if (instant.matches(event) && --left === 0) arrive(take());
  };
  function arrive(value: T): void {
    sink.onEvent = null;
    taken = { value };
    throw new Arrived();
  }
  try {
    machine.run(limit);
  } catch (error) {
    if (!(error instanceof Arrived)) throw error;
  }
  return taken?.value;
}

/** What begins to unwind a thread is a crash only if nothing catches it. */
function atCrash<T>(take: () => T, arrive: (value: T) => void): (event: KernelEvent) => void {
  let first: { readonly thread: bigint; readonly value: T } | undefined;
  return (event) => {
    if (event.type === "panic") {
      first ??= { thread: event.thread.address, value: take() };
    } else if (event.type === "unwind-end" && event.outcome === "caught") {
      if (first?.thread === event.thread.address) first = undefined;
    } else if (event.type === "task-exit" && event.reason !== undefined) {
      arrive(first === undefined ? take() : first.value);
    }
  };
}

/** The sink through which an instant is seen. */
export class InstantSink implements EventSink {
  /** Called with each event. */
  onEvent: ((event: KernelEvent) => void) | null = null;

  /** Takes one event. */
  write(event: KernelEvent): void {
    this.onEvent?.(event);
  }
}

/** Where a machine's CPU is, in words. */
export function placeOf(machine: Machine, program: ElfFile): string {
  const { pc } = machine.cpu;
  const found = program.symbolAt(pc) ?? machine.kernel.arch.image.elf.symbolAt(pc);
  return found === undefined
    ? hex(pc)
    : `${found.symbol.name}${found.offset === 0n ? "" : `+${hex(found.offset)}`}`;
}
