/**
 * System calls to wait for a change of a word in memory, and to wake who does: what locks in user
 * mode are made of (Linux's futex). The kernel knows nothing of what the word means.
 *
 * Nobody else runs between the look at the word and the wait: the word is read by its page frame,
 * and if its page is not in memory, it is brought in and the word looked at again.
 *
 * @module
 */

import { urgencyKey } from "../../sched/locks/urgency.ts";
import { KernReturn } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { resolveFault } from "../memory/fault.ts";
import { readKernel } from "../memory/kernel_memory.ts";
import type { Continuation, FutexMove, FutexWait } from "../thread/continuation.ts";
import type { FutexKey } from "../thread/futex_table.ts";
import { blockAt, type Outcome } from "../thread/outcome.ts";
import type { Thread } from "../thread/thread.ts";
import { pageFloor } from "../vm/vm_map.ts";
import { fail, finish, type SyscallContext, type SyscallTable } from "./syscall.ts";
import { deadlineOf } from "./waiting.ts";

/** Bytes of a word. */
const SIZE = 4;

/** A word, or why it cannot be read; `null` if its page is not in memory. */
type Word = { readonly value: number; readonly kr: 0 } | { readonly kr: number } | null;

function keyOf({ task }: Thread, address: bigint): FutexKey {
  return { space: task.space === null ? 0 : task.id, address };
}

/** What is wrong with an address, whatever is there. */
function refuseAddress({ k, thread: { task } }: SyscallContext, address: bigint): number {
  if (address % BigInt(SIZE) !== 0n) return KernReturn.INVALID_ARGUMENT;
  const outside = !task.kernelMode && address >= k.arch.userEnd;
  return outside ? KernReturn.INVALID_ADDRESS : KernReturn.SUCCESS;
}

function readWord(k: Kernel, { task }: Thread, address: bigint): Word {
  const { space } = task;
  let bytes: Uint8Array | undefined;
  if (space === null) {
    bytes = readKernel(k, address, SIZE);
    if (bytes === undefined) return { kr: KernReturn.INVALID_ADDRESS };
  } else {
    const entry = space.lookup(address);
    if (entry === undefined) return { kr: KernReturn.INVALID_ADDRESS };
    if (!entry.protection.read) return { kr: KernReturn.PROTECTION_FAILURE };
    const page = space.page(address);
    if (page === undefined) return null;
    bytes = k.memory.slice(page.frame + (address - pageFloor(address)), SIZE);
  }
  const value = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return { value, kr: KernReturn.SUCCESS };
}

/**
 * What becomes of a call if a word is not what was expected, or its page has to be brought in first
 * (`retry`); `null` if the call can go on.
 */
function unlessEqual(
  k: Kernel,
  thread: Thread,
  how: { address: bigint; expected: number; retry: Continuation<number> },
): Outcome | null {
  const { address, expected, retry } = how;
  const word = readWord(k, thread, address);
  if (word === null) {
    const fault = { address, access: "read", label: "syscall_continuation" } as const;
    return resolveFault(k, thread, { fault, then: retry });
  }
  if (!("value" in word)) return fail({ k, thread }, word.kr);
  return word.value === expected ? null : fail({ k, thread }, KernReturn.INVALID_VALUE);
}

function futexWait(context: SyscallContext): Outcome {
  const { k, thread, args: [address = 0n, expected = 0n, timeout = 0n] } = context;
  const kr = refuseAddress(context, address);
  if (kr !== KernReturn.SUCCESS) return fail(context, kr);
  const until = deadlineOf(k, timeout);
  if (until === undefined) return fail(context, KernReturn.INVALID_ARGUMENT);
  return waitForWord(k, thread, { address, expected: wordOf(expected), until, kr });
}

