/**
 * What locks there are: arrays indexed by their numbers. The number of one that was destroyed is
 * given again, the last first.
 *
 * @module
 */
import { isInteger } from "../../util/integer.ts";
import { SchedError } from "../errors.ts";
import type { UrgencyParameter } from "../parameters.ts";
import { grown } from "../queues/grown.ts";
import type {
  LockKind,
  MutexOptions,
  MutexProtocol,
  ObjectRecord,
  SemaphoreOptions,
} from "./answers.ts";
import { urgencyExpected } from "./urgency.ts";

/** A kind of object, as it is kept; 0 is no object. */
export const enum Kind {
  NONE = 0,
  MUTEX = 1,
  SEMAPHORE = 2,
  CONDITION = 3,
}

const KINDS = [undefined, "mutex", "semaphore", "condition"] as const;

/** Most that a semaphore counts. */
const MOST_COUNT: number = 2 ** 31 - 1;

/** The protocols there are, in the order of the numbers that programs give the kernel. */
export const MUTEX_PROTOCOLS: readonly MutexProtocol[] = [
  "none",
  "inherit",
  "ceiling",
  "original-ceiling",
];

const CEILING = MUTEX_PROTOCOLS.indexOf("ceiling");
const ORIGINAL_CEILING = MUTEX_PROTOCOLS.indexOf("original-ceiling");

/** Whether mutexes of a protocol have a ceiling, of either kind. */
export function hasCeiling(protocol: MutexProtocol): boolean {
  return protocol === "ceiling" || protocol === "original-ceiling";
}

/** Checks how a mutex is made. @throws {SchedError} `invalid-option`, saying what was expected */
export function checkMutex(options: MutexOptions, by: UrgencyParameter): {
  protocol: MutexProtocol;
  ceiling: number;
} {
  const { protocol = "none", ceiling } = options;
  if (!MUTEX_PROTOCOLS.includes(protocol)) {
    refuse("mutex", ["protocol", protocol], MUTEX_PROTOCOLS.join(", "));
  }
  if (hasCeiling(protocol)) {
    const expected = urgencyExpected(by, ceiling);
    if (expected !== undefined) refuse("mutex", ["ceiling", ceiling], expected);
  } else if (ceiling !== undefined) {
    refuse("mutex", ["ceiling", ceiling], `none, as its protocol is ${protocol}`);
  }
  return { protocol, ceiling: ceiling ?? 0 };
}

/** Checks how a semaphore is made. @throws {SchedError} `invalid-option` */
export function checkSemaphore(options: SemaphoreOptions): { count: number; most: number } {
  const { count = 0, most = MOST_COUNT } = options;
  if (!isInteger(most, 1, MOST_COUNT)) {
    refuse("semaphore", ["most", most], `an integer from 1 to ${MOST_COUNT}`);
  }
  if (!isInteger(count, 0, most)) {
    refuse("semaphore", ["count", count], `an integer from 0 to ${most}`);
  }
  return { count, most };
}

function refuse(what: string, [field, value]: [string, unknown], expected: string): never {
  throw new SchedError("invalid-option", {
    message: `Cannot make a ${what} with the ${field} ${value}: expected ${expected}`,
    value,
  });
}

/** The objects. */
export class LockObjects {
  #kinds = new Uint8Array(0);
  #protocols = new Uint8Array(0);
  #ceilings = new Float64Array(0);
  #abandoned = new Uint8Array(0);
  #counts = new Int32Array(0);
  #most = new Int32Array(0);
  #free: number[] = [];
  #end = 0;

  /** What an object is. */
  kind(id: number): Kind {
    return this.#kinds[id] ?? Kind.NONE;
  }

  /** The same in words. */
  kindName(id: number): LockKind | undefined {
    return KINDS[this.kind(id)];
  }

  /** Adds an object and gives it a number. */
  create(options: Omit<ObjectRecord, "id" | "abandoned">): number {
    const id = this.#free.pop() ?? this.#end++;
    this.#put({ ...options, id, abandoned: false });
    return id;
  }

  /** An object is no more. */
  destroy(id: number): void {
    this.#kinds[id] = Kind.NONE;
    this.#free.push(id);
  }

  /** Whether a mutex has a ceiling of either kind. */
  hasCeiling(mutex: number): boolean {
    return this.#protocols[mutex]! >= CEILING;
  }

  /** Whether a mutex has the original kind of ceiling. */
  isBarrier(mutex: number): boolean {
    return this.#protocols[mutex] === ORIGINAL_CEILING;
  }

  /** How a mutex keeps urgent threads from waiting. */
  protocol(mutex: number): MutexProtocol {
    return MUTEX_PROTOCOLS[this.#protocols[mutex]!]!;
  }

  /** Ceiling of a mutex that has one. */
  ceiling(mutex: number): number {
    return this.#ceilings[mutex]!;
  }

  /** The last owner of a free mutex is over, or not. */
  setAbandoned(mutex: number, abandoned: boolean): void {
    this.#abandoned[mutex] = abandoned ? 1 : 0;
  }

  /** Whether that is so. */
  abandoned(mutex: number): boolean {
    return this.#abandoned[mutex] !== 0;
  }

  /** What a semaphore counts. */
  count(semaphore: number): number {
    return this.#counts[semaphore]!;
  }

  /** Counts one more, or less; returns whether that may be. */
  add(semaphore: number, change: 1 | -1): boolean {
    const count = this.#counts[semaphore]! + change;
    if (count < 0 || count > this.#most[semaphore]!) return false;
    this.#counts[semaphore] = count;
    return true;
  }

  /** As plain data. */
  save(): { objects: ObjectRecord[]; free: number[] } {
    const objects: ObjectRecord[] = [];
    for (let id = 0; id < this.#end; id++) {
      const kind = this.kindName(id);
      if (kind === undefined) continue;
      objects.push({
        ...{ id, kind, protocol: this.protocol(id), ceiling: this.#ceilings[id]! },
        ...{ abandoned: this.abandoned(id), count: this.count(id), most: this.#most[id]! },
      });
    }
    return { objects, free: [...this.#free] };
  }

  /** Takes over what {@linkcode LockObjects.save} returned. */
  restore(state: { objects: readonly ObjectRecord[]; free: readonly number[] }): void {
    this.#kinds.fill(Kind.NONE);
    this.#end = state.objects.length + state.free.length;
    this.#free = [...state.free];
    for (const object of state.objects) this.#put(object);
  }

  #put(object: ObjectRecord): void {
    const { id, kind, protocol, ceiling, abandoned, count, most } = object;
    if (id >= this.#kinds.length) {
      this.#kinds = grown(this.#kinds, id);
      this.#protocols = grown(this.#protocols, id);
      this.#ceilings = grown(this.#ceilings, id);
      this.#abandoned = grown(this.#abandoned, id);
      this.#counts = grown(this.#counts, id);
      this.#most = grown(this.#most, id);
    }
    this.#kinds[id] = KINDS.indexOf(kind);
    this.#protocols[id] = MUTEX_PROTOCOLS.indexOf(protocol);
    this.#ceilings[id] = ceiling;
    this.#abandoned[id] = abandoned ? 1 : 0;
    this.#counts[id] = count;
    this.#most[id] = most;
  }
}
