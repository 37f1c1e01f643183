/**
 * What is asked for threads: what the workload says, and then what they set themselves.
 *
 * @module
 */
import { checkParameters, type ParameterOptions, type ThreadParameters } from "../parameters.ts";
import type { ThreadId } from "../policy.ts";
import type { ThreadSpec } from "./workload.ts";

/** Parameters that are asked for threads. */
export class AskedParameters {
  readonly #specs: readonly ThreadSpec[];
  readonly #cpus: number;
  readonly #changed = new Map<ThreadId, ParameterOptions>();

  /** Nobody has set anything. */
  constructor(specs: readonly ThreadSpec[], cpus: number) {
    this.#specs = specs;
    this.#cpus = cpus;
  }

  /**
   * A thread sets some of its parameters; a nice value is in place of a weight of before.
   * @returns all that is asked for it now
   * @throws {SchedError} `invalid-parameter` if that makes no sense together
   */
  set(thread: ThreadId, given: ParameterOptions): ThreadParameters {
    const spec = this.#specs[thread]!;
    const before = this.#changed.get(thread) ?? spec;
    const { weight = given.nice === undefined ? before.weight : undefined } = given;
    const asked = { ...before, ...given, weight };
    this.#changed.set(thread, asked);
    return checkParameters(asked, { cpus: this.#cpus, thread: `thread "${spec.name}"` });
  }
}
