/**
 * Stack frames as programmers think of them. {@linkcode FrameReader} reads the stacks of a process;
 * its {@linkcode FrameReader.frames} gives {@linkcode StackFrame}s, innermost first: the frames of
 * the walk, a frame for each function that was inlined into one of these or has left the stack by a
 * tail call, and frames of signals, with names and lines. They are numbered and named as gdb does
 * it.
 *
 * The files, lowest first: `code_frame.ts` and `code_value.ts`, what generated code tells of itself;
 * `function_name.ts`, `plt_names.ts` and `symbol_lookup.ts`, names; `module_code.ts`, what is known
 * of an address; `tail_calls.ts`, what has left a stack; `stack_frame.ts`, one frame;
 * `stack_frames.ts`, a stack; `frame_reader.ts`, all of a process.
 *
 * @module
 */
export type { CodeFrameInfo } from "./code_frame.ts";
export { functionName } from "./function_name.ts";
export { FrameReader } from "./frame_reader.ts";
export { ModuleCode, PlaceFunction } from "./module_code.ts";
export { StackFrame, type StackFrameInit, type StackFrameKind, type Views } from "./stack_frame.ts";
export { type FrameOptions, StackFrames } from "./stack_frames.ts";
