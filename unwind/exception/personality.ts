/**
 * What a language makes of a stack frame through which an exception passes: the part of unwinding
 * that C++ calls the personality routine. The languages share the tables and differ in what the
 * entries mean.
 *
 * - C++: Itanium C++ ABI, level II (`__gxx_personality_v0`).
 * - Rust: every handler takes every panic (`rust_eh_personality`).
 * - C: cleanups only (`__gcc_personality_v0`).
 *
 * @module
 */
import type { Frame } from "../walk/mod.ts";
import { lsdaOf } from "./frame_lsda.ts";
import type { Action } from "./lsda.ts";
import type { EncodedPointer } from "../cfi/mod.ts";

/** A language's way of reading the tables. */
export type Personality = "cxx" | "rust" | "c";

/** An exception, as the tables see it. */
export interface ThrownException {
  /**
   * Address of the exception object in the program: the value a landing pad gets in its first
   * register.
   */
  readonly object: bigint;
  /** Eight bytes that name language and vendor, for example `0x474e5543432b2b00` for GNU C++. */
  readonly exceptionClass: bigint;
  /**
   * Whether a handler for the type with this type information takes the exception. Absent for an
   * exception of another language, which only a handler of every type takes.
   */
  readonly matches?: (typeInfo: bigint) => boolean;
}

/** What a stack frame wants to do. */
export type Verdict =
  /** Nothing: the exception goes on. */
  | { readonly type: "continue" }
  /** Clean up, then let it go on. */
  | { readonly type: "cleanup"; readonly landingPad: bigint }
  /** Take it. */
  | {
    readonly type: "handler";
    readonly landingPad: bigint;
    readonly selector: bigint;
    /** Whether to clean up here if the exception must not be taken (it is forced). */
    readonly hasCleanup: boolean;
  }
  /** No exception may pass here. */
  | { readonly type: "terminate" };

/**
 * What to do in a stack frame that is at no call site: `terminate`, as the ABI says; `continue`, as
 * if there were nothing to do; `previous`, what the last call site before it says, as Theseus does.
 */
export type BetweenCallSites = "terminate" | "continue" | "previous";

/** How {@linkcode judge} reads a frame. */
export interface JudgeOptions {
  /** The language; default C++. */
  readonly personality?: Personality;
  /** What to do at no call site; default `terminate`. */
  readonly between?: BetweenCallSites;
}

const CONTINUE: Verdict = { type: "continue" };

/**
 * What a stack frame wants to do with an exception.
 *
 * @throws {LsdaError | DecodeError} If the frame's language-specific data is malformed.
 */
export function judge(
  frame: Frame,
  exception: ThrownException,
  options: JudgeOptions = {},
): Verdict {
  const lsda = lsdaOf(frame);
  if (lsda === undefined) return CONTINUE;
  const personality = options.personality ?? "cxx";
  const isPrevious = options.between === "previous";
  const site = lsda.callSiteAt(frame.lookupAddress, {
    between: isPrevious ? "previous" : "none",
  });
  if (site === undefined) {
    // C promises nothing about exceptions, so a hole in its table is no wall. Before the first call
    // site there is no previous one.
    return personality === "c" || isPrevious || options.between === "continue"
      ? CONTINUE
      : { type: "terminate" };
  }
  const { landingPad } = site;
  if (landingPad === undefined) return CONTINUE;
  let hasCleanup = false;
  let handler: bigint | undefined;
  for (const action of lsda.actions(site)) {
    if (action.kind === "cleanup") hasCleanup = true;
    else if (
      handler === undefined && takes(action, exception, { personality, frame })
    ) {
      // Rust's landing pads do not look at the selector, its personality sets it to zero.
      handler = personality === "rust" ? 0n : BigInt(action.filter);
    }
  }
  if (handler !== undefined && personality !== "c") {
    return { type: "handler", landingPad, selector: handler, hasCleanup };
  }
  return hasCleanup ? { type: "cleanup", landingPad } : CONTINUE;
}

function takes(
  action: Exclude<Action, { kind: "cleanup" }>,
  exception: ThrownException,
  context: { readonly personality: Personality; readonly frame: Frame },
): boolean {
  if (context.personality === "rust") return true;
  const matches = (type: EncodedPointer | undefined): boolean => {
    if (type === undefined) return true;
    const info = typeInfoOf(type, context.frame);
    return info !== undefined && exception.matches?.(info) === true;
  };
  return action.kind === "catch" ? matches(action.type) : !action.types.some(matches);
}

/**
 * Address of the type information an entry of an LSDA's type table stands for; undefined if it
 * cannot be read.
 */
export function typeInfoOf(
  type: EncodedPointer,
  frame: Frame,
): bigint | undefined {
  const address = BigInt.asUintN(64, BigInt(type.address));
  return type.indirect ? frame.word(address) : address;
}
