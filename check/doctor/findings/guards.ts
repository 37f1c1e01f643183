/**
 * Guards between stacks.
 *
 * @module
 */

import type { Task } from "../../../kernel/thread/task.ts";

const PAGE = 4096n;

/** Whether something faults for a program that writes its way down from one address to another. */
export function isGuarded(task: Task, { from, to }: { from: number; to: number }): boolean {
  const begin = BigInt(from);
  // A page that is partly above belongs to the stack above.
  let at = begin;
  const end = BigInt(to);
  while (at < end) {
    const entry = task.space?.lookup(at);
    if (entry === undefined || !entry.protection.write) return true;
    at = entry.end > at ? entry.end : at + PAGE;
  }
  return false;
}
