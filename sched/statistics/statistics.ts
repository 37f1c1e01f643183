/**
 * Gathers what a simulation is like while it runs: nothing is kept of single events, so millions of
 * them take no more memory than few.
 *
 * @module
 */
import type { PolicyFault } from "../host/fault.ts";
import { checkParameters, MAX_CPUS } from "../parameters.ts";
import type { ThreadId } from "../policy.ts";
import {
  isThreadEvent,
  type JobEvent,
  type SimulationEvent,
  type SimulationSink,
  type ThreadEvent,
} from "../simulator/events.ts";
import { type SharedObject, sharedObjects } from "../simulator/program.ts";
import { type GivenWorkload, type ThreadSpec, workloadOf } from "../simulator/workload.ts";
import { Distribution } from "./distribution.ts";
import { FluidShare } from "./fluid_share.ts";
import type { CpuReport, StatisticsReport, TotalReport } from "./report.ts";
import { JobAccount, State, ThreadAccount } from "./thread_account.ts";
import { TimeAverage } from "./time_average.ts";

/** What is kept of a CPU. */
interface CpuAccount {
  /** The thread it has, -1 if none. */
  thread: ThreadId;
  /** The thread it had last, -1 if none yet. */
  last: ThreadId;
  /** Since when it has its thread. */
  since: number;
  busy: number;
  switching: number;
  /** When its last switch is done. */
  switched: number;
  dispatches: number;
  switches: number;
}

/**
 * Statistics of one simulation: a sink, that is told what happens and can be asked at any time.
 *
 * @example Two million decisions
 * ```ts
 * import { createPolicy, prepareSimulation, randomWorkload, Statistics } from "@trapline/trapline/sched";
 *
 * const workload = randomWorkload(7, { threads: 1_000, burst: 20_000 });
 * const statistics = new Statistics(workload, { cpus: 2 });
 * const policy = createPolicy("rr", { quantum: 10 });
 * const simulation = prepareSimulation(workload, { policy, sink: statistics, cpus: 2 });
 * simulation.run();
 * const { total, ready } = statistics.report(simulation.now);
 * console.log(total.dispatches, total.response?.percentiles.p99, ready.mean);
 * ```
 */
export class Statistics implements SimulationSink {
  readonly #specs: readonly ThreadSpec[];
  readonly #threads: readonly ThreadAccount[];
  readonly #cpus: readonly CpuAccount[];
  readonly #fluid: FluidShare;
  readonly #ready = new TimeAverage();
  readonly #objects: readonly { object: SharedObject; queue: TimeAverage; waits: Distribution }[];
  #now = 0;
  #fault: PolicyFault | null = null;

