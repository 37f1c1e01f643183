/**
 * What is known of a frame from its place in the code: a method, a position in it, and where values
 * are.
 *
 * @module
 */
import type { Place } from "./map/place.ts";

/** What a value is to its method. */
export type VariableRole = "parameter" | "local" | "operand" | "result";

/**
 * Why there is no value:
 * - `dead`: nobody reads it any more, or nothing has been assigned;
 * - `optimized-out`: the code does not keep it;
 * - `gone`: the frame is being left;
 * - `unreadable`: its memory cannot be read, or its register is not known.
 */
export type Absence = "dead" | "optimized-out" | "gone" | "unreadable";

/** A value of a frame as it is known before one looks at a frame. */
export interface PlannedVariable {
  /** Its name. */
  readonly name: string;
  /** What it is to its method. */
  readonly role: VariableRole;
  /** Its number among those of its role; of parameters and locals, among all locals. */
  readonly index: number;
  /** What it is; undefined if nothing has been assigned. */
  readonly type: "int" | "ref" | undefined;
  /** Why there is none. */
  readonly absence: "dead" | "optimized-out" | "gone" | undefined;
  /** Where it is. */
  readonly place: Place;
}

/** A method, as far as frames tell of it. */
export interface MethodInfo {
  /** Its name. */
  readonly name: string;
  /** Address of its record. */
  readonly address: bigint;
  /** Its number. */
  readonly id: number;
}

/** What is known of all frames that are at the same place of the same code. */
export interface FramePlan {
  /** The method; undefined if the code is of none. */
  readonly method: MethodInfo | undefined;
  /** Offset of the bytecode that is executed, or is next; undefined if none is. */
  readonly bci: number | undefined;
  /** Its values: parameters and locals, operands, the result. */
  readonly variables: readonly PlannedVariable[];
}
