/**
 * Fixed priorities with sporadic servers: a thread with a budget has its priority while the budget
 * lasts, and a low one until what it has used is given back, a period after it began to use it. To
 * others it is no worse than a periodic thread. B. Sprunt, L. Sha and J. Lehoczky, "Aperiodic Task
 * Scheduling for Hard-Real-Time Systems", Real-Time Systems 1(1), 1989, in the form of POSIX.1-2017's
 * `SCHED_SPORADIC` (System Interfaces, 2.8.4): a server is activated when its thread becomes ready
 * or is replenished, not when a thread of its priority runs. M. Stanovich, T. P. Baker, A.-I. Wang
 * and M. González Harbour, "Defects of the POSIX Sporadic Server and How to Correct Them", Real-Time
 * and Embedded Technology and Applications Symposium 2010, show where that gives back too soon; one
 * they name is not here: a budget that was overrun is a debt.
 *
 * @module
 */
import { checkIntegerOption } from "../../errors.ts";
import { PRIORITIES, type ThreadParameters } from "../../parameters.ts";
import type { Charge, SchedulerView, Stop, ThreadId, Wakeup } from "../../policy.ts";
import { OrderedQueue } from "../../queues/ordered_queue.ts";
import type { Plain } from "../../../util/plain.ts";
import { runsOn } from "../common/claims.ts";
import type { QuantumOptions } from "../common/quantum.ts";
import { goesOn } from "../common/reasons.ts";
import { FixedPriority } from "./fixed_priority.ts";

/** Options of the sporadic servers. */
export interface SporadicOptions extends QuantumOptions {
  /** Priority of a thread out of budget, or its own if that is lower; 0 if absent. */
  readonly low?: number;
  /** Most replenishments a thread may have coming, POSIX's `sched_ss_max_repl`; 4 if absent. */
  readonly replenishments?: number;
}

/** A server. */
type Server = {
  /** What is left of its budget. */
  capacity: number;
  /** Since when it is used, -1 if it is not: its thread has a low priority. */
  activated: number;
  /** What was used since then. */
  used: number;
  /** What its thread had run when it was activated, and has not been charged for. */
  free: number;
  /** Times and amounts of replenishments, soonest first. */
  readonly coming: number[];
};

/** Everything the policy remembers. */
type SporadicState = {
  readonly priorities: Plain;
  readonly servers: readonly (readonly [ThreadId, Server])[];
  readonly charged: readonly number[];
};

/**
 * 256 priorities; equals take turns by quantum. A thread with a budget and a period is a server,
 * others keep their priority.
 */
export class SporadicServer extends FixedPriority {
  /** `sporadic`. */
  override readonly name: string = "sporadic";
  readonly #low: number;
  readonly #most: number;
  /** By thread; others have none. */
  #servers: (Server | undefined)[] = [];
  /** Servers by the next replenishment. */
  readonly #next = new OrderedQueue();
  /** When the thread of each CPU was charged last. */
  #charged = new Float64Array(0);

  /**
   * Makes a policy without threads.
   * @throws {SchedError} `invalid-option` if an option is out of its range
   */
  constructor(options: SporadicOptions = {}) {
    super(options);
    const { low = 0, replenishments = 4 } = options;
    checkIntegerOption("low", low, { least: 0, most: PRIORITIES - 1 });
    checkIntegerOption("replenishments", replenishments, { least: 1, most: 1_000 });
    this.#low = low;
    this.#most = replenishments;
  }

  /** What is left of the budget of a thread; `undefined` if it is no server. */
  capacity(thread: ThreadId): number | undefined {
    return this.#servers[thread]?.capacity;
  }

  /** See {@linkcode FixedPriority.attach}. */
  override attach(view: SchedulerView): void {
    super.attach(view);
    this.#charged = new Float64Array(view.cpus);
  }

  /** See {@linkcode FixedPriority.admit}. */
  override admit(thread: ThreadId, parameters: ThreadParameters): void {
    super.admit(thread, parameters);
    this.#setServer(thread, parameters);
  }

