/**
 * Runs our simulator on files of SimSo's, as `simso_run.py` runs SimSo, and says what it says.
 *
 * Usage: our_run.ts POLICY RUNS FILE … writes FILE.ours for each
 *
 * @module
 */
import {
  createPolicy,
  describeFault,
  type PolicyFault,
  prepareSimulation,
  type SimulationSink,
} from "../../../sched/mod.ts";
import { readSimso } from "../../../simso/mod.ts";

/** What a thread or a job of one has done. */
type Happening = readonly [time: number, type: string, thread: number, job: number, cpu: number];

/** Keeps all of a run, as SimSo's monitors do. */
class Record implements SimulationSink {
  readonly happenings: Happening[] = [];
  readonly #jobs: Int32Array;

  constructor(threads: number) {
    this.#jobs = new Int32Array(threads);
  }

  thread(type: string, time: number, thread: number, cpu: number): void {
    if (type !== "dispatch" && type !== "preempt") return;
    this.happenings.push([time, type, thread, this.#jobs[thread]!, cpu]);
  }

  job(type: string, time: number, thread: number, job: number): void {
    if (type === "complete") this.#jobs[thread] = job + 1;
    this.happenings.push([time, type, thread, job, -1]);
  }

  fault(fault: PolicyFault): void {
    throw new Error(describeFault(fault));
  }
}

function simulate(text: string, policy: string): { seconds: number; record: Record } {
  const { workload, simulation } = readSimso(text);
  const record = new Record(workload.threads.length);
  const run = prepareSimulation(workload, {
    ...simulation,
    policy: createPolicy(policy),
    sink: record,
  });
  const start = performance.now();
  run.run();
  return { seconds: (performance.now() - start) / 1000, record };
}

/** The lines of a run, without stops that take no time. */
function lines({ happenings }: Record): string[] {
  const told: (string | null)[] = [];
  const stops = new Map<number, { time: number; cpu: number; at: number }>();
  for (const [time, type, thread, job, cpu] of happenings) {
    if (type === "dispatch") {
      const stopped = stops.get(thread);
      stops.delete(thread);
      if (stopped?.time === time && stopped.cpu === cpu) {
        told[stopped.at] = null;
        continue;
      }
    } else if (type === "preempt") {
      stops.set(thread, { time, cpu, at: told.length });
    }
    told.push(`${time} ${type} ${thread} ${job}${type === "dispatch" ? ` ${cpu}` : ""}`);
  }
  return told.filter((line) => line !== null);
}

const [policy = "", runs = "1", ...files] = Deno.args;
const seconds: number[][] = [];
for (const file of files) {
  const text = await Deno.readTextFile(file);
  const results = Array.from({ length: Number(runs) }, () => simulate(text, policy));
  seconds.push(results.map((result) => result.seconds));
  await Deno.writeTextFile(`${file}.ours`, lines(results.at(-1)!.record).join("\n"));
}
console.log(JSON.stringify(seconds));
