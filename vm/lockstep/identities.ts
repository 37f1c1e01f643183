/**
 * Which object of the machine is which of the reference interpreter: one to one, from the first
 * time that both are seen at the same place.
 *
 * @module
 */
import type { VmObject } from "../reference/mod.ts";
import type { ObservedObject } from "./observed.ts";

/** Pairs of objects. */
export class Identities {
  readonly #byId = new Map<number, VmObject>();
  readonly #ids = new Map<VmObject, number>();
  #tentative: (readonly [number, VmObject])[] = [];

  /** Number of pairs. */
  get size(): number {
    return this.#byId.size;
  }

  /** The reference's object of a machine's number. */
  objectOf(id: number): VmObject | undefined {
    return this.#byId.get(id);
  }

  /** Begins a comparison. */
  begin(): void {
    this.#tentative = [];
  }

  /** Keeps the pairs of a comparison that has found no difference. */
  keep(): void {
    for (const [id, object] of this.#tentative) {
      this.#byId.set(id, object);
      this.#ids.set(object, id);
    }
  }

  /** Whether a machine's object is the one given; what is not known is assumed, and kept later. */
  same(observed: ObservedObject, object: VmObject): boolean {
    if (observed.class !== object.class.index) return false;
    const known = this.#byId.get(observed.id);
    if (known !== undefined) return known === object;
    if (this.#ids.has(object)) return false;
    for (const [id, other] of this.#tentative) {
      if (id === observed.id || other === object) return id === observed.id && other === object;
    }
    this.#tentative.push([observed.id, object]);
    return true;
  }
}