  /** A server that gets another budget has what was left, or the new one if that is less. */
  override update(thread: ThreadId, parameters: ThreadParameters): void {
    this.#setServer(thread, parameters);
    super.update(thread, { ...parameters, priority: this.#levelNow(thread, parameters) });
  }

  /** See {@linkcode FixedPriority.forget}. */
  override forget(thread: ThreadId): void {
    this.#drop(thread);
    super.forget(thread);
  }

  /** A server that becomes ready after a wait is activated, if it has a budget. */
  override enqueue(thread: ThreadId, wakeup: Wakeup): void {
    const server = this.#servers[thread];
    if (server !== undefined && !goesOn(wakeup.reason)) {
      this.#activate(thread, server);
      this.setLevel(thread, this.#levelNow(thread, this.view!.parameters(thread)));
    }
    super.enqueue(thread, wakeup);
  }

  /** A thread has got a CPU. */
  running(_: ThreadId, cpu: number): void {
    this.#charged[cpu] = this.view!.now;
  }

  /** Charges the budget; gives way as fixed priorities do. */
  override tick(thread: ThreadId, charge: Charge): boolean {
    this.#charge(thread, charge);
    return super.tick(thread, charge);
  }

  /** What is left of the quantum or the budget, or the time until more of it comes. */
  override slice(thread: ThreadId, cpu: number): number {
    const quantum = super.slice(thread, cpu);
    const server = this.#servers[thread];
    if (server === undefined) return quantum;
    if (server.activated >= 0) return Math.min(quantum, server.capacity + server.free);
    return Math.min(quantum, (server.coming[0] ?? Infinity) - this.#charged[cpu]!);
  }

  /** Charges the budget; a thread that blocks gets back what it has used a period later. */
  override stopping(thread: ThreadId, stop: Stop): void {
    this.#charge(thread, stop);
    super.stopping(thread, stop);
    const server = this.#servers[thread];
    if (server !== undefined && stop.reason === "blocked") this.#giveBack(thread, server);
  }

  /** Replenishes all servers whose time has come. */
  timer(now: number): void {
    while (this.#next.least <= now) {
      const thread = this.#next.first;
      const server = this.#servers[thread]!;
      server.coming.shift();
      const amount = server.coming.shift()!;
      this.#await(thread, server);
      this.#replenish(thread, server, amount);
    }
    this.view!.timer(this.#next.least);
  }

  /** Queues, and servers. */
  override save(): Plain {
    const servers: [ThreadId, Server][] = [];
    this.#servers.forEach((server, thread) =>
      server !== undefined && servers.push([thread, server])
    );
    const state: SporadicState = {
      priorities: super.save(),
      servers,
      charged: [...this.#charged],
    };
    return state;
  }

  /** Takes over what {@linkcode SporadicServer.save} returned. */
  override restore(state: Plain): void {
    const { priorities, servers, charged } = state as SporadicState;
    this.#servers = [];
    this.#next.restore([]);
    this.#charged.set(charged);
    for (const [thread, { coming, ...server }] of servers) {
      const copy: Server = { ...server, coming: [...coming] };
      this.#put(thread, copy);
      this.#await(thread, copy);
      this.setLevel(thread, this.#levelNow(thread, this.view!.parameters(thread)));
    }
    super.restore(priorities);
  }

  /** The priority a thread is to have: its own, or a low one. */
  #levelNow(thread: ThreadId, { priority }: ThreadParameters): number {
    const server = this.#servers[thread];
    if (server === undefined || server.activated >= 0) return priority;
    return Math.min(this.#low, priority);
  }

  #setServer(thread: ThreadId, { budget, period }: ThreadParameters): void {
    const server = this.#servers[thread];
    if (budget === 0 || period === 0) return this.#drop(thread);
    if (server !== undefined) {
      server.capacity = Math.min(server.capacity, budget);
      return;
    }
    const made: Server = { capacity: budget, activated: -1, used: 0, free: 0, coming: [] };
    this.#put(thread, made);
    this.#activate(thread, made);
  }

  #put(thread: ThreadId, server: Server): void {
    while (this.#servers.length < thread) this.#servers.push(undefined);
    this.#servers[thread] = server;
  }

  #drop(thread: ThreadId): void {
    if (this.#servers[thread] === undefined) return;
    this.#servers[thread] = undefined;
    if (this.#next.remove(thread)) this.view!.timer(this.#next.least);
  }

  /** A server is used from now on, if it has a budget and may have another replenishment. */
  #activate(thread: ThreadId, server: Server): void {
    const { now } = this.view!;
    const has = server.capacity > 0 && server.coming.length < 2 * this.#most;
    const cpu = runsOn(this.view!, thread);
    server.activated = has ? now : -1;
    server.used = 0;
    server.free = has && cpu >= 0 ? now - this.#charged[cpu]! : 0;
  }

  #charge(thread: ThreadId, { cpu, elapsed }: Charge): void {
    this.#charged[cpu] = this.view!.now;
    const server = this.#servers[thread];
    if (server === undefined || server.activated < 0) return;
    const time = elapsed - server.free;
    server.free = 0;
    server.capacity -= time;
    server.used += time;
    if (server.capacity > 0) return;
    this.#giveBack(thread, server);
    this.setLevel(thread, this.#levelNow(thread, this.view!.parameters(thread)));
  }

  /** What was used comes back a period after the server was activated; it is used no more. */
  #giveBack(thread: ThreadId, server: Server): void {
    const { period } = this.view!.parameters(thread);
    if (server.activated >= 0 && server.used > 0) {
      server.coming.push(server.activated + period, server.used);
      this.#await(thread, server);
      this.view!.timer(this.#next.least);
    }
    server.activated = -1;
  }

  /** A thread that was low for want of a budget is so no more. */
  #replenish(thread: ThreadId, server: Server, amount: number): void {
    const parameters = this.view!.parameters(thread);
    server.capacity = Math.min(parameters.budget, server.capacity + amount);
    if (server.activated >= 0) return;
    this.#activate(thread, server);
    this.relevel(thread, this.#levelNow(thread, parameters));
  }

  /** A server is in line for its next replenishment. */
  #await(thread: ThreadId, { coming }: Server): void {
    this.#next.remove(thread);
    if (coming.length > 0) this.#next.insert(thread, coming[0]!, thread);
  }
}
