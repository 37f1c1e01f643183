/**
 * A machine that debuggers look at: what stays when one goes and another comes.
 *
 * @module
 */

import type { History } from "../../../history/mod.ts";
import type { Machine } from "../../../kernel/machine.ts";
import { GdbServerError } from "../errors.ts";
import type { ThreadName } from "../names.ts";
import { REGISTER_LAYOUTS, type RegisterContext, type RegisterLayout } from "../registers/mod.ts";
import { contextOf } from "./contexts.ts";
import { Inferiors } from "./inferiors.ts";
import { ProcessMemory } from "./memory.ts";
import { Observer } from "./observer.ts";
import { Points } from "./points.ts";

/** A machine, its history, and what a debugger sees of them. */
export class Debuggee implements Disposable {
  /** The history by which the machine is moved. */
  readonly history: History;
  /** How packets have its registers. */
  readonly layout: RegisterLayout;
  /** Its processes and threads. */
  readonly inferiors: Inferiors;
  /** Their memory. */
  readonly memory: ProcessMemory;
  /** What a debugger has set. */
  readonly points: Points;
  /** What happens in it. */
  readonly observer: Observer;
  readonly #listening: Disposable;

  /** Looks at the machine of a history. */
  constructor(history: History) {
    const { kernel } = history.machine;
    this.history = history;
    this.layout = REGISTER_LAYOUTS[kernel.arch.name];
    this.inferiors = new Inferiors(history.machine);
    this.memory = new ProcessMemory(history);
    this.points = new Points(history, this.inferiors);
    this.observer = new Observer(kernel);
    this.#listening = kernel.events.listen(this.observer);
  }

  /** The machine. */
  get machine(): Machine {
    return this.history.machine;
  }

  /** Why the machine has halted; null if it can go on, be it in its past. */
  get halted(): string | null {
    return this.history.inPast ? null : this.machine.halted;
  }

  /** The registers of a thread. @throws {GdbServerError} if there is none of that name */
  registers(name: ThreadName): RegisterContext {
    const { history, inferiors } = this;
    const thread = inferiors.thread(name);
    if (thread === undefined || !inferiors.has(name)) {
      throw new GdbServerError(`There is no thread ${name.thread} of process ${name.process}`);
    }
    return contextOf(history, { name, thread });
  }

  /** Address of the instruction a thread is at. */
  pc(name: ThreadName): bigint {
    return this.registers(name).get(this.layout.pc) ?? 0n;
  }

  /** Stops hearing the machine, and takes away what was set. The history stays. */
  [Symbol.dispose](): void {
    this.points.clear();
    this.points.apply();
    this.#listening[Symbol.dispose]();
  }
}
