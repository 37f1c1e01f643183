/**
 * `trapline sched`: a workload under one policy or several, side by side.
 *
 * @module
 */
import {
  createSpecifiedPolicy,
  type GanttPanel,
  ganttSvg,
  ganttText,
  parsePolicySpecs,
  policyNames,
  type PolicyOptions,
  type PolicySpec,
  SchedError,
  type SimulationOptions,
  type TimeUnit,
} from "../sched/mod.ts";
import { MUTEX_PROTOCOLS } from "../sched/locks/mod.ts";
import { Progress } from "../util/progress.ts";
import { choose, named, readOptions, wholeNumber } from "./options.ts";
import { Output } from "./output.ts";
import { defaultEnd } from "./sched/default_end.ts";
import { type PolicyRun, runPolicy } from "./sched/policy_run.ts";
import { reportJson } from "./sched/report_json.ts";
import { captionOf, reportText } from "./sched/report_text.ts";
import { readWorkloadFile, type WorkloadFile } from "./sched/workload_file.ts";
import { UsageError } from "./usage_error.ts";

const DEFAULTS = {
  policy: "",
  cpus: "",
  quantum: "",
  until: "",
  seed: "",
  "tick-interval": "",
  "switch-cost": "",
  "migration-cost": "",
  timeout: "",
  threads: false,
  json: false,
  events: false,
  gantt: false,
  svg: "",
  protocol: "",
  rows: "thread",
  from: "0",
  width: "",
} as const;

type Values = ReturnType<typeof readOptions<typeof DEFAULTS>>["values"];

const ROWS = named(["thread", "cpu"]);
const PROTOCOLS = named(MUTEX_PROTOCOLS);

/** Longest lines where nobody says how long they may be. */
const DEFAULT_WIDTH = 100;

/** Least `--width`. */
const LEAST_WIDTH = 40;

/** Where a report goes. */
export interface Printer {
  /** Whether nobody takes it any more. */
  readonly failed: boolean;
  /** Takes text. */
  write(text: string): void;
}

/** Runs the command; returns the status to end with: 1 if a simulation ended before its time. */
export async function sched(args: readonly string[]): Promise<number> {
  const output = new Output();
  const status = await report(args, output);
  output.flush();
  return status;
}

/** Runs the command for somebody who prints; returns the status. */
export async function report(args: readonly string[], output: Printer): Promise<number> {
  const { values, rest: [file, ...more] } = readOptions("sched", args, DEFAULTS);
  if (file === undefined) throw new UsageError("Cannot simulate nothing: expected a workload");
  if (more[0] !== undefined) throw new UsageError(`Cannot use ${more[0]}: expected one workload`);
  const [one, another] = ["json", "events", "gantt"].filter((name) => values[name as "json"]);
  if (another !== undefined) throw new UsageError(`Cannot use --${one} with --${another}`);
  const rows = choose("rows", values.rows, ROWS);
  const protocol = values.protocol === ""
    ? undefined
    : choose("protocol", values.protocol, PROTOCOLS);
  const width = values.width === ""
    ? terminalWidth()
    : wholeNumber("width", values.width, LEAST_WIDTH);
  const given = values.policy === "" ? undefined : policies(values.policy);
  const input = await readWorkloadFile(file, protocol);
  const specs = given ?? policies(input.policy ?? "");
  const simulation = simulationOf(input, values);
  const from = timeOption("from", values.from, input.unit);
  const offered = offeredOptions(values, input.unit, simulation);
  for (const spec of specs) asUsage(() => createSpecifiedPolicy(spec, offered));
  const runs: PolicyRun[] = [];
  {
    using progress = new Progress();
    for (const spec of specs) {
      const request = {
        ...{ workload: input.workload, simulation, offered },
        chart: values.gantt || values.svg !== "" ? { rows, from } : undefined,
        onEvent: values.events
          ? (event: object) => output.write(`${JSON.stringify({ policy: spec.text, ...event })}\n`)
          : undefined,
        isUnwanted: values.events ? () => output.failed : undefined,
      };
      runs.push(asUsage(() => runPolicy(spec, request, progress)));
      if (output.failed) break;
    }
  }
  const shown = { file, input, simulation, width, threads: values.threads };
  if (values.json) output.write(reportJson(runs, shown));
  else if (!values.events) {
    output.write(reportText(runs, shown));
    if (values.gantt) output.write(gantts(runs, width, input.unit));
  }
  // What has been found is told even if the drawing cannot be written.
  if (values.svg !== "") Deno.writeTextFileSync(values.svg, drawing(runs, input.unit));
  return runs.some(failed) ? 1 : 0;
}

