/**
 * Policies one above the other, as Linux's scheduling classes are: a thread belongs to the first
 * layer whose parameters it has, and runs only when no layer above has a thread for the CPU. Each
 * layer is a policy of its own that sees the CPUs of the layers below as idle, and may have those of
 * the layers above for nothing.
 *
 * @module
 */
import { SchedError } from "../../errors.ts";
import type { ThreadParameters, UrgencyParameter } from "../../parameters.ts";
import type {
  Charge,
  Placement,
  Policy,
  SchedulerView,
  Stop,
  ThreadId,
  Wakeup,
} from "../../policy.ts";
import { grown, positives } from "../../queues/grown.ts";
import type { Plain } from "../../../util/plain.ts";
import { Claims, type ClaimsRecord, runsOn } from "../common/claims.ts";
import { goesOn } from "../common/reasons.ts";
import { layerView } from "./layer_view.ts";
import { Timers } from "./timers.ts";

/** A policy that may hold back ready threads says so here, so that none makes way for them. */
export interface LayerPolicy extends Policy {
  /** Whether a ready thread may not run for now. */
  isHeld?(thread: ThreadId): boolean;
}

/** One of the layers. */
export interface Layer {
  /** Decides among the threads of the layer. */
  readonly policy: LayerPolicy;
  /** Whether a thread with such parameters belongs to it, if it does to none above. */
  holds(parameters: ThreadParameters, thread: ThreadId): boolean;
}

/** How layers are put together. */
export interface LayeredOptions {
  /** Name used on the command line and in logs; `layered` if absent. */
  readonly name?: string;
  /** Which parameter is inherited; `priority` if absent. */
  readonly urgency?: UrgencyParameter;
}

/** A thread that is to change its layer when it stops, and what it was there. */
type Move = readonly [
  thread: ThreadId,
  layer: number,
  parameters: { readonly [K in keyof ThreadParameters]: ThreadParameters[K] },
];

/** Everything the policy remembers. */
type LayeredState = {
  readonly layers: readonly Plain[];
  readonly timers: readonly number[];
  readonly ready: readonly ThreadId[];
  readonly moves: readonly Move[];
  readonly claims: ClaimsRecord;
};

/**
 * Layers of policies, the most urgent first.
 *
 * @example Earliest deadline first over round robin
 * ```ts
 * import { EarliestDeadlineFirst, Layered, RoundRobin } from "@trapline/trapline/sched";
 *
 * const policy = new Layered([
 *   { policy: new EarliestDeadlineFirst(), holds: ({ deadline }) => deadline > 0 },
 *   { policy: new RoundRobin({ quantum: 1_000 }), holds: () => true },
 * ], { name: "edf-over-rr", urgency: "deadline" });
 * console.log(policy.name);
 * ```
 */
export class Layered implements Policy {
  /** Name used on the command line and in logs. */
  readonly name: string;
  /** No limit: a layer may starve those below, by design. */
  readonly timeout: number = Infinity;
  /** Which parameter is inherited. */
  readonly urgency: UrgencyParameter;
  readonly #layers: readonly Layer[];
  #view: SchedulerView | undefined;
  #claims: Claims | undefined;
  #timers: Timers | undefined;
  /** Layer of each thread. */
  #of = new Uint8Array(0);
  #ready = new Uint8Array(0);
  /** What its layer knows of each thread. */
  readonly #known: ThreadParameters[] = [];
  /** Threads of which their layers are told something else when they stop. */
  readonly #moving = new Set<ThreadId>();

  /**
   * Makes a policy of fresh policies; the last layer has all threads no other has.
   * @throws {SchedError} `invalid-option` if there are no layers, or more than 255
   */
  constructor(layers: readonly Layer[], options: LayeredOptions = {}) {
    if (layers.length === 0 || layers.length > 255) {
      throw new SchedError("invalid-option", {
        message: `Cannot use ${layers.length} layers: expected 1 to 255`,
        value: layers.length,
      });
    }
    ({ name: this.name = "layered", urgency: this.urgency = "priority" } = options);
    this.#layers = layers;
  }

  /** The layer a thread is in, counted from the most urgent. */
  layerOf(thread: ThreadId): number {
    return this.#of[thread]!;
  }