/** Waits for a change of a word whose page is there, or cannot be (`kr`). */
export function waitForWord(
  k: Kernel,
  thread: Thread,
  how: FutexWait & { readonly kr: number },
): Outcome {
  const { address, expected, until, kr } = how;
  if (kr !== KernReturn.SUCCESS) return fail({ k, thread }, kr);
  const retry = { name: "futex_wait", address, expected, until } as const;
  const otherwise = unlessEqual(k, thread, { address, expected, retry });
  if (otherwise !== null) return otherwise;
  if (until !== null && until <= k.clock.now) {
    return fail({ k, thread }, KernReturn.OPERATION_TIMED_OUT);
  }
  const key = keyOf(thread, address);
  k.futexes.add(key, thread.id);
  k.waitUntil(thread, { kind: "futex", ...key, until });
  return blockAt("syscall_continuation", { name: "wait_over" });
}

/** The words of the calls have 32 bits. */
function wordOf(argument: bigint): number {
  return Number(BigInt.asUintN(32, argument));
}

/** Those who wait for a word, the most urgent first, equals as they came. */
function inOrder(k: Kernel, key: FutexKey): Thread[] {
  const { urgency } = k.policy;
  const rank = ({ id }: Thread): number => urgencyKey(urgency, k.policy.parameters(id)[urgency]);
  return k.futexes.waiters(key).map((id) => k.thread(id)).sort((a, b) => rank(a) - rank(b));
}

/** A thread wakes up to `count` of those who wait for a word; returns how many, and who is left. */
function wake(
  k: Kernel,
  by: Thread,
  { key, count }: { key: FutexKey; count: bigint },
): { woken: number; left: Thread[] } {
  const waiting = inOrder(k, key);
  const woken = count < BigInt(waiting.length) ? Number(count) : waiting.length;
  k.wakeBy(by, "none", () => {
    for (const thread of waiting.slice(0, woken)) k.endWait(thread, "awakened");
  });
  return { woken, left: waiting.slice(woken) };
}

function futexWake(context: SyscallContext): Outcome {
  const { k, thread, args: [address = 0n, count = 0n] } = context;
  const kr = refuseAddress(context, address);
  if (kr !== KernReturn.SUCCESS) return fail(context, kr);
  return finish(context, BigInt(wake(k, thread, { key: keyOf(thread, address), count }).woken));
}

function futexRequeue(context: SyscallContext): Outcome {
  const { k, thread, args: [from = 0n, expected = 0n, count = 0n, to = 0n, most = 0n] } = context;
  let kr = refuseAddress(context, from);
  if (kr === KernReturn.SUCCESS) kr = refuseAddress(context, to);
  if (kr === KernReturn.SUCCESS && from === to) kr = KernReturn.INVALID_ARGUMENT;
  const move = { from, expected: wordOf(expected), wake: count, to, move: most };
  return moveWaiters(k, thread, { ...move, kr });
}

/** Wakes some who wait for a word whose page is there, or cannot be (`kr`), and moves others. */
export function moveWaiters(
  k: Kernel,
  thread: Thread,
  how: FutexMove & { readonly kr: number },
): Outcome {
  const { kr, ...move } = how;
  const { from: address, expected } = move;
  if (kr !== KernReturn.SUCCESS) return fail({ k, thread }, kr);
  const retry = { name: "futex_requeue", ...move } as const;
  const otherwise = unlessEqual(k, thread, { address, expected, retry });
  if (otherwise !== null) return otherwise;
  const source = keyOf(thread, address);
  const target = keyOf(thread, move.to);
  const { woken, left } = wake(k, thread, { key: source, count: move.wake });
  const moved = move.move < BigInt(left.length) ? left.slice(0, Number(move.move)) : left;
  for (const other of moved) {
    k.futexes.remove(source, other.id);
    k.futexes.add(target, other.id);
    if (other.wait?.kind === "futex") other.waitFor({ ...other.wait, ...target });
  }
  return finish({ k, thread }, BigInt(woken + moved.length));
}

/** Calls 36 to 38. */
export const futexSyscalls: SyscallTable = [
  [36, { name: "futex_wait", args: 3, run: futexWait }],
  [37, { name: "futex_wake", args: 2, run: futexWake }],
  [38, { name: "futex_requeue", args: 5, run: futexRequeue }],
];
