/**
 * Workloads that the command is given: JSON, or files of SimSo.
 *
 * @module
 */
import {
  readWorkload,
  type SimulationOptions,
  type TimeUnit,
  type Workload,
} from "../../sched/mod.ts";
import type { MutexProtocol } from "../../sched/locks/mod.ts";
import { readInput, readStandardInput } from "../input.ts";

/** A workload, and what its file says of the machine. */
export interface WorkloadFile {
  /** The threads. */
  readonly workload: Workload;
  /** Options of the simulation that the file has. */
  readonly simulation: SimulationOptions;
  /** The unit that its times are meant in, if it says so. */
  readonly unit: TimeUnit | undefined;
  /** The policy that a file of SimSo asks for, if there is one like it. */
  readonly policy: string | undefined;
}

/** Most bytes of a workload. */
const SIZE_LIMIT = 2 ** 28;

/** What SimSo's schedulers are called here, on one CPU and on several. */
const SIMSO_POLICIES: Readonly<Record<string, string>> = {
  "simso.schedulers.EDF": "edf",
  "simso.schedulers.EDF_mono": "edf",
  "simso.schedulers.FP": "priority",
  "simso.schedulers.RM": "rm",
  "simso.schedulers.RM_mono": "rm",
};

/**
 * Reads a workload from a file, or from standard input if its name is `-`.
 * @param protocol the protocol of all its mutexes, in place of what the file says
 * @throws {InputFileError} if it cannot be read
 * @throws {SchedError} `invalid-workload`, saying where and what was expected
 */
export async function readWorkloadFile(
  file: string,
  protocol: MutexProtocol | undefined,
): Promise<WorkloadFile> {
  const bytes = file === "-" ? readStandardInput(SIZE_LIMIT) : readInput(file, SIZE_LIMIT);
  const text = new TextDecoder().decode(bytes);
  if (!/^\s*</.test(text)) {
    const { workload, simulation, unit } = readWorkload(text);
    const given = protocol === undefined ? workload : withProtocol(workload, protocol);
    return { workload: given, simulation, unit: unit ?? undefined, policy: undefined };
  }
  const { readSimso } = await import("../../simso/mod.ts");
  const { workload, simulation, unit, scheduler } = readSimso(text);
  return { workload, simulation, unit, policy: SIMSO_POLICIES[scheduler] };
}

/** A workload whose mutexes follow another protocol; a ceiling is found from who locks them. */
function withProtocol(workload: Workload, protocol: MutexProtocol): Workload {
  const { mutexes = [] } = workload;
  return { ...workload, mutexes: mutexes.map(({ name }) => ({ name, protocol })) };
}
