/**
 * Loading a program into its task, from inside the task's first thread: segments and arguments go through copyout, so the pages
 * appear by page faults of the kernel.
 *
 * @module
 */

import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { killCurrent } from "../thread/lifecycle.ts";
import { type Program, type ProgramSegment, STACK_SIZE } from "./loader.ts";
import type { Outcome } from "../thread/outcome.ts";
import type { Task } from "../thread/task.ts";
import { copyout, copyoutPhysical } from "../vm/user_memory.ts";
import { pageCeil, pageFloor, READ_WRITE } from "../vm/vm_map.ts";

/** How a program's segments come into memory. */
export type LoadMode = "copyout" | "demand";

/** All of them. */
export const LOAD_MODES: readonly LoadMode[] = ["copyout", "demand"];

/** A program and what it is started with. */
export interface ExecRequest {
  /** Checked program. */
  readonly program: Program;
  /** Arguments; the first is the program's name. */
  readonly argv: readonly string[];
  /** Copied out at start, or paged in from the file on demand. */
  readonly load: LoadMode;
}

/** Loads the program of the current thread's task, then goes on with the initial PC and SP. */
export function execute(
  k: Kernel,
  request: ExecRequest,
  then: (start: { pc: bigint; sp: bigint }) => Outcome,
): Outcome {
  const { task } = k.current;
  const { program, argv, load } = request;
  const stackTop = k.arch.userEnd;
  const { map } = task.space ?? fail(task);
  map.enter({
    begin: stackTop - STACK_SIZE,
    end: stackTop,
    protection: READ_WRITE,
    object: { kind: "zero" },
  });
  const next = (index: number): Outcome => {
    const segment = program.segments[index];
    if (segment !== undefined) {
      return loadSegment(k, { task, segment, load }, () => next(index + 1));
    }
    k.events.message("task loaded:");
    const { bytes, sp } = initialStack(argv, stackTop);
    return copyout(k, { address: sp, bytes }, (kr) => {
      if (kr !== KernReturn.SUCCESS) return killCurrent(k, "cannot write its arguments");
      k.events.message(` ${argv.join(" ")}`);
      return then({ pc: program.entry, sp });
    });
  };
  return next(0);
}

function fail(task: Task): never {
  throw new TypeError(`Task ${task.name} has no address space`);
}

/** Maps a segment, copies its bytes out and gives it its final protection. */
function loadSegment(
  k: Kernel,
  request: { task: Task; segment: ProgramSegment; load: LoadMode },
  then: () => Outcome,
): Outcome {
  const { task, segment, load } = request;
  const space = task.space ?? fail(task);
  const begin = pageFloor(segment.address);
  const end = pageCeil(segment.address + segment.memorySize);
  const { protection } = segment;
  const { module } = task;
  const fileBegin = BigInt(segment.offset) - (segment.address - begin);
  if (
    load === "demand" && module !== null && fileBegin >= 0n && fileBegin % 4096n === 0n &&
    segment.memorySize === BigInt(segment.fileSize)
  ) {
    space.map.enter({
      begin,
      end,
      protection,
      object: {
        kind: "file",
        file: module.physical,
        size: segment.offset + segment.fileSize,
        offset: Number(fileBegin),
      },
    });
    return then();
  }
  space.map.enter({ begin, end, protection: READ_WRITE, object: { kind: "zero" } });
  const physical = (module?.physical ?? 0n) + BigInt(segment.offset);
  const range = { address: segment.address, physical, size: segment.fileSize };
  return copyoutPhysical(k, range, (kr) => {
    if (kr !== KernReturn.SUCCESS) return killCurrent(k, "cannot load its segments");
    space.map.protect(begin, end, protection);
    space.protect(begin, { end, protection });
    return then();
  });
}

/**
 * The stack a program starts on, as in the System V ABI: argc, argv, a null pointer, an empty environment, then the strings.
 */
export function initialStack(
  argv: readonly string[],
  top: bigint,
): { bytes: Uint8Array; sp: bigint } {
  const strings = argv.map((argument) => new TextEncoder().encode(argument + "\0"));
  const stringBytes = strings.reduce((sum, string) => sum + string.length, 0);
  const words = 1 + argv.length + 1 + 1 + 1;
  const size = (words * 8 + stringBytes + 15) & ~15;
  const sp = top - BigInt(size);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(argv.length), true);
  let at = words * 8;
  strings.forEach((string, i) => {
    view.setBigUint64(8 * (i + 1), sp + BigInt(at), true);
    bytes.set(string, at);
    at += string.length;
  });
  return { bytes, sp };
}
