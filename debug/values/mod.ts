/**
 * Variables of stack frames: their names, types and values, as debugging information describes
 * them. {@linkcode variablesOf} gives what is in scope in a frame; a {@linkcode Value} is read when
 * it is asked for, and says "optimized out" or "unavailable" where it is not there, never a guess.
 * {@linkcode valueText} writes it as gdb does, {@linkcode valueJson} as data.
 *
 * @module
 */
export {
  type CallParameter,
  type CallSite,
  CallSites,
  callSitesOf,
} from "./call_sites/call_sites.ts";
export type { Location, Piece, SimpleLocation } from "./expression/location.ts";
export { definitionOf } from "./frame/entry_value.ts";
export { FrameContext } from "./frame/frame_context.ts";
export { physicalFrame, type PhysicalFrameOptions } from "./frame/physical_frame.ts";
export type { VariableFrame } from "./frame/variable_frame.ts";
export { type Block, type Scope, type ScopeOptions, Variable, variablesOf } from "./scope/scope.ts";
export { type ValueData, valueJson } from "./text/json.ts";
export { type TextOptions, valueText } from "./text/text.ts";
export * from "./types/type.ts";
export { typeName, type TypeNameOptions } from "./types/type_name.ts";
export { type NamedEntries, TypeReader } from "./types/type_reader.ts";
export type { Absence } from "./types/absence.ts";
export type { Contents, Hole } from "./value/contents.ts";
export { type Member, Value, variableValue } from "./value/value.ts";
