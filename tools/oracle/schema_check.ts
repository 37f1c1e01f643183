/**
 * Holds the JSON schema of workloads and their reader together, by an independent validator
 * (Python's jsonschema): what the schema refuses the reader refuses, and what the reader refuses
 * the schema does, unless no schema could.
 *
 * @module
 */
import { readWorkload, SchedError } from "../../sched/mod.ts";
import { changedFile } from "../../sched/testing/changed_file.ts";
import { BAD_FILES, GOOD_FILES } from "../../sched/testing/workload_files.ts";
import { Random } from "../../util/random.ts";
import { type CheckResult, Differences, outputOf } from "./tool.ts";

const SCHEMA = new URL("../../sched/workload.schema.json", import.meta.url);
const SCRIPT = new URL("schema_check.py", import.meta.url).pathname;

/** Number of files made by changing right ones. */
const CHANGED = 4_000;

/** Whether no schema can tell what is wrong: names, pairs, and numbers that depend on others. */
function beyondSchema({ path = "", expected = "" }: SchedError): boolean {
  const words = /no other|the name of|locked|unlock|takes time|as no step starts|arrival "started"/;
  return words.test(expected) ||
    /at most the period|ceiling is|no start in|ascending|at most 16|as jobs are/.test(expected) ||
    /\.(jitter|most)$|\.times\[\d+\]$/.test(path);
}

function refusal(file: unknown): SchedError | null {
  try {
    readWorkload(file);
    return null;
  } catch (error) {
    if (error instanceof SchedError) return error;
    throw error;
  }
}

/** Compares; undefined if the validator is not installed. */
export function checkSchema(directory: string): CheckResult | undefined {
  const random = new Random(1);
  const made = Array.from({ length: CHANGED }, () => changedFile(random, GOOD_FILES));
  const files = [...GOOD_FILES, ...BAD_FILES.map(({ file }) => file), ...made];
  const request = `${directory}/schema.json`;
  const schema = JSON.parse(Deno.readTextFileSync(SCHEMA));
  Deno.writeTextFileSync(request, JSON.stringify({ schema, files }));
  const output = outputOf("python3", [SCRIPT, request]);
  if (output === undefined) return undefined;
  const valid: boolean[] = JSON.parse(output);
  const differences = new Differences();
  let refused = 0;
  files.forEach((file, index) => {
    const error = refusal(file);
    if (error !== null) refused++;
    const bad = BAD_FILES[index - GOOD_FILES.length];
    const beyond = error !== null && (bad?.beyondSchema ?? beyondSchema(error));
    if (valid[index] === (error === null)) {
      if (bad === undefined || bad.beyondSchema !== true) return;
      differences.add(`the schema can tell ${JSON.stringify(file)}`);
    } else if (!(valid[index] && beyond)) {
      const says = error === null ? "reads" : `refuses (${error.message})`;
      differences.add(`the reader ${says} ${JSON.stringify(file)}`);
    }
  });
  return {
    name: "sched/workload.schema.json",
    figures: `${files.length} files, ${refused} refused, ${valid.filter((each) => !each).length} ` +
      "by the schema too",
    differences: differences.texts,
  };
}
