/**
 * What a frame of a code kind holds: a method, a position in it, and values.
 *
 * @module
 */
import { type Address, toBigAddress } from "../../../bytes/mod.ts";
import { inspectAs } from "../../../util/inspect.ts";
import { type CodeFrame, type CodeRegion, DamagedData } from "./code_kind.ts";
import type {
  Absence,
  FramePlan,
  MethodInfo,
  PlannedVariable,
  VariableRole,
} from "./frame_plan.ts";
import { PLACE } from "./map/place.ts";

/** Where a value is. */
export type ValueLocation =
  | { readonly in: "register"; readonly register: number }
  | { readonly in: "memory"; readonly address: bigint }
  | { readonly in: "constant"; readonly value: bigint };

/** A value of a frame. */
export class ManagedVariable {
  /** What is known of it from the code. */
  readonly plan: PlannedVariable;
  readonly #frame: CodeFrame;

  /** The value of a frame that a plan tells of. */
  constructor(plan: PlannedVariable, frame: CodeFrame) {
    this.plan = plan;
    this.#frame = frame;
  }

  /** Its name. */
  get name(): string {
    return this.plan.name;
  }

  /** What it is to its method. */
  get role(): VariableRole {
    return this.plan.role;
  }

  /**
   * Its number: of parameters and locals among all locals, of operands from the bottom of the stack;
   * of a result, that of the operand it will be, or 0 if it is the frame's own.
   */
  get index(): number {
    return this.plan.index;
  }

  /** What it is; undefined if nothing has been assigned. */
  get type(): "int" | "ref" | undefined {
    return this.plan.type;
  }

  /** Its value, 0 to 2^64 − 1; undefined if there is none. */
  get value(): bigint | undefined {
    const { absence, place } = this.plan;
    if (absence !== undefined) return undefined;
    if (place.kind === PLACE.cfa) {
      return this.#frame.wordAt(this.#frame.cfaAddress + place.offset);
    }
    if (place.kind === PLACE.register) return this.#frame.register(place.register);
    if (place.kind === PLACE.constant) return BigInt.asUintN(64, BigInt(place.offset));
    return this.#frame.wordAt(this.#base() + place.offset);
  }

  /** Why there is no value; undefined if there is one. */
  get absence(): Absence | undefined {
    return this.plan.absence ?? (this.value === undefined ? "unreadable" : undefined);
  }

  /** Where it is; undefined if it is nowhere. */
  get location(): ValueLocation | undefined {
    const { absence, place } = this.plan;
    if (absence !== undefined) return undefined;
    if (place.kind === PLACE.register) return { in: "register", register: place.register };
    if (place.kind === PLACE.constant) {
      return { in: "constant", value: BigInt.asUintN(64, BigInt(place.offset)) };
    }
    const address = this.#base() + place.offset;
    return Number.isSafeInteger(address)
      ? { in: "memory", address: toBigAddress(address) }
      : undefined;
  }

  #base(): Address {
    const { kind, register } = this.plan.place;
    if (kind === PLACE.address) return 0;
    return kind === PLACE.cfa ? this.#frame.cfaAddress : this.#frame.addressIn(register);
  }
}

inspectAs(ManagedVariable, ({ name, role, value, absence }) => {
  return `${role} ${name} = ${value === undefined ? `<${absence}>` : `0x${value.toString(16)}`}`;
});

/** A frame of a code kind. */
export class ManagedFrame {
  /** The code it is in. */
  readonly region: CodeRegion;
  /** What is known of all frames at this place. */
  readonly plan: FramePlan;
  readonly #frame: CodeFrame;
  #variables: readonly ManagedVariable[] | undefined;

  /** A frame that a plan tells of. */
  constructor(region: CodeRegion, frame: CodeFrame, plan: FramePlan) {
    this.region = region;
    this.plan = plan;
    this.#frame = frame;
  }

  /** Name of its kind. */
  get kind(): string {
    return this.region.kind.name;
  }

  /** Its method; undefined if the code is of none. */
  get method(): MethodInfo | undefined {
    return this.plan.method;
  }

  /** Offset of the bytecode that is executed, or is next; undefined if none is. */
  get bci(): number | undefined {
    return this.plan.bci;
  }

  /** Parameters and locals, then operands from the bottom of the stack, then a result. */
  get variables(): readonly ManagedVariable[] {
    return this.#variables ??= this.plan.variables.map((plan) =>
      new ManagedVariable(plan, this.#frame)
    );
  }

  /** Those variables that hold references: what a collector must find, and no other. */
  roots(): ManagedVariable[] {
    return this.variables.filter(({ plan }) =>
      plan.type === "ref" && plan.absence === undefined && plan.place.kind !== PLACE.constant
    );
  }
}

/**
 * Method, position and variables of a frame; undefined if its code is of no kind that shows any.
 *
 * @throws {CodeMapError} If what is published of its code is damaged.
 */
export function managedFrame(frame: CodeFrame): ManagedFrame | undefined {
  const { code } = frame;
  if (code === undefined) return undefined;
  if (code.data instanceof DamagedData) throw code.data.error;
  const plan = code.kind.plan(code, frame);
  return plan === undefined ? undefined : new ManagedFrame(code, frame, plan);
}

inspectAs(ManagedFrame, ({ kind, method, bci, region, variables }) => {
  const where = bci === undefined ? "" : ` at ${bci}`;
  return `${kind} ${method?.name ?? region.name}${where}, ${variables.length} variables`;
});
