/**
 * Verifies switches between stacks: {@linkcode verifySwitches} runs a machine and follows each
 * switch of its program instruction by instruction. The report says truly what a routine does not
 * do; whether that is a defect, its documentation says.
 *
 * @module
 */
export {
  type SwitchProblem,
  type SwitchProblemKind,
  type SwitchReport,
  type SwitchWrite,
} from "./report.ts";
export { type SwitchOptions, verifySwitches } from "./verify.ts";
