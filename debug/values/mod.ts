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
export type { DecimalParts } from "./expression/decimals.ts";
export type { FloatFormat, FloatParts } from "./expression/floats.ts";
export type { Location, Piece, SimpleLocation } from "./expression/location.ts";
export type { LocationContext } from "./expression/location_machine.ts";
export type { ValueType } from "./expression/typed_value.ts";
export { definitionOf } from "./frame/entry_value.ts";
export { physicalFrame, type PhysicalFrameOptions } from "./frame/physical_frame.ts";
export { type ContextOptions, ValueContext } from "./frame/value_context.ts";
export type { VariableFrame } from "./frame/variable_frame.ts";
export { type Block, type Scope, type ScopeOptions, Variable, variablesOf } from "./scope/scope.ts";
export type { AddressKind, NameOf, TextOptions } from "./text/budget.ts";
export { type DataOptions, type MemberData, type ValueData, valueJson } from "./text/json.ts";
export { valueText } from "./text/text.ts";
export type { Absence } from "./types/absence.ts";
export * from "./types/type.ts";
export { typeName, type TypeNameOptions } from "./types/type_name.ts";
export { type NamedEntries, TypeReader } from "./types/type_reader.ts";
export type { TypeSource } from "./types/type_source.ts";
export type { Contents, Hole, Storage } from "./value/contents.ts";
export { CONTENTS_LIMIT, type Member, Value, variableValue } from "./value/value.ts";
