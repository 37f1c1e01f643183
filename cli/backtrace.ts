/**
 * `trapline backtrace`: the stacks of a program's threads, of a core file or behind a wire.
 *
 * @module
 */

import { backtraceReport, threadJson, type ThreadReport, threadText } from "../debug/report/mod.ts";
import { signalText, type Target, type TargetProcess } from "../debug/target/mod.ts";
import { readOptions, wholeNumber } from "./options.ts";
import { writeText } from "./output.ts";
import { openTarget, readerOf } from "./target.ts";
import { UsageError } from "./usage_error.ts";

const DEFAULTS = {
  core: "",
  remote: "",
  pid: "",
  exe: "",
  sysroot: "",
  limit: "4096",
  "all-threads": false,
  variables: false,
  json: false,
} as const;

/** Most files and problems that are told of one by one. */
const TOLD = 20;

type Values = ReturnType<typeof readOptions<typeof DEFAULTS>>["values"];

/** A process with the stacks that were asked for. */
interface ProcessStacks {
  readonly process: TargetProcess;
  readonly threads: readonly ThreadReport[];
  readonly problems: readonly Error[];
}

/** Runs the command; returns the status to end with: 1 if anything is damaged, or a stack cut. */
export async function backtrace(args: readonly string[]): Promise<number> {
  const { values, rest: [extra] } = readOptions("backtrace", args, DEFAULTS);
  if (extra !== undefined) {
    throw new UsageError(`Cannot use ${extra}: expected --core CORE or --remote HOST:PORT`);
  }
  const limit = wholeNumber("limit", values.limit, 1);
  using target = await open(values);
  const stacks: ProcessStacks[] = [];
  for (const process of target.processes) {
    stacks.push(await stacksOf(process, { target, values, limit }));
  }
  const text = values.json
    ? `${JSON.stringify(asJson(target, stacks), undefined, 2)}\n`
    : stacks.map(asText).join("\n");
  writeText(text);
  const problems = [...target.problems, ...stacks.flatMap((each) => each.problems)];
  tell(
    stacks.flatMap(({ process: { missing } }) =>
      missing.map(({ name, reason }) => `Without ${name}: ${reason}`)
    ),
  );
  tell(problems.map(({ message }) => message));
  const isBroken = stacks.some(({ process, threads }) =>
    threads.some((thread) => thread.error !== undefined || isCut(process, thread))
  );
  return isBroken || target.problems.length > 0 ? 1 : 0;
}

/**
 * Whether a stack goes on where nobody knows how, for lack of a file. Elsewhere code without a table
 * and without a frame pointer is where a stack ends, as `_start` is in many programs.
 */
function isCut({ missing }: TargetProcess, { end, frames }: ThreadReport): boolean {
  if (end !== "no-rule") return false;
  const module = frames.at(-1)?.module;
  return missing.some(({ name }) => module === undefined || name === module);
}

/** What the options name. */
async function open(values: Values): Promise<Target> {
  const { core, remote, pid } = values;
  if (pid !== "") {
    throw new UsageError(
      `Cannot stop process ${pid}: write a core of it with "gcore ${pid}", then use --core ` +
        `core.${pid}`,
    );
  }
  if ((core === "") === (remote === "")) {
    const what = core === "" ? "nothing" : "both --core and --remote";
    throw new UsageError(`Cannot read ${what}: expected --core CORE or --remote HOST:PORT`);
  }
  return await openTarget(values);
}

async function stacksOf(
  process: TargetProcess,
  { target, values, limit }: {
    readonly target: Target;
    readonly values: Values;
    readonly limit: number;
  },
): Promise<ProcessStacks> {
  const { variables, json } = values;
  const reader = readerOf(process, values);
  await reader.prepare();
  const asked = values["all-threads"] ? process.threads : process.threads.slice(0, 1);
  const threads = await target.settle(() =>
    backtraceReport(reader, asked, {
      limit,
      variables: variables ? "all" : "parameters",
      data: json,
    })
  );
  return { process, threads, problems: reader.problems };
}

function asText({ process: { id, name, signal }, threads }: ProcessStacks): string {
  const why = signal === undefined ? "" : `, ${signalText(signal)}`;
  return `Process ${id} ${name}${why}\n\n${threads.map(threadText).join("\n")}`;
}

function asJson(target: Target, stacks: readonly ProcessStacks[]) {
  const { kind, name, machine, problems } = target;
  return {
    target: { kind, name, machine },
    processes: stacks.map(({ process, threads, problems }) => {
      const { id, name, signal, missing } = process;
      const address = signal?.address;
      return {
        id,
        name,
        signal: signal === undefined ? undefined : {
          ...signal,
          address: address === undefined ? undefined : `0x${address.toString(16)}`,
          text: signalText(signal),
        },
        threads: threads.map(threadJson),
        missing,
        problems: problems.map(({ message }) => message),
      };
    }),
    problems: problems.map(({ message }) => message),
  };
}

function tell(lines: readonly string[]): void {
  for (const line of lines.slice(0, TOLD)) console.error(`trapline: ${line}`);
  if (lines.length > TOLD) console.error(`trapline: and ${lines.length - TOLD} more`);
}
