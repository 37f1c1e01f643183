/**
 * What registers a target has, as the protocol's target descriptions say it.
 *
 * @module
 */

/** A type that a description defines, by its name. */
export type DescribedType =
  | {
    readonly kind: "vector";
    readonly id: string;
    /** Type of the elements. */
    readonly type: string;
    /** How many elements. */
    readonly count: number;
  }
  | {
    readonly kind: "union";
    readonly id: string;
    /** Names and types. */
    readonly fields: readonly (readonly [name: string, type: string])[];
  }
  | {
    readonly kind: "flags" | "struct";
    readonly id: string;
    /** Size in bytes. */
    readonly size: number;
    /** Names and bits, both ends included. */
    readonly fields: readonly (readonly [name: string, first: number, last: number])[];
  };

/** A register. */
export interface DescribedRegister {
  /** Its name. */
  readonly name: string;
  /** Size in bits. */
  readonly bits: number;
  /** A predefined type (`int`, `data_ptr`, `ieee_double`, …) or one of its feature; default `int`. */
  readonly type?: string | undefined;
  /** Its number in the protocol; without one, one more than that of the register before. */
  readonly number?: number | undefined;
  /** `general`, `float`, `vector`, or one of the target's own. */
  readonly group?: string | undefined;
  /** Whether it is kept across calls of functions from the debugger; default true. */
  readonly isSaved?: boolean | undefined;
}

/** Registers that belong together, under a name that debuggers know. */
export interface DescribedFeature {
  /** For example `org.gnu.gdb.aarch64.core`. */
  readonly name: string;
  /** Types that registers of it have. */
  readonly types: readonly DescribedType[];
  /** Its registers. */
  readonly registers: readonly DescribedRegister[];
}

/** All that is said of a target. */
export interface TargetDescription {
  /** As gdb names it: `i386:x86-64`, `aarch64`. */
  readonly architecture?: string | undefined;
  /** For example `GNU/Linux`. */
  readonly osabi?: string | undefined;
  /** Registers by feature. */
  readonly features: readonly DescribedFeature[];
}

/** A register and where it stands. */
export interface PlacedRegister extends DescribedRegister {
  /** Its number in the protocol. */
  readonly number: number;
  /** Offset of its first byte in the answer to `g`. */
  readonly offset: number;
  /** Size in bytes. */
  readonly size: number;
}

/** The registers of a target by number, with their places in the answer to `g`. */
export function registersOf(description: TargetDescription): PlacedRegister[] {
  let next = 0;
  const numbered = description.features.flatMap((feature) =>
    feature.registers.map((register) => {
      const number = register.number ?? next;
      next = number + 1;
      return { ...register, number, size: Math.ceil(register.bits / 8), offset: 0 };
    })
  );
  numbered.sort((a, b) => a.number - b.number);
  let offset = 0;
  return numbered.map((register) => {
    const placed = { ...register, offset };
    offset += register.size;
    return placed;
  });
}
