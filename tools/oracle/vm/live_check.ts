/**
 * gdb drives a machine with the VM: at each stop, in every kind of code, its frames are ours.
 *
 * @module
 */
import { machineTarget } from "../../../debug/machine/mod.ts";
import { serveGdb } from "../../../gdb/mod.ts";
import type { GuestArch } from "../../../guest/embedded.ts";
import { History, parsePosition } from "../../../history/mod.ts";
import { machineWith } from "../../../vm/testing/followed.ts";
import { gdbArguments, gdbResults } from "../gdb/batch.ts";
import { type CheckResult, Differences, textWithin } from "../tool.ts";
import { frameDifference, stoppingProgram, type TheirFrame, vmThreads } from "./own_frames.ts";

const SCRIPT = new URL("stops.py", import.meta.url).pathname;
/** Milliseconds after which gdb is taken to hang. */
const PATIENCE = 120_000;
/** Breakpoints, and instructions after each. */
const STOPS = 2;
const STEPS = 150;

/** What the script tells of a stop. */
interface Stop {
  readonly what: string;
  readonly when: string;
  readonly thread: number;
  readonly frames: readonly TheirFrame[];
}

/** Compares; undefined if there is no gdb. */
export async function checkLive(arch: GuestArch): Promise<CheckResult | undefined> {
  using machine = await machineWith(arch, stoppingProgram(), { jitAt: 1, optimizeAt: 2 });
  using history = new History(machine);
  const text = await drive(history);
  if (text === undefined) return undefined;
  const stops = gdbResults<Stop>(text);
  const differences = new Differences(20);
  let frames = 0;
  const kinds = new Set<string>();
  for (const { what, when, thread: id, frames: theirs } of stops) {
    if (what === "done") continue;
    const instant = parsePosition(/^instant ([0-9+]+)/.exec(when ?? "")?.[1] ?? "");
    if (instant === undefined) {
      differences.add(`gdb tells of no instant: ${what} ${when}`);
      continue;
    }
    history.goTo(instant);
    using target = machineTarget(machine);
    const own = vmThreads(target);
    const thread = own.threads.find((each) => each.id === id);
    const difference = thread === undefined
      ? `there is no thread ${id}`
      : frameDifference(own.frames(thread), theirs);
    if (difference !== undefined) differences.add(`${what} at ${when.trim()}: ${difference}`);
    frames += theirs.length;
    for (const { name } of theirs) kinds.add(/@.*/.exec(name ?? "")?.[0] ?? name ?? "?");
  }
  if (stops.at(-1)?.what !== "done") differences.add(`gdb ends with ${text.slice(-2_000)}`);
  if (kinds.size < 8) differences.add(`gdb has only come by ${[...kinds].join(", ")}`);
  return {
    name: `gdb drives ${arch}`,
    figures: `${stops.length - 1} stops, ${frames} frames`,
    differences: differences.texts,
  };
}

async function drive(history: History): Promise<string | undefined> {
  await using server = serveGdb(history, { detached: "run" });
  const args = gdbArguments(SCRIPT, { PORT: server.address.port, STOPS, STEPS });
  return await textWithin("gdb-multiarch", args, { patience: PATIENCE });
}
