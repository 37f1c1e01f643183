/**
 * Why a machine has stopped, as its debugger is told.
 *
 * @module
 */

import type { SignalInfo } from "../../../kernel/core/notes.ts";
import type { TaskStatus } from "../../../kernel/thread/task.ts";
import { SIGNAL } from "../../../trace/signals.ts";
import {
  bytesOf,
  formatStopReply,
  formatThreadId,
  hexText,
  type StopReason,
  toHex,
} from "../../protocol/mod.ts";
import { THE_CPU, type ThreadName } from "../names.ts";
import type { PointStop } from "./points.ts";

/** No signal: a thread that stands still. */
export const NO_SIGNAL: SignalInfo = { signal: 0, code: 0, address: 0n };

/** Why it has stopped. */
export type Stop =
  | PointStop
  | {
    /** A step is over, or the debugger has asked to stop. */
    readonly kind: "step" | "interrupt";
    readonly thread: ThreadName;
  }
  | {
    /** A program has faulted, or stands still (0). */
    readonly kind: "signal";
    readonly thread: ThreadName;
    readonly info: SignalInfo;
  }
  | {
    /** A task has begun: debuggers take it for a copy of the kernel's process... */
    readonly kind: "fork";
    readonly child: ThreadName;
  }
  | {
    /** ...that executes a program. */
    readonly kind: "exec";
    readonly thread: ThreadName;
    readonly file: string;
  }
  | {
    /** A task has ended. */
    readonly kind: "exit";
    readonly process: number;
    readonly status: TaskStatus;
    /** The signal it has died of, if it was killed. */
    readonly signal: number;
  }
  | {
    /** Nothing is known before, or behind. */
    readonly kind: "history";
    readonly at: "begin" | "end";
    readonly thread: ThreadName;
  };

/** SIGBUS as gdb numbers it; the others here are Linux's. */
const GDB_SIGBUS = 10;
const SIGINT = 2;

/** Linux's number of a signal as gdb has it. */
function gdbSignal(signal: number): number {
  return signal === SIGNAL.BUS ? GDB_SIGBUS : signal;
}

/** gdb's number of a signal as Linux has it, as far as it is one of those here. */
export function linuxSignal(signal: number): number {
  return signal === GDB_SIGBUS ? SIGNAL.BUS : signal;
}

/** The thread a stop is about; `undefined` where a process is no more. */
export function threadOf(stop: Stop): ThreadName | undefined {
  if (stop.kind === "fork") return THE_CPU;
  return stop.kind === "exit" ? undefined : stop.thread;
}

/**
 * The stop reply of a stop.
 * @param options `multiprocess` says whether processes are named; `registers` are values of
 *   registers by number, to be told at once
 */
export function stopReply(
  stop: Stop,
  options: {
    readonly multiprocess: boolean;
    readonly registers?: ReadonlyMap<number, Uint8Array>;
  },
): string {
  const { multiprocess, registers = new Map() } = options;
  if (stop.kind === "exit") {
    const { status, signal } = stop;
    const process = multiprocess ? stop.process : undefined;
    return status.kind === "exit"
      ? formatStopReply({ kind: "exited", code: status.code & 0xff, process })
      : formatStopReply({ kind: "killed", signal: gdbSignal(signal), process });
  }
  const { process, thread } = threadOf(stop) ?? THE_CPU;
  return formatStopReply({
    kind: "stopped",
    signal: signalOf(stop),
    thread: multiprocess ? { process, thread } : { thread },
    core: 0,
    reason: reasonOf(stop),
    registers: new Map([...registers].map(([number, bytes]) => [number, toHex(bytes)])),
  });
}

function signalOf(stop: Stop): number {
  if (stop.kind === "signal") return gdbSignal(stop.info.signal);
  return stop.kind === "interrupt" ? SIGINT : SIGNAL.TRAP;
}

function reasonOf(stop: Exclude<Stop, { kind: "exit" }>): StopReason | undefined {
  switch (stop.kind) {
    case "swbreak":
    case "hwbreak":
      return { kind: stop.kind };
    case "watch":
    case "rwatch":
    case "awatch":
      return { kind: stop.kind, address: stop.address };
    case "history":
      return { kind: "replaylog", at: stop.at };
    case "fork":
      return { kind: "other", name: "fork", value: formatThreadId(stop.child) };
    case "exec":
      return { kind: "other", name: "exec", value: hexText(stop.file) };
    default:
      return undefined;
  }
}

/** The packet that shows output of programs, each character of which is one byte. */
export function outputPacket(output: string): string {
  return formatStopReply({ kind: "output", bytes: bytesOf(output) });
}
