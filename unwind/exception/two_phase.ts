/**
 * Two-phase unwinding (Itanium C++ ABI, level I) without an engine: it says where to land with
 * which registers, the caller makes the program do so. The road of one exception:
 *
 * 1. {@linkcode Unwinding.search} walks the stack and finds the stack frame that will take the
 *    exception. Nothing has changed yet.
 * 2. {@linkcode Unwinding.begin} walks again and gives the first landing: a cleanup on the way, or
 *    the handler itself.
 * 3. The program runs the cleanup, which ends in `_Unwind_Resume`; {@linkcode Unwinding.resume}
 *    goes on from there, with the frames as they are then, until the handler is reached.
 *
 * A forced unwinding has no search: a stop function is asked at each frame, handlers are passed
 * over, cleanups run.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import type { Frame, RegisterSet } from "../walk/mod.ts";
import {
  type BetweenCallSites,
  judge,
  type Personality,
  type ThrownException,
  type Verdict,
} from "./personality.ts";

/**
 * DWARF numbers of the registers in which a landing pad gets the exception object and the selector:
 * the same on both machines.
 */
export const EXCEPTION_REGISTERS: readonly [object: 0, selector: 1] = [0, 1];

/** Where the program is to go on, and with what registers. */
export interface Landing {
  /** Whether the exception goes on afterwards (`cleanup`) or ends here (`handler`). */
  readonly kind: "cleanup" | "handler";
  /** The stack frame that is landed in. */
  readonly frame: Frame;
  /** Address of the landing pad. */
  readonly landingPad: bigint;
  /** What the landing pad compares to know which handler is meant; 0 for a cleanup. */
  readonly selector: bigint;
  /** Registers to set, program counter, stack pointer, exception object and selector included. */
  readonly registers: RegisterSet;
}

/** What the search found. */
export type SearchResult =
  /** A stack frame that takes the exception. */
  | { readonly type: "handler"; readonly frame: Frame }
  /** No stack frame takes it. */
  | { readonly type: "none" }
  /** A stack frame lets no exception pass. */
  | { readonly type: "terminate"; readonly frame: Frame };

/** What is to be done next. */
export type Step =
  /** Land. */
  | { readonly type: "land"; readonly landing: Landing }
  /** The end of the stack is reached; nothing is left to clean up. */
  | { readonly type: "end" }
  /** A stack frame lets no exception pass. */
  | { readonly type: "terminate"; readonly frame: Frame }
  /** The stop function said so. */
  | { readonly type: "stopped"; readonly frame: Frame | undefined };

/** A forced unwinding. */
export interface ForcedUnwind {
  /**
   * Asked at each stack frame, and once with undefined at the end of the stack; `stop` ends the
   * unwinding there.
   */
  readonly stop?: (frame: Frame | undefined) => "continue" | "stop";
  /**
   * Whether handlers of every type are landed in, as GCC does (they must throw on), or passed over,
   * as Clang's library does. Default `skip`.
   */
  readonly catchAll?: "skip" | "land";
}

/** What an unwinding needs to know. */
export interface UnwindRequest {
  /** The exception. */
  readonly exception: ThrownException;
  /** Language of a stack frame; default C++ for all. */
  readonly personality?: (frame: Frame) => Personality;
  /**
   * What to do in a stack frame that is at no call site; default what the ABI says: no exception
   * may pass. A frame that was interrupted may be at any instruction, so faults and forced
   * unwinding of preempted programs need `continue` or `previous` there.
   */
  readonly between?: (frame: Frame) => BetweenCallSites;
  /** Whether stack frames are to be unwound without asking who takes the exception. */
  readonly forced?: ForcedUnwind;
}

/** Makes the stack frames of a walk, innermost first; each call must begin anew. */
export type FrameFactory = () => Iterable<Frame>;

/** What is wrong with the use of an {@linkcode Unwinding}. */
export type UnwindingErrorKind = "order" | "cfa" | "vanished";

/** Thrown when the phases are used out of order, or the stack changed between them. */
export class UnwindingError extends InputError {
  /** What is wrong. */
  declare readonly kind: UnwindingErrorKind;

  /** Builds an unwinding error. */
  constructor(kind: UnwindingErrorKind, message: string, address?: bigint) {
    super(kind, message, { source: "unwinding", address });
  }
}

/**
 * How far an unwinding is: not begun, searched for a handler, running cleanups, or at its end.
 */
export type UnwindingPhase = "new" | "searched" | "unwinding" | "over";

/**
 * An {@linkcode Unwinding} as plain data, but for its request: all that is kept from one step to
 * the next.
 */
export interface UnwindingState {
  /** How far it is. */
  readonly phase: UnwindingPhase;
  /**
   * Canonical frame address of the frame that the search found to take the exception; undefined if
   * there is none.
   */
  readonly handlerCfa: bigint | undefined;
}

/** One exception on its way through one stack. */
export class Unwinding {
  /** What is unwound for. */
  readonly request: UnwindRequest;
  #phase: UnwindingPhase;
  #handlerCfa: bigint | undefined;

  /**
   * An unwinding that has not begun, or one that goes on from where {@linkcode Unwinding.save} left
   * it; the request must then mean the same as it did.
   */
  constructor(
    request: UnwindRequest,
    state: UnwindingState = { phase: "new", handlerCfa: undefined },
  ) {
    this.request = request;
    this.#phase = state.phase;
    this.#handlerCfa = state.handlerCfa;
  }

