/**
 * The policies by name, as the command line gives them.
 *
 * @module
 */
import { SchedError } from "../errors.ts";
import { ConstantBandwidthServer } from "./realtime/constant_bandwidth.ts";
import { CompletelyFair, type FairOptions } from "./fair/completely_fair.ts";
import { EarliestEligible } from "./fair/earliest_eligible.ts";
import { DeadlineMonotonic } from "./realtime/deadline_monotonic.ts";
import { DeadlineServer } from "./realtime/deadline_server.ts";
import { EarliestDeadlineFirst } from "./realtime/earliest_deadline_first.ts";
import { Fifo } from "./sharing/fifo.ts";
import { FixedPriority } from "./realtime/fixed_priority.ts";
import { LeastLaxity } from "./realtime/least_laxity.ts";
import { LinuxClasses, type LinuxOptions } from "./multi/linux.ts";
import { PartitionedEdf, type PartitionedEdfOptions } from "./multi/partitioned_edf.ts";
import { Lottery } from "./fair/lottery.ts";
import { MachTimeSharing } from "./sharing/mach_time_sharing.ts";
import { type FeedbackOptions, MultilevelFeedback } from "./sharing/multilevel_feedback.ts";
import type { Policy } from "../policy.ts";
import { RateMonotonic } from "./realtime/rate_monotonic.ts";
import { RoundRobin } from "./sharing/round_robin.ts";
import { type PredictionOptions, ShortestJobFirst } from "./sharing/shortest_job_first.ts";
import { ShortestRemainingTime } from "./sharing/shortest_remaining_time.ts";
import { type SporadicOptions, SporadicServer } from "./realtime/sporadic_server.ts";
import { type StealingOptions, WorkStealing } from "./multi/work_stealing.ts";
import { Stride } from "./fair/stride.ts";

/** Options of the policies of the registry; each has some of them. */
export interface PolicyOptions
  extends
    FairOptions,
    FeedbackOptions,
    PredictionOptions,
    PartitionedEdfOptions,
    StealingOptions,
    SporadicOptions,
    LinuxOptions {}

/** How a policy is made, and the options it has. */
interface Entry {
  readonly create: new (options: PolicyOptions) => Policy;
  readonly options: readonly (keyof PolicyOptions)[];
}

const QUANTUM = ["quantum", "tickInterval"] as const;

const POLICIES: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ["rr", { create: RoundRobin, options: QUANTUM }],
  ["priority", { create: FixedPriority, options: QUANTUM }],
  ["fifo", { create: Fifo, options: [] }],
  ["sjf", { create: ShortestJobFirst, options: ["alpha", "guess"] }],
  ["srtf", { create: ShortestRemainingTime, options: ["alpha", "guess"] }],
  ["rm", { create: RateMonotonic, options: [] }],
  ["dm", { create: DeadlineMonotonic, options: [] }],
  ["edf", { create: EarliestDeadlineFirst, options: [] }],
  ["llf", { create: LeastLaxity, options: ["quantum"] }],
  ["cbs", { create: ConstantBandwidthServer, options: [] }],
  ["deadline", { create: DeadlineServer, options: [] }],
  ["sporadic", { create: SporadicServer, options: ["quantum", "low", "replenishments"] }],
  ["stride", { create: Stride, options: QUANTUM }],
  ["lottery", { create: Lottery, options: QUANTUM }],
  ["pedf", { create: PartitionedEdf, options: ["fit"] }],
  ["stealing", { create: WorkStealing, options: [...QUANTUM, "within", "balance"] }],
  ["linux", { create: LinuxClasses, options: ["quantum", "realtime"] }],
  ["cfs", { create: CompletelyFair, options: [...QUANTUM, "latency", "wakeup"] }],
  ["eevdf", { create: EarliestEligible, options: QUANTUM }],
  ["mach", { create: MachTimeSharing, options: QUANTUM }],
  ["mlfq", {
    create: MultilevelFeedback,
    options: [...QUANTUM, "levels", "allotment", "boost", "growth"],
  }],
]);

/** Names {@linkcode createPolicy} knows, in the order they are documented. */
export function policyNames(): readonly string[] {
  return [...POLICIES.keys()];
}

/**
 * Creates a policy by name.
 *
 * @example By name
 * ```ts
 * import { createPolicy, policyNames, SoundPolicy } from "@trapline/trapline/sched";
 *
 * console.log(policyNames());
 * const policy = new SoundPolicy(createPolicy("priority", { quantum: 1_000 }), {
 *   now: () => 0,
 *   fallback: () => createPolicy("rr"),
 * });
 * for (const [thread, priority] of [3, 90].entries()) {
 *   policy.admit(thread, { priority });
 *   policy.enqueue(thread, { reason: "start" });
 * }
 * console.log(policy.pick(0)); // 1, which has priority 90
 * ```
 *
 * @param name one of {@linkcode policyNames}
 * @param options its options
 * @throws {SchedError} `unknown-policy`, naming those that exist; `unknown-option`;
 *   `invalid-option`
 */
export function createPolicy(name: string, options: PolicyOptions = {}): Policy {
  const { create, options: known } = entry(name);
  for (const option of Object.keys(options)) {
    if (!(known as readonly string[]).includes(option)) {
      throw new SchedError("unknown-option", {
        message: `Cannot set option "${option}" of policy "${name}": there ${
          known.length === 0 ? "are none" : `are ${known.join(", ")}`
        }`,
        value: option,
      });
    }
  }
  return new create(options);
}

/**
 * Creates a policy by name for a host that has a quantum to offer: what is offered and the policy
 * does not have is left out.
 * @param name one of {@linkcode policyNames}
 * @param offered what the host has to offer
 * @param options what was asked for, which comes first and must be the policy's
 * @throws {SchedError} `unknown-policy`, naming those that exist; `unknown-option`;
 *   `invalid-option`
 */
export function createHostedPolicy(
  name: string,
  offered: PolicyOptions,
  options: PolicyOptions = {},
): Policy {
  const taken = entry(name).options.map((option) => [option, offered[option]] as const);
  const defaults = Object.fromEntries(taken.filter(([, value]) => value !== undefined));
  return createPolicy(name, { ...defaults, ...options });
}

/** Names of the options of a policy. @throws {SchedError} `unknown-policy` */
export function policyOptionNames(name: string): readonly string[] {
  return entry(name).options;
}

/** Whether a policy has an option. @throws {SchedError} `unknown-policy` */
export function policyTakes(name: string, option: keyof PolicyOptions): boolean {
  return entry(name).options.includes(option);
}

function entry(name: string): Entry {
  const found = POLICIES.get(name);
  if (found !== undefined) return found;
  throw new SchedError("unknown-policy", {
    message: `Cannot find policy "${name}": there are ${policyNames().join(", ")}`,
    value: name,
  });
}
