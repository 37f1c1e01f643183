/**
 * Stack frames of cores, and of programs behind stubs, as gdb has them.
 *
 * @module
 */
import { gdbRequest, gdbResults } from "../../gdb/batch.ts";
import { isInstalled, outputOf, textWithin } from "../../tool.ts";

/** What gdb is to read. */
export interface GdbFramesRequest {
  /** The program's file; without one gdb takes those that a stub has. */
  readonly program?: string;
  /** The core file. */
  readonly core?: string;
  /** Or `HOST:PORT` of a stub. */
  readonly remote?: string;
  /** Signals that a program behind a stub handles itself. */
  readonly handles?: readonly string[] | undefined;
  /** Whether it is to run first, until it has another signal. */
  readonly runs?: boolean;
  /** Folder of the system it is of. */
  readonly sysroot?: string | undefined;
  /** Where gdb does not find out where the program is loaded. */
  readonly moved?: boolean | undefined;
}

/** A stack frame. */
export interface GdbFrame {
  /** Program counter, decimal. */
  readonly pc: string;
  /** What kind of frame. */
  readonly kind: string;
  /** Its function as gdb prints it. */
  readonly name: string | null;
  /** Its function's name for linkers, if there is debug information. */
  readonly linkage: string | null;
  /** Path of the source file. */
  readonly file: string | null;
  /** Line; 0 if there is none. */
  readonly line: number;
}

/** Threads of a core by number, or why there are none. */
export type GdbThreads =
  | {
    readonly threads: readonly {
      readonly id: number;
      readonly frames: readonly GdbFrame[];
      /** Why there are no more. */
      readonly end: string;
    }[];
  }
  | { readonly error: string };

/** Seconds that gdb may take. */
const TIME = 30;
const SCRIPT = new URL("gdb_frames.py", import.meta.url).pathname;

/**
 * Has gdb read core files, each one by itself, since some end it; undefined if it is not installed.
 *
 * @param directory for the file with the request
 */
export function readFrames(
  requests: readonly GdbFramesRequest[],
  directory: string,
): GdbThreads[] | undefined {
  if (!isInstalled("gdb-multiarch")) return undefined;
  return requests.map((request) => {
    const args = gdbRequest(SCRIPT, [request], directory);
    const text = outputOf("timeout", [`${TIME}`, "gdb-multiarch", ...args]) ?? "";
    return gdbResults<GdbThreads>(text)[0] ?? { error: "gdb does not read it" };
  });
}

/** Has gdb read at a stub; what serves that goes on meanwhile. Undefined if gdb does not read it. */
export async function readThere(
  request: GdbFramesRequest,
  directory: string,
): Promise<GdbThreads | undefined> {
  const args = gdbRequest(SCRIPT, [request], directory);
  const text = await textWithin("gdb-multiarch", args, { patience: TIME * 1000 }) ?? "";
  return gdbResults<GdbThreads>(text)[0];
}