  /** Where it is, as plain data. */
  save(): UnwindingState {
    return { phase: this.#phase, handlerCfa: this.#handlerCfa };
  }

  /** Whether cleanups are being run: an exception thrown now is thrown inside a cleanup. */
  get isActive(): boolean {
    return this.#phase === "unwinding";
  }

  /**
   * Phase one: finds the stack frame that takes the exception. Not for forced unwinding.
   *
   * @throws {UnwindingError} (`order`) If it has been called before, or the unwinding is forced.
   * @throws {InputError} If the walk or a language-specific data area is damaged.
   */
  search(frames: FrameFactory): SearchResult {
    if (this.#phase !== "new" || this.request.forced !== undefined) {
      throw new UnwindingError("order", "Cannot search now");
    }
    this.#phase = "searched";
    for (const frame of frames()) {
      const verdict = this.#judge(frame);
      if (verdict.type === "terminate") return { type: "terminate", frame };
      if (verdict.type === "handler") {
        if (frame.cfa === undefined) {
          throw new UnwindingError("cfa", "Handler has no CFA", frame.pc);
        }
        this.#handlerCfa = frame.cfa;
        return { type: "handler", frame };
      }
    }
    return { type: "none" };
  }

  /**
   * Begins phase two, or a forced unwinding, with the frames that were searched. Without a handler
   * it cleans up to the end of the stack, as a panic does; C++ terminates instead of calling this.
   *
   * @throws {UnwindingError} (`order`) If an exception that is not forced has not been searched
   * for, or phase two has begun.
   * @throws {InputError} As {@linkcode Unwinding.search}.
   */
  begin(frames: FrameFactory): Step {
    const ready = this.request.forced === undefined ? "searched" : "new";
    if (this.#phase !== ready) {
      throw new UnwindingError("order", "Cannot begin to unwind now");
    }
    this.#phase = "unwinding";
    return this.#run(frames);
  }

  /**
   * Goes on after a cleanup: the frames begin with the one whose landing pad called
   * `_Unwind_Resume`.
   *
   * @throws {UnwindingError} (`order`) If no cleanup is being run.
   * @throws {InputError} As {@linkcode Unwinding.search}.
   */
  resume(frames: FrameFactory): Step {
    if (this.#phase !== "unwinding") {
      throw new UnwindingError("order", "Cannot resume now");
    }
    return this.#run(frames);
  }

  #run(frames: FrameFactory): Step {
    const { forced } = this.request;
    for (const frame of frames()) {
      if (forced?.stop?.(frame) === "stop") {
        this.#phase = "over";
        return { type: "stopped", frame };
      }
      const verdict = this.#judge(frame);
      if (verdict.type === "terminate") {
        this.#phase = "over";
        return { type: "terminate", frame };
      }
      const isHandler = frame.cfa === this.#handlerCfa &&
        this.#handlerCfa !== undefined;
      if (isHandler && verdict.type !== "handler") {
        throw new UnwindingError(
          "vanished",
          "Handler found by the search takes the exception no more",
          frame.pc,
        );
      }
      const landing = this.#landing(frame, verdict);
      if (landing !== undefined) {
        if (landing.kind === "handler") this.#phase = "over";
        return { type: "land", landing };
      }
    }
    this.#phase = "over";
    return forced?.stop?.(undefined) === "stop"
      ? { type: "stopped", frame: undefined }
      : { type: "end" };
  }

  #judge(frame: Frame): Verdict {
    const { exception, between, personality, forced } = this.request;
    const isSkipped = forced !== undefined && forced.catchAll !== "land";
    return judge(
      frame,
      isSkipped ? { ...exception, matches: () => false } : exception,
      {
        personality: personality?.(frame) ?? "cxx",
        between: between?.(frame) ?? "terminate",
      },
    );
  }

  #landing(frame: Frame, verdict: Verdict): Landing | undefined {
    if (verdict.type === "handler") {
      const forced = this.request.forced;
      const isHandler = forced === undefined
        ? frame.cfa === this.#handlerCfa
        : forced.catchAll === "land";
      if (isHandler) {
        // A forced exception goes on even from a handler.
        const kind = forced === undefined ? "handler" : "cleanup";
        return this.#land(frame, verdict.landingPad, {
          kind,
          selector: verdict.selector,
        });
      }
      return verdict.hasCleanup
        ? this.#land(frame, verdict.landingPad, { kind: "cleanup", selector: 0n })
        : undefined;
    }
    return verdict.type === "cleanup"
      ? this.#land(frame, verdict.landingPad, { kind: "cleanup", selector: 0n })
      : undefined;
  }

  #land(
    frame: Frame,
    landingPad: bigint,
    how: { readonly kind: Landing["kind"]; readonly selector: bigint },
  ): Landing {
    const registers = frame.registers.clone();
    const { programCounter, stackPointer } = registers.numbers;
    const { argsSize } = frame.rule;
    if (argsSize !== 0 && registers.sp !== undefined) {
      // Arguments pushed for the call that threw are still on the stack.
      registers.set(stackPointer, registers.sp + BigInt(argsSize));
    }
    registers.set(programCounter, landingPad);
    registers.set(EXCEPTION_REGISTERS[0], this.request.exception.object);
    registers.set(EXCEPTION_REGISTERS[1], how.selector);
    return { ...how, frame, landingPad, registers };
  }
}