  /**
   * Nothing has happened.
   * @param workload the workload that is simulated
   * @param options number of CPUs; 1 if absent
   */
  constructor(workload: GivenWorkload, options: { readonly cpus?: number | undefined } = {}) {
    const { cpus = 1 } = options;
    const { threads } = workloadOf(workload);
    this.#specs = threads;
    this.#threads = threads.map(({ name, jobs }) =>
      new ThreadAccount(name, jobs?.pattern === "periodic")
    );
    this.#cpus = Array.from({ length: cpus }, () => ({
      ...{ thread: -1, last: -1, since: 0, busy: 0 },
      ...{ switching: 0, switched: 0, dispatches: 0, switches: 0 },
    }));
    const weights = Float64Array.from(
      threads,
      (spec) => checkParameters(spec, { cpus: MAX_CPUS, thread: spec.name }).weight,
    );
    this.#fluid = new FluidShare(weights, cpus);
    this.#objects = sharedObjects(workload).map((object) => ({
      ...{ object, queue: new TimeAverage(), waits: new Distribution() },
    }));
  }

  /** See {@linkcode SimulationSink}. */
  thread(type: ThreadEvent, time: number, thread: ThreadId, cpu: number, on: number): void {
    this.#now = time;
    const account = this.#threads[thread]!;
    switch (type) {
      case "arrive":
      case "wake":
        this.#wakes(account, thread, time);
        break;
      case "dispatch":
        this.#runs(account, thread, cpu);
        break;
      case "preempt":
      case "yield":
        if (type === "preempt") account.preemptions++;
        this.#leaves(account, thread, cpu);
        account.become(State.READY, time);
        this.#ready.change(1, time);
        break;
      default:
        this.#stops(type, account, { thread, cpu, on });
    }
  }

  /** See {@linkcode SimulationSink.job}. */
  job(type: JobEvent, time: number, thread: ThreadId, job: number, deadline: number): void {
    this.#now = time;
    const account = this.#threads[thread]!;
    if (type === "release") {
      account.released++;
      account.backlog.push(time);
      const { arrival = 0, period = 0 } = this.#specs[thread]!;
      if (account.releaseJitter !== null && arrival !== "started") {
        account.releaseJitter.add(time - arrival - job * period);
      }
    } else if (type === "miss") {
      account.missed++;
    } else {
      if (type === "complete") account.endJob(time, deadline);
      else account.aborted++;
      account.jobSeen = true;
      account.jobReleased = -1;
      account.backlog.drop();
    }
  }

  /** See {@linkcode SimulationSink.switching}. */
  switching(time: number, _thread: ThreadId, cpu: number, cost: number): void {
    this.#now = time;
    const account = this.#cpus[cpu]!;
    account.switching += cost;
    account.switched = time + cost;
  }

  /** See {@linkcode SimulationSink.idle}. */
  idle(_time: number, until: number): void {
    this.#now = until;
  }

  /** See {@linkcode SimulationSink.fault}. */
  fault(fault: PolicyFault): void {
    this.#fault = fault;
  }

  /** What happened, as a record of {@linkcode simulate}. */
  add(event: SimulationEvent): void {
    const { time } = event;
    if (isThreadEvent(event)) {
      const { type, thread, cpu = 0, on } = event;
      this.thread(type, time, thread, cpu, on === undefined ? -1 : this.#place(on));
    } else if ("job" in event) {
      const { type, thread, job, deadline = Infinity } = event;
      this.job(type, time, thread, job, deadline);
    } else if (event.type === "switch") {
      this.switching(time, event.thread, event.cpu ?? 0, event.cost);
    } else if (event.type === "idle") this.idle(time, event.until);
    else if (event.type === "policy-fault") this.fault(event.fault);
  }

  #place({ kind, name }: SharedObject): number {
    return this.#objects.findIndex(({ object }) => object.kind === kind && object.name === name);
  }

  /**
   * What the simulation has been like.
   * @param time until when; the last time that was told of if absent
   */
  report(time: number = this.#now): StatisticsReport {
    const cpus = this.#cpus.map((account) => reportCpu(account, time));
    return {
      time,
      total: this.#total(cpus, time),
      threads: this.#threads.map((account) => account.reportThread(time)),
      cpus,
      ready: this.#ready.report(time),
      objects: this.#objects.map(({ object, queue, waits }) => ({
        ...object,
        ...queue.report(time),
        waits: waits.spread(),
      })),
      fault: this.#fault,
    };
  }

  /** A thread becomes ready that was not. */
  #wakes(account: ThreadAccount, thread: ThreadId, time: number): void {
    if (account.on >= 0) {
      const { queue, waits } = this.#objects[account.on]!;
      queue.change(-1, time);
      waits.add(time - account.since);
      account.on = -1;
    }
    account.become(State.READY, time);
    if (account.arrival < 0) {
      account.arrival = time;
      if (this.#specs[thread]!.jobs === undefined) account.released = 1;
    }
    if (account.jobReleased < 0) account.beginJob(account.backlog.at(0) ?? time);
    account.served = account.times[State.RUNNING];
    this.#fluid.join(thread, time);
    this.#ready.change(1, time);
  }

  /** A thread gets a CPU. */
  #runs(account: ThreadAccount, thread: ThreadId, number: number): void {
    const time = this.#now;
    const cpu = this.#cpus[number]!;
    cpu.dispatches++;
    if (cpu.last >= 0 && cpu.last !== thread) cpu.switches++;
    cpu.thread = cpu.last = thread;
    cpu.since = time;
    account.dispatches++;
    if (account.cpu >= 0 && account.cpu !== number) account.migrations++;
    account.cpu = number;
    account.become(State.RUNNING, time);
    this.#ready.change(-1, time);
    if (!account.jobSeen) {
      account.jobSeen = true;
      account.response.add(time - account.jobReleased);
    }
    this.#lags(account, thread);
  }

  /** A thread leaves its CPU. */
  #leaves(account: ThreadAccount, thread: ThreadId, number: number): void {
    const cpu = this.#cpus[number]!;
    cpu.busy += this.#now - cpu.since;
    cpu.thread = -1;
    account.become(State.RUNNING, this.#now);
    this.#lags(account, thread);
  }

  /** A thread leaves its CPU and is not ready. */
  #stops(
    type: ThreadEvent,
    account: ThreadAccount,
    { thread, cpu, on }: { thread: ThreadId; cpu: number; on: number },
  ): void {
    const time = this.#now;
    this.#leaves(account, thread, cpu);
    this.#fluid.leave(thread, time);
    if (type === "exit") {
      account.finish = time;
      if (this.#specs[thread]!.jobs === undefined) account.endJob(time, Infinity);
      account.become(State.AWAY, time);
      return;
    }
    account.become(account.jobReleased < 0 ? State.AWAY : State.BLOCKED, time);
    if (on < 0) return;
    account.on = on;
    this.#objects[on]!.queue.change(1, time);
  }

  /** Looks at a thread's lag, which is least when it leaves a CPU and most when it gets one. */
  #lags(account: ThreadAccount, thread: ThreadId): void {
    const lag = this.#fluid.got(thread, this.#now) -
      (account.times[State.RUNNING] - account.served);
    if (lag < account.leastLag) account.leastLag = lag;
    if (lag > account.mostLag) account.mostLag = lag;
  }

  #total(cpus: readonly CpuReport[], time: number): TotalReport {
    const jobs = new JobAccount();
    const sums = { preemptions: 0, migrations: 0, makespan: 0 };
    for (const account of this.#threads) {
      jobs.addAll(account);
      sums.preemptions += account.preemptions;
      sums.migrations += account.migrations;
      sums.makespan = Math.max(sums.makespan, account.finish);
    }
    const sum = (field: keyof CpuReport): number => cpus.reduce((all, cpu) => all + cpu[field], 0);
    const busy = sum("busy");
    return {
      ...jobs.report(),
      ...{ busy, switching: sum("switching") },
      utilization: time === 0 ? 0 : busy / (time * cpus.length),
      ...{ dispatches: sum("dispatches"), switches: sum("switches") },
      ...sums,
    };
  }
}

function reportCpu(account: CpuAccount, time: number): CpuReport {
  const { thread, since, switched, dispatches, switches } = account;
  const switching = account.switching - Math.max(0, switched - time);
  const busy = account.busy + (thread >= 0 ? Math.max(0, time - since) : 0);
  return {
    ...{ busy, switching, idle: Math.max(0, time - busy - switching) },
    utilization: time === 0 ? 0 : busy / time,
    ...{ dispatches, switches },
  };
}