  /** See {@linkcode Policy.attach}. */
  attach(view: SchedulerView): void {
    this.#view = view;
    this.#timers = new Timers(view, this.#layers.length);
    this.#claims = new Claims({
      rank: (thread) => this.#of[thread]!,
      isReady: (thread) =>
        this.#ready[thread] === 1 && this.#policyOf(thread).isHeld?.(thread) !== true,
    }, view);
    for (const [layer, { policy }] of this.#layers.entries()) {
      const inside = { layerOf: (thread: ThreadId) => this.#of[thread]!, known: this.#known };
      policy.attach?.(layerView(view, { ...inside, layer, timers: this.#timers }));
    }
  }

  /** See {@linkcode Policy.admit}. */
  admit(thread: ThreadId, parameters: ThreadParameters): void {
    if (thread >= this.#of.length) {
      this.#of = grown(this.#of, thread);
      this.#ready = grown(this.#ready, thread);
    }
    this.#ready[thread] = 0;
    this.#moving.delete(thread);
    this.#known[thread] = parameters;
    this.#of[thread] = this.#layerFor(parameters, thread);
    this.#claims!.restrict(thread, parameters.affinity);
    this.#policyOf(thread).admit?.(thread, parameters);
  }

  /** A thread whose layer changes is moved; one that runs, when it has given its CPU back. */
  update(thread: ThreadId, parameters: ThreadParameters): void {
    this.#claims!.restrict(thread, parameters.affinity);
    const stays = this.#layerFor(parameters, thread) === this.#of[thread];
    if (stays && !this.#moving.has(thread)) {
      this.#known[thread] = parameters;
      const policy = this.#policyOf(thread);
      policy.update?.(thread, parameters);
      // It may be allowed on the CPU of a lower layer now.
      if (this.#ready[thread] === 1 && policy.isHeld?.(thread) !== true) {
        this.#claims!.place(thread);
      }
      return;
    }
    const cpu = runsOn(this.#view!, thread);
    if (cpu >= 0) {
      this.#moving.add(thread);
      this.#view!.kick(cpu);
    } else if (this.#ready[thread] === 1) {
      this.dequeue(thread);
      this.#move(thread);
      this.#requeue(thread);
    } else {
      this.#move(thread);
    }
  }

  /** See {@linkcode Policy.forget}. */
  forget(thread: ThreadId): void {
    this.#moving.delete(thread);
    this.#claims!.restrict(thread, null);
    this.#policyOf(thread).forget?.(thread);
  }

  /** An idle CPU, or that of the lowest layer; among CPUs of its own, the one its layer says. */
  selectCpu(thread: ThreadId, placement: Placement): number {
    const view = this.#view!;
    const layer = this.#of[thread]!;
    const chosen = this.#claims!.select(thread, placement.previous);
    const rank = (cpu: number): number => {
      const running = view.running(cpu);
      return running === null ? this.#layers.length : this.#of[running]!;
    };
    if (rank(chosen) !== layer) return chosen;
    const previous = rank(placement.previous) === layer ? placement.previous : chosen;
    const { waker, hint } = placement;
    return this.#policyOf(thread).selectCpu?.(thread, { previous, waker, hint }) ?? chosen;
  }

  /** See {@linkcode Policy.enqueue}. */
  enqueue(thread: ThreadId, wakeup: Wakeup): void {
    const { reason, cpu } = wakeup;
    const ongoing = goesOn(reason);
    const starts = this.#moving.has(thread) && this.#move(thread) && ongoing;
    this.#ready[thread] = 1;
    const policy = this.#policyOf(thread);
    policy.enqueue(thread, starts ? { ...wakeup, reason: "start" } : wakeup);
    if (this.#view!.cpus === 1 || policy.isHeld?.(thread) === true) return;
    const claims = this.#claims!;
    const lowest = this.#of[thread] === this.#layers.length - 1;
    if (claims.claim(thread, cpu) || !ongoing || lowest) return;
    // Who has taken its CPU may be of a layer that could not take another.
    claims.place(thread, cpu);
  }

  /** See {@linkcode Policy.dequeue}. */
  dequeue(thread: ThreadId): boolean {
    this.#ready[thread] = 0;
    return this.#policyOf(thread).dequeue(thread);
  }

  /** What the first layer picks that has something for the CPU. */
  pick(cpu: number): ThreadId | null {
    let thread: ThreadId | null = null;
    for (let layer = 0; layer < this.#layers.length && thread === null; layer++) {
      thread = this.#layers[layer]!.policy.pick(cpu);
    }
    if (thread !== null) this.#ready[thread] = 0;
    this.#claims!.picked(cpu, thread);
    return thread;
  }

  /** See {@linkcode Policy.running}. */
  running(thread: ThreadId, cpu: number): void {
    this.#policyOf(thread).running?.(thread, cpu);
  }

  /** As its layer says: who comes above it takes the CPU without being asked for. */
  tick(thread: ThreadId, charge: Charge): boolean {
    return this.#policyOf(thread).tick(thread, charge);
  }

  /** As its layer says; every tick, if it does not. */
  slice(thread: ThreadId, cpu: number): number {
    return this.#policyOf(thread).slice?.(thread, cpu) ?? 0;
  }

  /** See {@linkcode Policy.stopping}. */
  stopping(thread: ThreadId, stop: Stop): void {
    this.#policyOf(thread).stopping?.(thread, stop);
  }

  /** A thread of a higher layer takes the CPU at once; within a layer its policy decides. */
  preempts(candidate: ThreadId, running: ThreadId, cpu: number): boolean {
    const [layer, other] = [this.#of[candidate]!, this.#of[running]!];
    const policy = this.#policyOf(candidate);
    if (layer === other) return policy.preempts?.(candidate, running, cpu) ?? false;
    return layer < other && policy.isHeld?.(candidate) !== true;
  }

  /** Within a layer its policy decides; one layer hands nothing to another. */
  yieldTo(thread: ThreadId, to: ThreadId): boolean {
    if (this.#of[thread] !== this.#of[to] || this.#moving.has(thread)) return false;
    return this.#policyOf(thread).yieldTo?.(thread, to) ?? false;
  }

  /** The time of a layer's timer has come. */
  timer(now: number): void {
    this.#timers!.ring(now, (layer) => this.#layers[layer]!.policy.timer?.(now));
  }

  /** What the layers remember, and what is between them. */
  save(): Plain {
    const ready = positives(this.#ready).map(([thread]) => thread);
    const moves = [...this.#moving].sort((a, b) => a - b)
      .map((thread): Move => [thread, this.#of[thread]!, { ...this.#known[thread]! }]);
    const state: LayeredState = {
      layers: this.#layers.map(({ policy }) => policy.save()),
      timers: this.#timers!.save(),
      ...{ ready, moves },
      claims: this.#claims!.save(),
    };
    return state;
  }

  /** Takes over what {@linkcode Layered.save} returned. */
  restore(state: Plain): void {
    const { layers, timers, ready, moves, claims } = state as LayeredState;
    this.#claims!.restore(claims);
    this.#ready.fill(0);
    for (const thread of ready) this.#ready[thread] = 1;
    this.#moving.clear();
    for (const [thread, layer, parameters] of moves) {
      this.#policyOf(thread).forget?.(thread);
      this.#moving.add(thread);
      this.#of[thread] = layer;
      this.#known[thread] = parameters;
      this.#policyOf(thread).admit?.(thread, parameters);
    }
    for (const [layer, { policy }] of this.#layers.entries()) policy.restore(layers[layer]!);
    // What layers have asked for meanwhile was about what they remembered before.
    this.#timers!.restore(timers);
  }

  #policyOf(thread: ThreadId): LayerPolicy {
    return this.#layers[this.#of[thread]!]!.policy;
  }

  #layerFor(parameters: ThreadParameters, thread: ThreadId): number {
    const layer = this.#layers.findIndex(({ holds }) => holds(parameters, thread));
    return layer < 0 ? this.#layers.length - 1 : layer;
  }

  /** Tells a thread's layer, or the one it goes to, of its parameters; it is neither ready nor runs. */
  #move(thread: ThreadId): boolean {
    const parameters = this.#view!.parameters(thread);
    const layer = this.#layerFor(parameters, thread);
    this.#moving.delete(thread);
    this.#known[thread] = parameters;
    if (layer === this.#of[thread]) {
      this.#policyOf(thread).update?.(thread, parameters);
      return false;
    }
    this.#policyOf(thread).forget?.(thread);
    this.#of[thread] = layer;
    this.#policyOf(thread).admit?.(thread, parameters);
    return true;
  }

  /** A thread that was ready is so in another layer; it gets a CPU at once if that is due. */
  #requeue(thread: ThreadId): void {
    const view = this.#view!;
    const placement = { previous: 0, waker: null, hint: "none" } as const;
    const first = this.#known[thread]!.affinity?.[0] ?? 0;
    const cpu = view.cpus === 1 ? 0 : this.selectCpu(thread, { ...placement, previous: first });
    this.enqueue(thread, { ...placement, cpu, reason: "start", burst: 0, released: null });
    const running = view.running(cpu);
    if (running === null || this.preempts(thread, running, cpu)) view.kick(cpu);
  }
}
