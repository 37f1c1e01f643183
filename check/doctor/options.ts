/**
 * What the doctor may be told of a program beside its symbols.
 *
 * @module
 */

import { KernelError } from "../../kernel/errors.ts";

/** A function that allocates memory and returns its address. */
export interface Allocator {
  /** Symbol. */
  readonly name: string;
  /** Which argument is the number of bytes, from 0; by default the first. */
  readonly size?: number;
}

/** A function that frees memory. */
export interface Releaser {
  /** Symbol. */
  readonly name: string;
  /** Which argument is the address, from 0; by default the first. */
  readonly address?: number;
  /** Which one is the number of bytes; by default what was allocated there. */
  readonly size?: number;
}

/** Options of {@linkcode diagnose}. */
export interface DoctorOptions {
  /** Functions that allocate memory for stacks. `vm_allocate` is seen without. */
  readonly allocators?: readonly (string | Allocator)[];
  /** Functions that free it. `vm_deallocate` is seen without. */
  readonly releasers?: readonly (string | Releaser)[];
  /** Functions that save a context or switch to one, should they not be recognized by their code. */
  readonly switches?: readonly string[];
  /** Most instructions to execute; by default until the machine halts. */
  readonly instructions?: number;
}

/** The same with every choice made, by symbol. */
export interface Roles {
  /** Which argument of an allocator is the size. */
  readonly allocators: ReadonlyMap<string, number>;
  /** Which arguments of a releaser are address and size. */
  readonly releasers: ReadonlyMap<string, { readonly address: number; readonly size: number }>;
  /** Functions that save contexts or switch. */
  readonly switches: ReadonlySet<string>;
}

/** Most arguments that are in registers, on any architecture. */
const ARGUMENTS = 6;

/** Finds out what is wrong with options. @throws {KernelError} of kind `misuse` */
export function checkRoles(options: DoctorOptions): Roles {
  const argument = (name: string, what: string, value: number): number => {
    if (Number.isInteger(value) && value >= 0 && value < ARGUMENTS) return value;
    throw new KernelError(
      "misuse",
      `Cannot take argument ${value} of ${name} for its ${what}: ` +
        `expected an integer from 0 to ${ARGUMENTS - 1}`,
    );
  };
  const named = (name: unknown): string => {
    if (typeof name === "string" && name !== "") return name;
    throw new KernelError("misuse", `Cannot look for function "${String(name)}": no name`);
  };
  const allocators = new Map<string, number>();
  for (const each of options.allocators ?? []) {
    const { name, size = 0 } = typeof each === "string" ? { name: each } : each;
    allocators.set(named(name), argument(name, "size", size));
  }
  const releasers = new Map<string, { address: number; size: number }>();
  for (const each of options.releasers ?? []) {
    const { name, address = 0, size }: Releaser = typeof each === "string" ? { name: each } : each;
    releasers.set(named(name), {
      address: argument(name, "address", address),
      size: size === undefined ? -1 : argument(name, "size", size),
    });
  }
  return { allocators, releasers, switches: new Set((options.switches ?? []).map(named)) };
}
