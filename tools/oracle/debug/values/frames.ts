/**
 * Stack frames of core files with their variables.
 *
 * @module
 */
import { demangle } from "../../../../debug/demangle/mod.ts";
import { DebugFiles } from "../../../../debug/files/mod.ts";
import { FrameReader, type StackFrame, type StackFrameKind } from "../../../../debug/frames/mod.ts";
import type { TargetProcess, TargetThread } from "../../../../debug/target/mod.ts";
import {
  type Scope,
  type TextOptions,
  type TypeReader,
  type VariableFrame,
  variablesOf,
} from "../../../../debug/values/mod.ts";
import { fromBigAddress } from "../../../../bytes/mod.ts";
import { GuessingFrame } from "./guesses.ts";

/** A stack frame, an inlined one among others. */
export interface OwnFrame {
  /** Function. */
  readonly name: string | undefined;
  /** What it is. */
  readonly kind: StackFrameKind;
  /** Its variables; undefined if nothing describes them. */
  readonly scope: Scope | undefined;
  /** The same variables where registers that nothing says of are what they are further in. */
  readonly guessed: (() => Scope) | undefined;
  /** The name of what is at an address. */
  readonly nameOf: NonNullable<TextOptions["nameOf"]>;
}

/** Most frames of a thread that are compared. */
export const FRAMES = 200;

/** Frames of each thread of a process, by the thread's number; values are read when asked for. */
export function framesOf(
  process: TargetProcess,
  sysroot: string | undefined,
): Map<number, OwnFrame[]> {
  const reader = new FrameReader(process, new DebugFiles({ sysroot }));
  const { types } = reader;
  const nameOf: OwnFrame["nameOf"] = (address) => {
    const module = process.modules.find(fromBigAddress(address));
    const found = module?.file?.symbolAt(address - BigInt(module.bias));
    if (found === undefined) return undefined;
    const name = demangle(found.symbol.name) ?? found.symbol.name;
    return found.offset === 0n ? name : `${name}+${found.offset}`;
  };
  return new Map(process.threads.map((thread) => {
    const frames = [...reader.frames(thread, { limit: FRAMES + 20 })];
    return [thread.id, ownFrames(frames, { thread, types, nameOf })];
  }));
}

function ownFrames(
  frames: readonly StackFrame[],
  { thread, types, nameOf }: {
    readonly thread: TargetThread;
    readonly types: TypeReader;
    readonly nameOf: OwnFrame["nameOf"];
  },
): OwnFrame[] {
  const guesses = new Map<VariableFrame, GuessingFrame>();
  const guess = (frame: StackFrame): GuessingFrame => {
    const own = frame.variables;
    let guessing = guesses.get(own);
    if (guessing === undefined) {
      const inner = frames.filter(({ physical }) => physical.index < frame.physical.index);
      const outer = frames.find(({ variables }) => variables === own.caller);
      guesses.set(
        own,
        guessing = new GuessingFrame(own, {
          thread,
          caller: () => outer === undefined ? own.caller : guess(outer),
          inner: (number) =>
            inner.findLast(({ physical }) => physical.registers.get(number) !== undefined)
              ?.physical.registers.get(number),
        }),
      );
    }
    return guessing;
  };
  return frames.map((frame) => {
    const { entry, name, kind } = frame;
    if (entry === undefined) return { name, kind, nameOf, scope: undefined, guessed: undefined };
    const scoped = (own: VariableFrame) => variablesOf({ frame: own, scope: entry, types });
    return {
      name,
      kind,
      nameOf,
      scope: scoped(frame.variables),
      guessed: () => scoped(guess(frame)),
    };
  });
}
