/**
 * Scheduling policies, and a simulator that runs them without an engine.
 *
 * ```ts
 * import { createPolicy, GanttRecorder, ganttText, simulate, Statistics } from "@trapline/trapline/sched";
 *
 * const workload = [
 *   {
 *     name: "editor",
 *     steps: [{ type: "run", time: 3 }, { type: "sleep", time: 10 }, { type: "run", time: 3 }],
 *   },
 *   { name: "compiler", steps: [{ type: "run", time: 40 }] },
 * ] as const;
 * const policy = createPolicy("rr", { quantum: 5 });
 * const [gantt, statistics] = [new GanttRecorder(workload), new Statistics(workload)];
 * for (const event of simulate(workload, policy)) {
 *   gantt.add(event);
 *   statistics.add(event);
 * }
 * console.log(ganttText(gantt.chart()));
 * for (const { name, waiting, response } of statistics.report().threads) {
 *   console.log(name, waiting?.mean, response?.mean);
 * }
 * ```
 *
 * A policy ({@linkcode Policy}) decides which ready thread runs next and when the running one must
 * give way; it knows threads by id and parameters only. {@linkcode createPolicy} makes one by name:
 *
 * - by turns: {@linkcode RoundRobin} (`rr`), {@linkcode Fifo} (`fifo`),
 *   {@linkcode MultilevelFeedback} (`mlfq`), {@linkcode MachTimeSharing} (`mach`);
 * - by the time they need: {@linkcode ShortestJobFirst} (`sjf`),
 *   {@linkcode ShortestRemainingTime} (`srtf`);
 * - by weight: {@linkcode Stride} (`stride`), {@linkcode Lottery} (`lottery`),
 *   {@linkcode CompletelyFair} (`cfs`), {@linkcode EarliestEligible} (`eevdf`);
 * - by priority or period: {@linkcode FixedPriority} (`priority`), {@linkcode RateMonotonic} (`rm`),
 *   {@linkcode DeadlineMonotonic} (`dm`), {@linkcode SporadicServer} (`sporadic`);
 * - by deadline: {@linkcode EarliestDeadlineFirst} (`edf`), {@linkcode LeastLaxity} (`llf`),
 *   {@linkcode ConstantBandwidthServer} (`cbs`), {@linkcode DeadlineServer} (`deadline`);
 * - with a queue for each CPU: {@linkcode PartitionedEdf} (`pedf`), {@linkcode WorkStealing}
 *   (`stealing`);
 * - by class: {@linkcode LinuxClasses} (`linux`), which are {@linkcode Layered} policies.
 *
 * The kernel drives the object from its traps and timer interrupts; {@linkcode simulate} drives the
 * same object over a described {@linkcode Workload} and yields events, of which
 * {@linkcode Statistics} make turnaround, waiting and response times and much more, and
 * {@linkcode GanttRecorder} a chart. Both hosts go through {@linkcode SoundPolicy}: a policy that
 * breaks its contract is put out, and round robin takes over. Mutexes, semaphores and condition
 * variables are the same {@linkcode Locks} in both; who holds what an urgent thread waits for is
 * told to the policy as a change of parameters. Every run repeats exactly.
 *
 * @module
 */
