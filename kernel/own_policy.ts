/**
 * Scheduling policies of the user's own: whatever one does, the kernel stays sound and says what
 * was wrong.
 *
 * @module
 */

import type {
  Policy,
  ReadyReason,
  StopReason,
  ThreadId,
  ThreadParameters,
} from "../sched/policy.ts";
import { copyPlain, type Plain } from "../util/plain.ts";
import { KernelError } from "./errors.ts";
import { SnapshotError } from "./snapshot/errors.ts";

/** What a machine tells the function that makes its policy. */
export interface PolicyConditions {
  /** Instructions between two calls of `tick`, on average; see `MachineOptions.quantum`. */
  readonly quantum: number;
}

/** Makes the policy of one machine. */
export type PolicyFactory = (conditions: PolicyConditions) => Policy;

const METHODS = [
  "enqueue",
  "dequeue",
  "forget",
  "pick",
  "tick",
  "stopped",
  "preempts",
  "save",
  "restore",
] as const satisfies readonly (keyof Policy)[];

/** Policies that machines have: what one remembers is about the threads of one machine. */
const taken = new WeakSet<object>();

/** A user's policy, held to its contract. */
export class OwnPolicy implements Policy {
  /** Its name. */
  readonly name: string;
  readonly #policy: Policy;
  readonly #ready = new Set<ThreadId>();

  /**
   * Takes a policy for one machine.
   * @throws {KernelError} of kind `misuse` if it lacks something, or another machine has it
   */
  constructor(given: Policy | PolicyFactory, conditions: PolicyConditions) {
    const policy: unknown = typeof given === "function" ? given(conditions) : given;
    if (!isPolicy(policy)) throw new KernelError("misuse", `Cannot use a policy: ${lack(policy)}`);
    if (taken.has(policy)) {
      throw new KernelError(
        "misuse",
        `Cannot use policy "${policy.name}": another machine has this object, ` +
          "expected a new one or a function that makes it",
      );
    }
    taken.add(policy);
    this.#policy = policy;
    this.name = policy.name;
  }

  /** Number of ready threads. */
  get size(): number {
    return this.#ready.size;
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(
    thread: ThreadId,
    options: { parameters: ThreadParameters; reason: ReadyReason },
  ): void {
    this.#ready.add(thread);
    this.#policy.enqueue(thread, options);
  }

  /** See {@linkcode Policy.dequeue}. */
  dequeue(thread: ThreadId): boolean {
    this.#policy.dequeue(thread);
    return this.#ready.delete(thread);
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    this.#policy.forget(thread);
    this.#ready.delete(thread);
  }

  /** See {@linkcode Policy.pick}. @throws {KernelError} of kind `misuse` if it is not ready */
  pick(): ThreadId | null {
    const thread = this.#policy.pick();
    if (thread === null || this.#ready.delete(thread)) return thread;
    throw new KernelError(
      "misuse",
      `Cannot run what policy "${this.name}" has picked, ${thread}: expected ` +
        `${[...this.#ready].join(", ") || "nothing, as no thread is ready"}, or null`,
    );
  }

  /** See {@linkcode Policy.tick}. */
  tick(running: ThreadId, elapsed: number): boolean {
    return this.#policy.tick(running, elapsed);
  }

  /** See {@linkcode Policy.stopped}. */
  stopped(running: ThreadId, options: { elapsed: number; reason: StopReason }): void {
    this.#policy.stopped(running, options);
  }

  /** See {@linkcode Policy.preempts}. */
  preempts(candidate: ThreadParameters, running: ThreadParameters): boolean {
    return this.#policy.preempts(candidate, running);
  }

  /**
   * A copy of what the policy remembers, as it may go on changing what it has returned.
   * @throws {SnapshotError} of kind `policy` if that is no plain data
   */
  save(): Plain {
    try {
      const own = copyPlain(this.#policy.save(), "what it has saved");
      return { ready: [...this.#ready], own };
    } catch (error) {
      throw this.#failure("take", error);
    }
  }

  /** Gives the policy a copy of what it has remembered. @throws {SnapshotError} of kind `policy` */
  restore(state: Plain): void {
    const { ready, own } = state as { ready: ThreadId[]; own: Plain };
    try {
      this.#policy.restore(copyPlain(own));
    } catch (error) {
      throw this.#failure("restore", error);
    }
    this.#ready.clear();
    for (const thread of ready) this.#ready.add(thread);
  }

  #failure(action: string, error: unknown): SnapshotError {
    return new SnapshotError(
      "policy",
      `Cannot ${action} a snapshot: policy "${this.name}": ${
        error instanceof Error ? error.message : error
      }`,
      { cause: error },
    );
  }
}

/** What something lacks to be a policy, or `undefined`. */
function lack(policy: unknown): string | undefined {
  if (typeof policy !== "object" || policy === null) return `it is ${policy}, expected an object`;
  const fields = policy as Record<string, unknown>;
  const { name } = fields;
  if (typeof name !== "string" || name === "") return `its name is ${name}, expected some text`;
  const missing = METHODS.find((method) => typeof fields[method] !== "function");
  return missing === undefined ? undefined : `"${name}" has no method ${missing}`;
}

function isPolicy(policy: unknown): policy is Policy {
  return lack(policy) === undefined;
}
