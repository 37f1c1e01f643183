/**
 * System calls for output, time and giving way.
 *
 * @module
 */

import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { CopyResult } from "../thread/continuation.ts";
import { blockAt, type Outcome, yieldAt } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { copyin, copyout } from "../memory/user_memory.ts";
import { fail, finish, type SyscallContext, type SyscallTable } from "./syscall.ts";
import { timeAfter } from "./waiting.ts";

/** Most bytes one print call takes. */
export const PRINT_LIMIT = 65536n;

/** Bytes read from the program at a time. */
const PIECE = 4096;

/** What is left of a text to print. */
interface PrintRest {
  /** Where the text is. */
  readonly address: bigint;
  /** Its bytes. */
  readonly length: number;
  /** How many of them have been printed. */
  readonly done: number;
}

function print(context: SyscallContext): Outcome {
  const { k, thread, args: [address = 0n, length = 0n] } = context;
  if (length > PRINT_LIMIT) return fail(context, KernReturn.INVALID_ARGUMENT);
  return printRest(k, thread, { address, length: Number(length), done: 0 });
}

function printRest(k: Kernel, thread: Thread, rest: PrintRest): Outcome {
  const { address, length, done } = rest;
  if (done === length) return finish({ k, thread }, BigInt(length));
  return copyin(k, thread, {
    address: address + BigInt(done),
    size: Math.min(PIECE, length - done),
    then: { name: "print", address, length, done },
  });
}

/** Prints a piece that has been read, then reads the next. */
export function printPiece(
  k: Kernel,
  thread: Thread,
  piece: { rest: PrintRest; copied: CopyResult },
): Outcome {
  const { rest, copied: { bytes, kr } } = piece;
  if (bytes === null) return fail({ k, thread }, kr);
  k.print(thread, String.fromCharCode(...bytes));
  return printRest(k, thread, { ...rest, done: rest.done + bytes.length });
}

function sleep(context: SyscallContext): Outcome {
  const { k, thread, args: [duration = 0n] } = context;
  const until = timeAfter(k, duration);
  if (until === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  k.waitUntil(thread, { kind: "time", until });
  return blockAt("syscall_continuation", { name: "syscall_result", result: 0n });
}

function hostInfo(context: SyscallContext): Outcome {
  const { k, thread, args: [address = 0n, size = 0n] } = context;
  const words = [
    BigInt(k.pageFrames.total),
    BigInt(k.pageFrames.available),
    BigInt(k.clock.period),
    BigInt(k.tasks.length - 1),
  ];
  const bytes = new Uint8Array(new BigUint64Array(words).buffer);
  if (size < BigInt(bytes.length)) return fail(context, KernReturn.INVALID_ARGUMENT);
  return copyout(k, thread, { address, bytes, then: { name: "syscall_status" } });
}

function putCharacter(context: SyscallContext): Outcome {
  const { k, thread, args: [character = 0n] } = context;
  const text = String.fromCharCode(Number(character & 0xffn));
  k.print(thread, text);
  return finish(context, 0n);
}

/** Calls 0 to 4, 13, 16 and 19. */
export const basicSyscalls: SyscallTable = [
  [0, { name: "null", args: 0, run: (context) => finish(context, 0n) }],
  [1, { name: "console_putc", args: 1, run: putCharacter }],
  [2, { name: "print", args: 2, run: print }],
  [3, {
    name: "yield",
    args: 0,
    run: () => yieldAt("syscall_continuation", { name: "syscall_result", result: 0n }),
  }],
  [4, { name: "sleep", args: 1, run: sleep }],
  [13, { name: "host_reboot", args: 0, run: () => ({ kind: "halt", reason: "reboot" }) }],
  [16, {
    name: "clock",
    args: 0,
    run: (context) => finish(context, BigInt(context.k.clock.now)),
  }],
  [19, { name: "host_info", args: 2, run: hostInfo }],
];