function failed({ error, stranded, statistics: { fault } }: PolicyRun): boolean {
  return error !== undefined || stranded.length > 0 || fault !== null;
}

/** Policies that a list names, each of which there is. */
function policies(list: string): readonly PolicySpec[] {
  if (list === "") {
    throw new UsageError(`Cannot simulate without --policy: expected ${policyNames().join(", ")}`);
  }
  return asUsage(() => parsePolicySpecs(list === "all" ? policyNames().join(",") : list));
}

/** The machine: what the options say, else the file, else a default. */
function simulationOf(
  { simulation, unit, workload }: WorkloadFile,
  values: Values,
): SimulationOptions {
  const number = (option: keyof Values & string, least: number): number | undefined => {
    const text = String(values[option]);
    return text === "" ? undefined : wholeNumber(option, text, least);
  };
  const time = (option: keyof Values & string): number | undefined => {
    const text = String(values[option]);
    return text === "" ? undefined : timeOption(option, text, unit);
  };
  const asked = {
    cpus: number("cpus", 1),
    seed: number("seed", 0),
    until: time("until"),
    tickInterval: time("tick-interval"),
    switchCost: time("switch-cost"),
    migrationCost: time("migration-cost"),
    timeout: time("timeout"),
  };
  const set = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const options: SimulationOptions = { ...simulation, ...set };
  if (options.until !== undefined) return options;
  const until = defaultEnd(workload);
  return until === undefined ? options : { ...options, until };
}

/** Options for policies that have them. */
function offeredOptions(
  { quantum }: Values,
  unit: TimeUnit | undefined,
  { tickInterval }: SimulationOptions,
): PolicyOptions {
  return {
    ...(quantum === "" ? {} : { quantum: timeOption("quantum", quantum, unit) }),
    ...(tickInterval === undefined ? {} : { tickInterval }),
  };
}

/** A time: a whole number of the clock, or a number with the workload's unit behind it. */
function timeOption(option: string, text: string, unit: TimeUnit | undefined): number {
  if (unit === undefined || !text.endsWith(unit.name)) return wholeNumber(option, text);
  const number = Number(text.slice(0, -unit.name.length));
  const time = number * unit.length;
  if (/^[\d.]/.test(text) && Number.isSafeInteger(time)) return time;
  throw new UsageError(`Cannot use --${option} ${text}: expected a whole number of the clock`);
}

function terminalWidth(): number {
  // Without the question, the width would be that of another stream's terminal.
  if (!Deno.stdout.isTerminal()) return DEFAULT_WIDTH;
  return Math.max(LEAST_WIDTH, Deno.consoleSize().columns);
}

function gantts(runs: readonly PolicyRun[], width: number, unit: TimeUnit | undefined): string {
  return runs.map(({ spec, chart }) =>
    `\n${spec.text}\n${
      ganttText(chart!, { columns: width, ...(unit === undefined ? {} : { unit }) })
    }`
  ).join("");
}

function drawing(runs: readonly PolicyRun[], unit: TimeUnit | undefined): string {
  const panels = runs.map((run): GanttPanel => ({
    title: run.spec.text,
    caption: captionOf(run, unit),
    chart: run.chart!,
  }));
  return ganttSvg(panels, unit === undefined ? {} : { unit });
}

/** What is thrown for options and policies is the caller's mistake; a bad workload is not. */
function asUsage<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SchedError) || error.kind === "invalid-workload") throw error;
    throw new UsageError(error.message);
  }
}
