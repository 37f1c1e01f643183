/**
 * Tasks and threads by what a user calls them.
 *
 * @module
 */

import { KernelError } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Task } from "../thread/task.ts";
import type { Thread } from "../thread/thread.ts";

/**
 * The task of a number or a name.
 * @throws {KernelError} of kind `misuse` if there is none, or more than one of that name
 */
export function findTask(k: Kernel, which: number | string): Task {
  const found = k.tasks.filter(({ id, name }) => id === which || name === which);
  const [task] = found;
  if (task !== undefined && found.length === 1) return task;
  const all = (found.length > 1 ? found : k.tasks).map(({ id, name }) => `${id} ${name}`);
  throw new KernelError(
    "misuse",
    found.length > 1
      ? `Cannot choose task "${which}": there are ${all.join(", ")}; give the number`
      : `Cannot find task ${JSON.stringify(which)}: there are ${all.join(", ")}`,
  );
}

/**
 * The thread of a number.
 * @throws {KernelError} of kind `misuse` if there never was one
 */
export function findThread(k: Kernel, id: number): Thread {
  const thread = k.threads[id];
  if (thread !== undefined) return thread;
  throw new KernelError(
    "misuse",
    `Cannot find thread ${id}: threads are 0 to ${k.threads.length - 1}`,
  );
}
