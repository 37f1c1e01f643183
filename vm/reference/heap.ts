/**
 * Objects of the reference interpreter: identities, without addresses.
 *
 * @module
 */
import type { ClassType } from "../bytecode/program.ts";

/** An object. */
export interface VmObject {
  /** Number of its allocation, from 1. */
  readonly serial: number;
  /** Its class. */
  readonly class: ClassType;
  /** Its references. */
  readonly refs: (VmObject | null)[];
  /** Its ints, 64 bits each, signed. */
  readonly ints: bigint[];
}

/** What a local or operand holds: an int, or a reference. */
export type Value = bigint | VmObject | null;

/** Makes objects. */
export class ReferenceHeap {
  #count = 0;
  #last: VmObject | null = null;

  /** Objects made so far. */
  get count(): number {
    return this.#count;
  }

  /** The object that was made last. */
  get last(): VmObject | null {
    return this.#last;
  }

  /** A new object, its fields null and 0. */
  allocate(type: ClassType): VmObject {
    return this.#last = {
      serial: ++this.#count,
      class: type,
      refs: Array.from({ length: type.refs }, () => null),
      ints: Array.from({ length: type.ints }, () => 0n),
    };
  }
}

/** All objects that can be reached from some. */
export function reachable(roots: Iterable<VmObject | null>): Set<VmObject> {
  const seen = new Set<VmObject>();
  const queue: VmObject[] = [];
  const add = (object: VmObject | null): void => {
    if (object === null || seen.has(object)) return;
    seen.add(object);
    queue.push(object);
  };
  for (const root of roots) add(root);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) next.refs.forEach(add);
  return seen;
}
