/**
 * A stack as a walk has found it, for comparison with the truth.
 *
 * @module
 */

/** A value of a frame, or that there is none. */
export interface ObservedVariable {
  /** What it is to its method. */
  readonly role: "parameter" | "local" | "operand" | "result";
  /** Its number: of parameters and locals among all locals. */
  readonly index: number;
  /** Its name. */
  readonly name: string;
  /** What it is; undefined if nothing was assigned. */
  readonly type: "int" | "ref" | undefined;
  /** Its word; undefined if there is none. */
  readonly value: bigint | undefined;
  /** Why there is none. */
  readonly absence: string | undefined;
}

/** A frame. */
export interface ObservedFrame {
  /** Its kind of code, `native` if it is of none. */
  readonly kind: string;
  /** Name of its code. */
  readonly name: string;
  /** Its program counter. */
  readonly pc: bigint;
  /** Number of its method, if it has one. */
  readonly method: number | undefined;
  /** Its bytecode, if it executes bytecodes. */
  readonly bci: number | undefined;
  /** Its values. */
  readonly variables: readonly ObservedVariable[];
}

/** An object in memory. */
export interface ObservedObject {
  /** Number of its class. */
  readonly class: number;
  /** Number of its allocation. */
  readonly id: number;
}

/** A walk. */
export interface ObservedStack {
  /** Frames from the innermost on. */
  readonly frames: readonly ObservedFrame[];
  /** What ended the walk, if that is an error. */
  readonly error: string | undefined;
  /** Reads an object's header; undefined if there is none. */
  object(address: bigint): ObservedObject | undefined;
}

/** Whether a frame executes bytecodes. */
export function isManaged({ kind }: ObservedFrame): boolean {
  return kind !== "adapter" && kind !== "native-stub" && kind !== "native";
}

/** A frame in words. */
export function observedText(frame: ObservedFrame): string {
  const { kind, name, pc, bci, variables } = frame;
  const values = variables.map(({ role, name, index, value, absence }) => {
    const what = role === "operand" ? `operand ${index}` : role === "result" ? role : name;
    return `${what} ${value === undefined ? absence : `0x${value.toString(16)}`}`;
  });
  const where = bci === undefined ? "" : `+${bci}`;
  return `${kind} ${name}${where} (pc 0x${pc.toString(16)}) ${values.join(", ")}`.trimEnd();
}
