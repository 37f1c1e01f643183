/**
 * The stack doctor: what is wrong with the stacks of a program that switches between them.
 *
 * @module
 */
export type {
  CodePlace,
  Consequence,
  DoctorReport,
  Evidence,
  Finding,
  FindingKind,
  MapPoint,
  MapRegion,
  MapStack,
  StackFrame,
  StackMap,
  StackWalk,
} from "./finding.ts";
export * from "./report/mod.ts";
