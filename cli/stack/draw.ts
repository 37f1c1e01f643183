/**
 * The picture of a thread that the options choose.
 *
 * @module
 */
import type { FrameReader } from "../../debug/frames/mod.ts";
import { type StackPicture, stackPicture } from "../../debug/stack/mod.ts";
import type { TargetProcess } from "../../debug/target/mod.ts";
import { wholeNumber } from "../options.ts";
import { UsageError } from "../usage_error.ts";
import type { StackValues } from "./options.ts";

/** The picture of the thread that is asked for. */
export function draw(reader: FrameReader, values: StackValues): StackPicture {
  const limit = wholeNumber("frames", values.frames, 1);
  return stackPicture(reader, chosenThread(reader.process, values.thread), { limit });
}

function chosenThread({ threads, id, name }: TargetProcess, wanted: string) {
  const found = wanted === ""
    ? threads[0]
    : threads.find((thread) => thread.id === wholeNumber("thread", wanted));
  if (found !== undefined) return found;
  const there = threads.map((thread) => thread.id).join(", ") || "none";
  throw new UsageError(`Cannot draw thread ${wanted} of process ${id} (${name}): it has ${there}`);
}
