/**
 * System calls for output, time and giving way.
 *
 * @module
 */

import { KernReturn } from "../errors.ts";
import { blockWith, type Outcome, yieldWith } from "../thread/outcome.ts";
import type { Syscall, SyscallContext } from "./syscalls.ts";
import { copyin, copyout } from "../vm/user_memory.ts";

/** Most bytes one print call takes. */
const PRINT_LIMIT = 65536n;

/** Latest time to sleep until: the clock stays exact up to 2^53. */
const TIME_LIMIT = 1n << 52n;

function print(context: SyscallContext): Outcome {
  const { k, args: [address = 0n, length = 0n], finish, fail } = context;
  if (length > PRINT_LIMIT) return fail(KernReturn.INVALID_ARGUMENT);
  const total = Number(length);
  const next = (done: number): Outcome => {
    if (done === total) return finish(length);
    const size = Math.min(4096, total - done);
    return copyin(k, { address: address + BigInt(done), size }, (bytes, kr) => {
      if (bytes === null) return fail(kr);
      k.events.emit({
        type: "console",
        thread: k.current.ref,
        text: String.fromCharCode(...bytes),
      });
      return next(done + size);
    });
  };
  return next(0);
}

function sleep(context: SyscallContext): Outcome {
  const { k, args: [duration = 0n], finish, fail } = context;
  if (duration + BigInt(k.clock.now) > TIME_LIMIT) return fail(KernReturn.INVALID_ARGUMENT);
  const thread = k.current;
  const sleeper = { thread, until: k.clock.now + Number(duration) };
  k.sleepers.push(sleeper);
  thread.cancelWait = () => k.sleepers.splice(k.sleepers.indexOf(sleeper), 1);
  return blockWith("syscall_continuation", () => finish(0n));
}

function hostInfo(context: SyscallContext): Outcome {
  const { k, args: [address = 0n, size = 0n], finish, fail } = context;
  const words = [
    BigInt(k.frames.total),
    BigInt(k.frames.available),
    BigInt(k.clock.period),
    BigInt(k.tasks.length - 1),
  ];
  const bytes = new Uint8Array(new BigUint64Array(words).buffer);
  if (size < BigInt(bytes.length)) return fail(KernReturn.INVALID_ARGUMENT);
  return copyout(k, { address, bytes }, (kr) => kr === 0 ? finish(0n) : fail(kr));
}

/** Calls 0 to 4, 13, 16 and 19. */
export const basicSyscalls: readonly (readonly [number, Syscall])[] = [
  [0, { name: "null", args: 0, run: ({ finish }) => finish(0n) }],
  [1, {
    name: "console_putc",
    args: 1,
    run: ({ k, args: [character = 0n], finish }) => {
      const text = String.fromCharCode(Number(character & 0xffn));
      k.events.emit({ type: "console", thread: k.current.ref, text });
      return finish(0n);
    },
  }],
  [2, { name: "print", args: 2, run: print }],
  [3, {
    name: "yield",
    args: 0,
    run: ({ finish }) => yieldWith("syscall_continuation", () => finish(0n)),
  }],
  [4, { name: "sleep", args: 1, run: sleep }],
  [13, {
    name: "host_reboot",
    args: 0,
    run: () => ({ kind: "halt", reason: "reboot" }),
  }],
  [16, { name: "clock", args: 0, run: ({ k, finish }) => finish(BigInt(k.clock.now)) }],
  [19, { name: "host_info", args: 2, run: hostInfo }],
];