export { SchedError, type SchedErrorKind } from "./errors.ts";
export {
  checkParameters,
  DEFAULT_PARAMETERS,
  MAX_CPUS,
  MAX_WEIGHT,
  NICE_0_WEIGHT,
  niceWeight,
  type ParameterOptions,
  PRIORITIES,
  type ThreadParameters,
  URGENCY_PARAMETERS,
  type UrgencyParameter,
} from "./parameters.ts";
export {
  type Charge,
  MAX_THREADS,
  type Placement,
  type Policy,
  type ReadyReason,
  type SchedulerView,
  type Stop,
  type StopReason,
  type ThreadId,
  type WakeHint,
  type Wakeup,
} from "./policy.ts";
export {
  type Awakening,
  describeFault,
  type HostOptions,
  type PolicyFault,
  SoundPolicy,
} from "./host/mod.ts";
export {
  type LockAnswer,
  type LockKind,
  Locks,
  type LocksHost,
  type LocksState,
  MUTEX_PROTOCOLS,
  type MutexOptions,
  type MutexProtocol,
  type ObjectRecord,
  type ReleaseAnswer,
  type SemaphoreOptions,
  type ThreadContention,
  type ThreadLocks,
  type WakeAnswer,
} from "./locks/mod.ts";
export {
  createHostedPolicy,
  createPolicy,
  policyNames,
  policyOptionNames,
  type PolicyOptions,
} from "./policies/registry.ts";
export {
  createSpecifiedPolicy,
  parsePolicySpec,
  parsePolicySpecs,
  type PolicySpec,
} from "./policies/policy_spec.ts";
export { OrderedPolicy } from "./policies/common/ordered_policy.ts";
export { DEFAULT_QUANTUM, type QuantumOptions } from "./policies/common/quantum.ts";
export { QuantumPolicy } from "./policies/common/quantum_policy.ts";
export { Fifo } from "./policies/sharing/fifo.ts";
export { MachTimeSharing } from "./policies/sharing/mach_time_sharing.ts";
export {
  type FeedbackOptions,
  MultilevelFeedback,
} from "./policies/sharing/multilevel_feedback.ts";
export { RoundRobin } from "./policies/sharing/round_robin.ts";
export { type PredictionOptions, ShortestJobFirst } from "./policies/sharing/shortest_job_first.ts";
export { ShortestRemainingTime } from "./policies/sharing/shortest_remaining_time.ts";
export { CompletelyFair, type FairOptions } from "./policies/fair/completely_fair.ts";
export { EarliestEligible } from "./policies/fair/earliest_eligible.ts";
export { Lottery } from "./policies/fair/lottery.ts";
export { PerCpuFair } from "./policies/fair/per_cpu_fair.ts";
export { Stride } from "./policies/fair/stride.ts";
export { ConstantBandwidthServer } from "./policies/realtime/constant_bandwidth.ts";
export { DeadlineMonotonic } from "./policies/realtime/deadline_monotonic.ts";
export { DeadlineServer } from "./policies/realtime/deadline_server.ts";
export { EarliestDeadlineFirst } from "./policies/realtime/earliest_deadline_first.ts";
export { FixedPriority } from "./policies/realtime/fixed_priority.ts";
export { LeastLaxity } from "./policies/realtime/least_laxity.ts";
export { RateMonotonic } from "./policies/realtime/rate_monotonic.ts";
export { type SporadicOptions, SporadicServer } from "./policies/realtime/sporadic_server.ts";
export {
  type Layer,
  Layered,
  type LayeredOptions,
  type LayerPolicy,
} from "./policies/multi/layered.ts";
export { LinuxClasses, type LinuxOptions } from "./policies/multi/linux.ts";
export {
  type Fit,
  PartitionedEdf,
  type PartitionedEdfOptions,
} from "./policies/multi/partitioned_edf.ts";
export { PerCpu } from "./policies/multi/per_cpu.ts";
export { type StealingOptions, WorkStealing } from "./policies/multi/work_stealing.ts";
export { type TimelineEntry, Timelines } from "./queues/timelines.ts";
export { checkWorkload } from "./simulator/check_workload.ts";
export type { DecisionCost, SimulationOptions } from "./simulator/conditions.ts";
export {
  isThreadEvent,
  type JobEvent,
  type ObjectEvent,
  recordingSink,
  type SimulationEvent,
  type SimulationSink,
  type ThreadEvent,
  type ThreadStateEvent,
  type ThreadWait,
} from "./simulator/events.ts";
export { type ObjectKind, type SharedObject, sharedObjects } from "./simulator/program.ts";
export { randomWorkload, type RandomWorkloadOptions } from "./simulator/random_workload.ts";
export { type FileOptions, readWorkload, type WorkloadFile } from "./simulator/read_workload.ts";
export type { Simulation } from "./simulator/simulation.ts";
export { prepareSimulation, simulate } from "./simulator/simulator.ts";
export type {
  Duration,
  GivenWorkload,
  Jobs,
  MissedJob,
  MutexSpec,
  NamedSpec,
  ReleasePattern,
  SemaphoreSpec,
  Step,
  ThreadSpec,
  TimeRange,
  TimeUnit,
  Workload,
} from "./simulator/workload.ts";
export type { Spread } from "./statistics/distribution.ts";
export type {
  CpuReport,
  JobCounts,
  JobReport,
  ObjectReport,
  QueueReport,
  StatisticsReport,
  ThreadReport,
  TotalReport,
} from "./statistics/report.ts";
export { Statistics } from "./statistics/statistics.ts";
export {
  type GanttChart,
  type GanttMark,
  type GanttPiece,
  type GanttRow,
  type GanttRows,
  MARK_KINDS,
  type MarkKind,
  PIECE_KINDS,
  type PieceKind,
  SEVERAL,
} from "./gantt/chart.ts";
export { type GanttOptions, GanttRecorder } from "./gantt/recorder.ts";
export { type GanttPanel, ganttSvg, type GanttSvgOptions } from "./gantt/svg.ts";
export { ganttText, type GanttTextOptions } from "./gantt/text.ts";
export type { Plain } from "../util/plain.ts";
export type { Random, RandomState } from "../util/random.ts";
