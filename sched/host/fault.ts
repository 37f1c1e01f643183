/**
 * How a policy has broken its contract.
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import { URGENCY_PARAMETERS } from "../parameters.ts";
import type { Policy, ThreadId } from "../policy.ts";
import { copyPlain, type Plain } from "../../util/plain.ts";

/** Why a policy was put out; plain data. */
export type PolicyFault = {
  /** Name of the policy. */
  readonly policy: string;
  /** The method it was asked by. */
  readonly call: string;
  /** Arguments of the call. */
  readonly arguments: readonly Plain[];
  /** What it did, and what was expected of it. */
  readonly why: string;
  /** What it remembered, as it saved it then; a text if it could not. */
  readonly state: Plain;
  /** When. */
  readonly time: number;
  /** Threads that were ready, in the order they became ready. */
  readonly ready: readonly ThreadId[];
};

/** A fault in one line: who, the call, and what was wrong. */
export function describeFault({ policy, call, arguments: given, why }: PolicyFault): string {
  return `policy "${policy}": ${call}(${given.map(plainText).join(", ")}) ${why}`;
}

/** Plain data as text, for a report; numbers JSON does not have, and bytes, as JSON's own. */
export function plainText(value: Plain): string {
  const text = JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === "bigint" || (typeof item === "number" && !Number.isFinite(item))) {
      return String(item);
    }
    return item instanceof Uint8Array || item instanceof Uint32Array ? [...item] : item;
  });
  return text ?? "undefined";
}

/** What was thrown, in a few words; showing it may run a policy's code, which may throw again. */
export function describeThrown(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "what cannot be shown";
  }
}

/** What a method has returned, in a few words. */
export function describeAnswer(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return Array.isArray(value) ? "a list" : `a ${value.constructor?.name ?? "record"}`;
  } catch {
    return "what cannot be shown";
  }
}

/** What a policy remembers, for a report: it may be past saving. */
export function stateOf(policy: Policy): Plain {
  try {
    return copyPlain(policy.save(), "what it has saved");
  } catch (error) {
    return `cannot be saved: ${describeThrown(error)}`;
  }
}

const METHODS = ["enqueue", "dequeue", "pick", "tick", "save", "restore"] as const;
const OPTIONAL = [
  ...["attach", "admit", "update", "forget", "selectCpu"],
  ...["running", "slice", "stopping", "preempts", "yieldTo", "timer"],
];

/**
 * Finds out whether something is a policy at all.
 * @throws {SchedError} `invalid-policy`, naming what it lacks
 */
export function checkPolicy(policy: unknown): asserts policy is Policy {
  const why = lack(policy);
  if (why === undefined) return;
  throw new SchedError("invalid-policy", {
    message: `Cannot use a policy: ${why}`,
    value: policy,
  });
}

function lack(policy: unknown): string | undefined {
  if (typeof policy !== "object" || policy === null) return `it is ${policy}, expected an object`;
  const fields = policy as Record<string, unknown>;
  const { name, timeout = Infinity, urgency = "priority" } = fields;
  if (typeof name !== "string" || name === "") return `its name is ${name}, expected some text`;
  if (typeof timeout !== "number" || !(timeout > 0)) {
    return `the timeout of "${name}" is ${timeout}, expected a positive number`;
  }
  if (!(URGENCY_PARAMETERS as readonly unknown[]).includes(urgency)) {
    return `the urgency of "${name}" is ${urgency}, expected ${URGENCY_PARAMETERS.join(", ")}`;
  }
  const missing = METHODS.find((method) => typeof fields[method] !== "function");
  if (missing !== undefined) return `"${name}" has no method ${missing}`;
  const odd = OPTIONAL.find((method) => !["function", "undefined"].includes(typeof fields[method]));
  return odd === undefined ? undefined : `${odd} of "${name}" is no method`;
}
