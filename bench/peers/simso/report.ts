/**
 * Our simulator beside SimSo 0.8.5 (M. Chéramy, P.-E. Hladik and A.-M. Déplanche, "SimSo: A
 * Simulation Tool to Evaluate Real-Time Multiprocessor Scheduling Algorithms", WATERS 2014): both
 * read the same files, must have the same schedule, event for event, and are timed on it.
 *
 * Where SimSo and we may rightly differ, sets are chosen in which it does not matter. Of jobs due at
 * the same time both run the one that was activated first; of those activated in one instant SimSo
 * runs the one whose release was put on its list of events first, we the one of the task that comes
 * first. So with deadlines of their own, and with several CPUs, tasks begin apart, so that no two
 * jobs are ever released or due at the same time. Among several CPUs each simulator places jobs as
 * it likes; which jobs run when must be the same. What SimSo calls a preemption and is followed at
 * once by the same job on the same CPU, is a call of its scheduler, and is not compared.
 *
 * @module
 */
import { randomTasks } from "../../../sched/analysis/mod.ts";
import { median, output } from "../commands.ts";
import { simsoFile } from "./file.ts";
import { countEvents, difference } from "./trace.ts";

const HERE = new URL(".", import.meta.url).pathname;

/** What pip is to install, source distributions both. SimSo's other dependency, numpy, is not used. */
const REQUIREMENTS = `\
simso==0.8.5 --hash=sha256:c25f750cdd9c2534e37f06d14724ed344dfd79362f44ee6439ede3bf08385811
SimPy==2.3.1 --hash=sha256:4604d9c90ac9429950a52a6b31c4d48c8575c738caa44517c24a50e3212eec94
`;

/** One kind of scheduling, in both simulators. */
export interface Comparison {
  readonly name: string;
  /** Class of SimSo's. */
  readonly scheduler: string;
  /** Policy of ours. */
  readonly policy: string;
  readonly cpus: number;
}

export const COMPARISONS: readonly Comparison[] = [
  { name: "EDF", scheduler: "EDF_mono", policy: "edf", cpus: 1 },
  { name: "rate monotonic", scheduler: "RM_mono", policy: "rm", cpus: 1 },
  { name: "fixed priority", scheduler: "FP", policy: "priority", cpus: 1 },
  { name: "global EDF", scheduler: "EDF", policy: "edf", cpus: 4 },
  { name: "global fixed priority", scheduler: "FP", policy: "priority", cpus: 4 },
];

/** How much is run. */
export interface SimsoEffort {
  /** Sets of each kind. */
  readonly sets: number;
  /** Jobs of a set, about. */
  readonly jobs: number;
  /** Runs of each set in each simulator. */
  readonly runs: number;
}

/** What is run if nothing is said. */
export const SIMSO_EFFORT: SimsoEffort = { sets: 4, jobs: 10_000, runs: 3 };

/** Fewer times what SimSo takes is a failure. */
const LEAST_RATIO = 20;

/** Tasks begin so far apart at most, and their times are multiples of it. */
const GRID = 32;

/** A random set as a file; a few are more than the CPUs can do. */
export function drawFile(
  { scheduler, cpus }: Comparison,
  options: { seed: number; jobs: number },
): string {
  const { seed, jobs } = options;
  const apart = cpus > 1 || seed % 2 === 1;
  const unit = apart ? GRID : 1;
  const tasks = randomTasks(seed, {
    tasks: 4 * cpus + 2 + seed % 10,
    utilization: cpus * (0.7 + seed % 6 * 0.06),
    ...{ hyperperiod: 5040, shortest: 8, longest: 504 },
    deadlines: apart ? "constrained" : "implicit",
  }).map(({ time, period, deadline = period }, priority) => ({
    ...{ time: time * unit, period: period * unit, deadline: deadline * unit, priority },
  }));
  const rate = tasks.reduce((sum, { period }) => sum + 1 / period, 0);
  return simsoFile(tasks, {
    scheduler: `simso.schedulers.${scheduler}`,
    cpus,
    duration: Math.ceil(jobs / rate),
    offsets: tasks.map((_, index) => apart ? index % GRID : 0),
  });
}

