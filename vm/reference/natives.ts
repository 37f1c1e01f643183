/**
 * What native functions do, as far as methods can tell.
 *
 * @module
 */
import { BUILT_IN_CLASSES, type Method, type ValueType } from "../bytecode/program.ts";
import { NATIVES } from "../bytecode/natives.ts";
import type { Value, VmObject } from "./heap.ts";
import type { NativeCall, NativeOutcome } from "./state.ts";

/** What native functions need of the thread and the VM. */
export interface NativeContext {
  /** Number of the thread. */
  readonly thread: number;
  /** A method by number, with one parameter and a result of the type given. */
  upcallTarget(id: Value | undefined, type: ValueType): Method;
  /** Writes a line. */
  print(value: bigint): void;
  /** Starts a thread; gives its number. */
  start(method: Method, argument: Value): number;
  /** Whether a thread has ended. */
  ended(thread: Value | undefined): boolean;
  /** Has a thread end by forced unwinding. */
  cancel(thread: Value | undefined): void;
  /** Takes a unit of the semaphore, if there is one. */
  take(): boolean;
  /** Gives one. */
  give(): void;
  /** An object of a built-in class. */
  throwable(index: number): VmObject;
  /** The static reference. */
  static: VmObject | null;
}

const done: NativeOutcome = { kind: "result", value: undefined };
const blocked: NativeOutcome = { kind: "blocked" };

function numberOf(name: string): number {
  return NATIVES.get(name)!.number;
}

type Action = (context: NativeContext, args: readonly Value[]) => NativeOutcome;

function upcall(type: ValueType): Action {
  return (context, [id, argument = null]) => ({
    kind: "upcall",
    method: context.upcallTarget(id, type),
    argument,
  });
}

const nothing: Action = () => done;

const ACTIONS: ReadonlyMap<number, Action> = new Map(
  Object.entries<Action>({
    print(context, [value]) {
      context.print(value as bigint);
      return done;
    },
    upcall: upcall("int"),
    upcall_ref: upcall("ref"),
    blind: upcall("int"),
    raise(context, [exception]) {
      const thrown = exception as VmObject | null;
      return {
        kind: "throw",
        exception: thrown ?? context.throwable(BUILT_IN_CLASSES.nullPointer),
      };
    },
    start: (context, [id, argument = 0n]) => ({
      kind: "result",
      value: BigInt(context.start(context.upcallTarget(id, "int"), argument)),
    }),
    join: (context, [thread]) => context.ended(thread) ? done : blocked,
    cancel(context, [thread]) {
      if (thread === 0n || thread === BigInt(context.thread)) {
        return { kind: "throw", exception: context.throwable(BUILT_IN_CLASSES.cancelled) };
      }
      context.cancel(thread);
      return done;
    },
    self: ({ thread }) => ({ kind: "result", value: BigInt(thread) }),
    wait: (context) => context.take() ? done : blocked,
    signal(context) {
      context.give();
      return done;
    },
    static_get: (context) => ({ kind: "result", value: context.static }),
    static_set(context, [value]) {
      context.static = value as VmObject | null;
      return done;
    },
    spin: nothing,
    sleep: nothing,
    collect: nothing,
    yield: nothing,
    tier: nothing,
    move: nothing,
    brk: nothing,
  }).map(([name, action]) => [numberOf(name), action]),
);

const EARLY = new Set(["print", "start", "signal", "static_set", "cancel"].map(numberOf));

/**
 * Whether other threads may see what a native function does before it returns. It is done when it is
 * called, then: who is waiting for it is not told before the machine has got there, too.
 */
export function takesEffectEarly(number: number): boolean {
  return EARLY.has(number);
}

/** Goes on with a native function. */
export function runNative(context: NativeContext, call: NativeCall): NativeOutcome {
  const { number, args, returned, pending, early = null } = call;
  if (early !== null) return early;
  if (pending !== null) return { kind: "throw", exception: pending };
  if (returned !== undefined) return { kind: "result", value: returned };
  return ACTIONS.get(number)!(context, args);
}
