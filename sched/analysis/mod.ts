/**
 * Schedulability tests: whether tasks meet their deadlines, told without running them.
 *
 * ```ts
 * import { processorDemand, responseTimeAnalysis } from "@trapline/trapline/sched/analysis";
 *
 * const tasks = [[1, 4], [1, 5], [3, 9], [3, 18]].map(([time = 0, period = 0]) => ({ time, period }));
 * console.log(responseTimeAnalysis(tasks, { order: "rate-monotonic" }).responses); // 1, 2, 7, 18
 * console.log(processorDemand(tasks).schedulable); // true
 * ```
 *
 * A test takes {@linkcode RecurringTask}s, in integers of one clock, and gives a
 * {@linkcode Verdict}: whether all deadlines are met, `"unknown"` if it cannot tell, and whether it
 * is exact, sufficient or necessary. Each names the paper it is from. Nothing is rounded where that
 * could change a verdict, and nothing runs for ever: what would is an `analysis-limit`.
 *
 * | tasks run                  | tests                                                                  |
 * | -------------------------- | ---------------------------------------------------------------------- |
 * | rate monotonic             | {@linkcode liuLayland}, {@linkcode hyperbolic}                           |
 * | by fixed priorities        | {@linkcode responseTimeAnalysis}, with {@linkcode blockingTimes}         |
 * | earliest deadline first    | {@linkcode processorDemand}, {@linkcode edfResponseTimes}                                              |
 * | on several CPUs, any of them | {@linkcode goossensFunkBaruah}, {@linkcode bertognaCirineiLipari}, {@linkcode anderssonBaruahJonsson}, {@linkcode globalResponseTimes} |
 * | on several CPUs, one each  | {@linkcode firstFit}, {@linkcode firstFitEdfBound}, {@linkcode firstFitRateMonotonicBound} |
 * | at all                     | {@linkcode necessary}                                                    |
 *
 * {@linkcode analyze} runs those that apply on a workload of the simulator's, and
 * {@linkcode randomTasks} draws sets to try them on.
 *
 * @module
 */
export { SchedError, type SchedErrorKind } from "../errors.ts";
export { type Analysis, analyze, type AnalyzeOptions } from "./analyze.ts";
export {
  type BlockingProtocol,
  blockingTimes,
  type CriticalSection,
  type LockingTask,
} from "./blocking.ts";
export { processorDemand } from "./demand.ts";
export { edfResponseTimes } from "./edf_response_time.ts";
export {
  anderssonBaruahJonsson,
  bertognaCirineiLipari,
  type GlobalResponseOptions,
  globalResponseTimes,
  goossensFunkBaruah,
  rmUs,
} from "./global.ts";
export {
  firstFit,
  firstFitEdfBound,
  firstFitRateMonotonicBound,
  type PartitionOptions,
} from "./partition.ts";
export {
  type PriorityOrder,
  responseTimeAnalysis,
  type ResponseTimeOptions,
} from "./response_time.ts";
export type { AnalyzedTask } from "./recurring.ts";
export { hyperperiod, type RecurringTask, type TaskSetOptions } from "./task.ts";
export { hyperbolic, liuLayland, necessary } from "./utilization_bounds.ts";
export { randomTasks, type RandomTasksOptions, uunifast } from "./uunifast.ts";
export type { Verdict } from "./verdict.ts";
