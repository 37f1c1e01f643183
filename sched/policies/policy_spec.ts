/**
 * Policies as a command line gives them: a name, and behind a colon options of its own.
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import type { Policy } from "../policy.ts";
import { createHostedPolicy, type PolicyOptions } from "./registry.ts";

/** A policy and its options, as text said them. */
export interface PolicySpec {
  /** The text. */
  readonly text: string;
  /** The policy's name; whether there is such a policy is not known yet. */
  readonly name: string;
  /** Its options; whether it has them is not known yet. */
  readonly options: Readonly<Record<string, number | string>>;
}

/**
 * Reads a list of policies: `rr,mlfq:levels=3,boost=1000,edf`. What has an equals sign is an option
 * of the policy before. A value is a number (or `Infinity`) where it looks like one, else text.
 *
 * @example Two policies, one with options
 * ```ts
 * import { createSpecifiedPolicy, parsePolicySpecs } from "@trapline/trapline/sched";
 *
 * for (const spec of parsePolicySpecs("rr,mlfq:levels=3,boost=1000")) {
 *   console.log(spec.text, createSpecifiedPolicy(spec, { quantum: 10 }).name);
 * }
 * ```
 *
 * @throws {SchedError} `invalid-policy-spec`, saying which part is not understood
 */
export function parsePolicySpecs(list: string): readonly PolicySpec[] {
  const texts: string[] = [];
  for (const item of list.split(",")) {
    if (texts.length > 0 && /^[^:]*=/.test(item)) texts.push(`${texts.pop()},${item}`);
    else texts.push(item);
  }
  return texts.map(parsePolicySpec);
}

/**
 * Reads one policy: `mlfq:levels=3,boost=1000`.
 * @throws {SchedError} `invalid-policy-spec`, saying which part is not understood
 */
export function parsePolicySpec(text: string): PolicySpec {
  const [, name = "", rest] = /^([^:=,]+)(?::(.*))?$/s.exec(text) ?? [];
  if (name === "") throw refuse(text, text, "NAME or NAME:OPTION=VALUE,OPTION=VALUE");
  const options: Record<string, number | string> = {};
  for (const item of rest?.split(",") ?? []) {
    const [, option = "", value = ""] = /^([^=]+)=(.+)$/s.exec(item) ?? [];
    if (option === "") throw refuse(text, item, "OPTION=VALUE");
    if (Object.hasOwn(options, option)) throw refuse(text, item, "each option once");
    const number = Number(value);
    options[option] = Number.isNaN(number) || value.trim() === "" ? value : number;
  }
  return { text, name, options };
}

/**
 * Creates a policy with the options it was given, and for the others those of a host, where the
 * policy has them.
 * @param spec the policy
 * @param host what the host has to offer
 * @throws {SchedError} `unknown-policy`, `unknown-option`, `invalid-option`
 */
export function createSpecifiedPolicy(spec: PolicySpec, host: PolicyOptions = {}): Policy {
  // Each policy checks the values of its options.
  return createHostedPolicy(spec.name, host, spec.options as PolicyOptions);
}

function refuse(text: string, part: string, expected: string): SchedError {
  const where = part === text ? "" : `: "${part}"`;
  return new SchedError("invalid-policy-spec", {
    message: `Cannot understand policy "${text}"${where}: expected ${expected}`,
    value: part,
  });
}
