/**
 * What a policy is told of who wakes whom.
 *
 * @module
 */
import type { Policy, ThreadId, Wakeup } from "../policy.ts";

/**
 * A policy that does as another, and tells of the wake-ups by threads that it hears of.
 * @param lines one for each, `THREAD by WAKER: HINT`
 */
export function tellingHints(
  policy: Policy,
  lines: string[],
  nameOf: (thread: ThreadId) => string,
): Policy {
  const enqueue = (thread: ThreadId, wakeup: Wakeup): void => {
    const { waker, hint } = wakeup;
    if (waker !== null) lines.push(`${nameOf(thread)} by ${nameOf(waker)}: ${hint}`);
    policy.enqueue(thread, wakeup);
  };
  return new Proxy(policy, {
    get(target, name) {
      if (name === "enqueue") return enqueue;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
