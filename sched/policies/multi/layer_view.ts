/**
 * What a layer of a policy of layers sees of its host.
 *
 * @module
 */
import type { ThreadParameters } from "../../parameters.ts";
import type { SchedulerView, ThreadId } from "../../policy.ts";
import type { Timers } from "./timers.ts";

/** A layer, and what is known of the threads of all. */
export interface LayerSight {
  /** Its number, counted from the most urgent. */
  readonly layer: number;
  /** The layer of each thread. */
  layerOf(thread: ThreadId): number;
  /** What layers know of their threads. */
  readonly known: readonly ThreadParameters[];
  /** The layers' timers. */
  readonly timers: Timers;
}

/** CPUs of the layers below are idle, those of the layers above are not to be had. */
export function layerView(view: SchedulerView, sight: LayerSight): SchedulerView {
  const { layer, known, timers } = sight;
  const isAbove = (cpu: number): boolean => {
    const running = view.running(cpu);
    return running !== null && sight.layerOf(running) < layer;
  };
  return {
    cpus: view.cpus,
    get now(): number {
      return view.now;
    },
    random: view.random,
    parameters: (thread) => known[thread]!,
    allows: (thread, cpu) => view.allows(thread, cpu) && !isAbove(cpu),
    running: (cpu) => {
      const running = view.running(cpu);
      return running !== null && sight.layerOf(running) === layer ? running : null;
    },
    kick: (cpu) => {
      if (!isAbove(cpu)) view.kick(cpu);
    },
    timer: (at) => timers.set(layer, at),
  };
}
