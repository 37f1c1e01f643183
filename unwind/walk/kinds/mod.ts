/**
 * Kinds of code. A stack may mix frames of optimized code, of a baseline compiler's, of an
 * interpreter's, of native code and of what adapts one's calling convention to another's; each kind
 * lays its frames out in its own way. A {@linkcode CodeKind} is the one interface to all of them: how
 * the caller of a frame is found, which method and values a frame holds, and the
 * {@linkcode CallingConvention} as data. A {@linkcode CodeRegistry}, which every module list has,
 * knows by the program counter which kind it is; {@linkcode discoverCode} fills it out of a
 * program's memory; {@linkcode managedFrame} shows a frame of a walk, {@linkcode stackRoots} the
 * references of a whole stack.
 *
 * `map/` reads what is published, a {@linkcode CodeMap} and records of methods; `discovery/` finds
 * it.
 *
 * @module
 */
export { CodeMapError, type CodeMapErrorKind } from "../../errors.ts";
export {
  type CodeFrame,
  type CodeKind,
  CodeRegion,
  type CodeRegionInit,
  DamagedData,
  type FrameRow,
  type FrameWord,
} from "./code_kind.ts";
export { CodeRegistry, type CodeUnit } from "./code_registry.ts";
export { ADAPTER, JIT, NATIVE_STUB, OPTIMIZED } from "./compiled_kind.ts";
export * from "./convention.ts";
export { discoverCode, type Discovery, type DiscoveryInput } from "./discovery/discover_code.ts";
export { type Publication, PublishedUnit } from "./discovery/published_unit.ts";
export type * from "./frame_plan.ts";
export { INTERPRETER } from "./interpreter_kind.ts";
export * from "./managed_frame.ts";
export { CodeMap, type MapRegion, type MapTable, REGION } from "./map/code_map.ts";
export { ManagedMethod, type MethodPosition, MethodTable } from "./map/method.ts";
export {
  atAddress,
  atCfa,
  atRegister,
  inRegister,
  NOWHERE,
  PLACE,
  type Place,
} from "./map/place.ts";
export { NATIVE } from "./native_kind.ts";
export * from "./roots.ts";
export * from "./saved_registers.ts";