/** Installs SimSo beside the other harnesses, unless it is there; pip checks the hashes. */
async function install(python: string, folder: string): Promise<string> {
  const target = `${folder}/python-simso-0.8.5`;
  try {
    await Deno.stat(`${target}/simso`);
    return target;
  } catch {
    // not yet installed
  }
  const requirements = `${folder}/requirements-simso.txt`;
  await Deno.writeTextFile(requirements, REQUIREMENTS);
  await output(python, [
    ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"],
    ...["--require-hashes", "--target", target, "-r", requirements],
  ]);
  return target;
}

/**
 * Runs both simulators on the same sets, and returns a table of what they took.
 *
 * @param options `folder` is where files go; `python` a Python 3; `at` hears what is being done
 * @throws {Error} if a schedule differs, naming the file and the instant, or if ours is not
 *   {@linkcode LEAST_RATIO} times as fast
 */
export async function compareSimso(
  options: {
    folder: string;
    python: string;
    at: (what: string) => void;
    effort?: SimsoEffort;
  },
): Promise<string> {
  const { python, at, effort = SIMSO_EFFORT } = options;
  const folder = `${options.folder}/simso`;
  await Deno.mkdir(folder, { recursive: true });
  at("installing SimSo");
  const packages = await install(python, options.folder);
  const rows = [["scheduling", "CPUs", "sets", "events", "ours s", "SimSo s", "SimSo/ours"]];
  for (const comparison of COMPARISONS) {
    const { name, policy, cpus } = comparison;
    const files: string[] = [];
    for (let seed = 0; seed < effort.sets; seed++) {
      const file = `${folder}/${comparison.scheduler}-${cpus}-${seed}.xml`;
      await Deno.writeTextFile(file, drawFile(comparison, { seed, jobs: effort.jobs }));
      files.push(file);
    }
    const runs = `${effort.runs}`;
    at(`simulating ${name} in SimSo`);
    const theirs = JSON.parse(
      await output(python, ["-W", "ignore", `${HERE}simso_run.py`, runs, ...files], {
        PYTHONPATH: packages,
      }),
    ) as number[][];
    at(`simulating ${name}`);
    const script = ["run", "-A", "--no-check", `${HERE}our_run.ts`];
    const ours = JSON.parse(
      await output(Deno.execPath(), [...script, policy, runs, ...files]),
    ) as number[][];
    let events = 0;
    for (const file of files) {
      const [a, b] = [`${file}.ours`, `${file}.simso`].map((path) => Deno.readTextFileSync(path));
      const found = difference(a!, b!, cpus === 1);
      if (found !== null) throw new Error(`Schedules differ: ${name}, ${file}, ${found}`);
      events += countEvents(a!);
    }
    const [our = NaN, their = NaN] = [ours, theirs].map((seconds) =>
      seconds.reduce((sum, each) => sum + median(each), 0)
    );
    if (!(their / our >= LEAST_RATIO)) {
      throw new Error(`${name} takes ${our} s, SimSo ${their} s: expected ${LEAST_RATIO} times`);
    }
    const cells = [our.toFixed(3), their.toFixed(2), (their / our).toFixed(0)];
    rows.push([name, `${cpus}`, `${files.length}`, `${events}`, ...cells]);
  }
  const versions = await output(python, ["--version"]);
  const table = rows.map((row) =>
    row.map((cell, at) => cell.padStart(at === 0 ? 22 : 11)).join(" ")
  );
  return `${table.join("\n")}\nSimSo 0.8.5, ${versions}, Deno ${Deno.version.deno}, ` +
    `medians of ${effort.runs} runs of each set, with the same events\n`;
}
