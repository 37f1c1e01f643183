/**
 * What a code kind tells of a frame: generated and interpreted code has no debug information, but
 * its maker may publish what is in its frames.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import { type Frame, type ManagedFrame, managedFrame } from "../../unwind/walk/mod.ts";

/** A frame of code whose kind is known. */
export interface CodeFrameInfo {
  /** Name of the kind. */
  readonly kind: string;
  /**
   * Name of the code: that of the method if it executes bytecode, else of the piece of code, which
   * may be one of many around a method.
   */
  readonly name: string;
  /** Method, position and values; undefined if there are none, or they cannot be told. */
  readonly managed: ManagedFrame | undefined;
  /** Why they cannot be told. */
  readonly damage: InputError | undefined;
}

/** What is told of a frame; undefined of native code. */
export function codeFrameInfo(frame: Frame): CodeFrameInfo | undefined {
  const { code } = frame;
  if (code === undefined) return undefined;
  const told = { kind: code.kind.name, name: code.name };
  try {
    const managed = managedFrame(frame);
    const isBytecode = managed?.bci !== undefined && managed.method !== undefined;
    const name = isBytecode || code.name === "" ? managed?.method?.name ?? code.name : code.name;
    return { ...told, name, managed, damage: undefined };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { ...told, managed: undefined, damage: error };
  }
}
