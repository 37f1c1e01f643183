// Stacks of the VM's threads as text, wherever they come from.
import { assertEquals } from "@std/assert";
import { FrameReader } from "../../debug/frames/mod.ts";
import { backtraceReport, threadJson, type ThreadReport } from "../../debug/report/mod.ts";
import type { Target, TargetProcess, TargetThread } from "../../debug/target/mod.ts";

/** All threads of the VM's process. */
export async function stacks(target: Target): Promise<ThreadReport[]> {
  // The kernel's process sees the code of the task that runs, too.
  const process = target.processes.find(({ modules: { modules } }) =>
    modules.some(({ name }) => name.endsWith("vm")) &&
    !modules.some(({ name }) => name.endsWith("kernel"))
  )!;
  return await reports(target, process, process.threads);
}

async function reports(
  target: Target,
  process: TargetProcess,
  threads: readonly TargetThread[],
): Promise<ThreadReport[]> {
  const reader = new FrameReader(process);
  await target.settle(() => reader.prepare());
  const found = await target.settle(() =>
    backtraceReport(reader, threads, { variables: "all", data: true })
  );
  assertEquals(reader.problems, []);
  return found;
}

/** Frames by thread, as JSON has them. */
export async function stacksText(target: Target): Promise<string> {
  const threads = (await stacks(target)).map(threadJson).sort((a, b) => a.id - b.id);
  const all = threads.map(({ id, frames, end, error }) => ({ id, frames, end, error }));
  // Over the wire a program's file is where the stub has it.
  return JSON.stringify(all).replaceAll(/"\/tasks\/\d+\//g, '"');
}

/** Frames of some threads of a process, as JSON has them. */
export async function framesOfProcess(
  target: Target,
  process: TargetProcess,
  threads: readonly TargetThread[],
): Promise<unknown[]> {
  const found = await reports(target, process, threads);
  return found.map((report) => JSON.parse(JSON.stringify(threadJson(report).frames)));
}
