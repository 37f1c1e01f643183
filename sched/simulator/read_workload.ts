/**
 * Reads workloads from files. What may be in one says `sched/workload.schema.json`, as far as a
 * schema can.
 *
 * @module
 */
import { JsonSyntaxError, parseJson } from "../../util/json_text.ts";
import type { Mutable } from "../../util/mutable.ts";
import { SchedError } from "../errors.ts";
import { MAX_CPUS } from "../parameters.ts";
import { fieldsOf, integerOf, nameOf, refuse } from "./checks.ts";
import { checkWorkload, SHARED_LISTS } from "./check_workload.ts";
import { OPTION_BOUNDS, type SimulationOptions } from "./conditions.ts";
import type { TimeUnit, Workload } from "./workload.ts";

/** What a file has to say of a simulation. */
export type FileOptions = Omit<SimulationOptions, "cost" | "chargesCosts">;

/** A workload as a file has it. */
export interface WorkloadFile {
  /** The workload. */
  readonly workload: Workload;
  /** The machine it is meant for, as far as the file says. */
  readonly simulation: FileOptions;
  /** What its times are in, if the file says. */
  readonly unit: TimeUnit | null;
}

/** Fields of a file besides the workload's. */
const FILE_FIELDS = ["$schema", "description", "unit", "simulation"] as const;
const OPTIONS = Object.keys(OPTION_BOUNDS) as (keyof FileOptions)[];

/**
 * Reads a workload.
 *
 * @example A file
 * ```ts
 * import { createPolicy, readWorkload, simulate } from "@trapline/trapline/sched";
 *
 * const { workload, simulation } = readWorkload(`{
 *   "threads": [
 *     { "name": "sensor", "period": 10, "jobs": { "pattern": "periodic", "count": 3 },
 *       "steps": [{ "type": "run", "time": { "least": 1, "most": 4 } }] },
 *     { "name": "log", "steps": [{ "type": "run", "time": 12 }] }
 *   ],
 *   "simulation": { "seed": 7 }
 * }`);
 * console.log([...simulate(workload, createPolicy("rm"), simulation)]);
 * ```
 *
 * @param source JSON text, or the value of one
 * @throws {SchedError} `invalid-workload`: its `path` is the JSON path of what is wrong, or the line
 *   and column where the text is no JSON; the message has what was found and what was expected
 */
export function readWorkload(source: unknown): WorkloadFile {
  const value = typeof source === "string" ? parse(source) : source;
  const file = fieldsOf(value, {
    path: "$",
    required: ["threads"],
    optional: [...SHARED_LISTS, ...FILE_FIELDS],
  });
  for (const name of ["$schema", "description"]) {
    const text = file[name];
    if (text !== undefined && typeof text !== "string") {
      refuse(name === "$schema" ? '$["$schema"]' : "$.description", text, "text");
    }
  }
  const { $schema: _schema, description: _description, unit, simulation, ...rest } = file;
  const options = readOptions(simulation);
  const workload = checkWorkload(rest as unknown as Workload, options.cpus ?? MAX_CPUS);
  return { workload, simulation: options, unit: readUnit(unit) };
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const { line, column, found, expected } = error;
    throw new SchedError("invalid-workload", {
      message: `Cannot read the workload: line ${line}, column ${column} has ${found}, expected ` +
        expected,
      ...{ value: found, path: `line ${line}, column ${column}`, expected },
    });
  }
}

function readOptions(value: unknown): FileOptions {
  if (value === undefined) return {};
  const path = "$.simulation";
  const fields = fieldsOf(value, { path, required: [], optional: OPTIONS });
  const options: Mutable<FileOptions> = {};
  for (const name of OPTIONS) {
    if (fields[name] === undefined) continue;
    options[name] = integerOf(fields[name], { path: `${path}.${name}`, ...OPTION_BOUNDS[name] });
  }
  return options;
}

function readUnit(value: unknown): TimeUnit | null {
  if (value === undefined) return null;
  const fields = fieldsOf(value, { path: "$.unit", required: ["name"], optional: ["length"] });
  const name = nameOf(fields.name, "$.unit.name");
  const { length = 1 } = fields;
  return { name, length: integerOf(length, { path: "$.unit.length", least: 1 }) };
}
