/**
 * The sweep over random programs, seeds and instants: from each snapshot a machine goes on to the
 * next as the run did that it was taken of.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import { Random } from "../../util/random.ts";
import { decodeSnapshot, encodeSnapshot, type Snapshot } from "../snapshot/mod.ts";
import {
  type CutRun,
  cutRun,
  findDifference,
  findDirtyFrame,
  hashPiece,
  type Moment,
  momentsOf,
  randomMachine,
  Recording,
} from "./truth.ts";

/** Instants of one run. */
const CUTS = 24;

/** How a machine comes to be where a snapshot was taken. */
type Way = "same machine" | "new machine" | "file" | "TLB kept" | "to the end" | "step by step";

const WAYS: readonly Way[] = [
  "same machine",
  "new machine",
  "same machine",
  "file",
  "same machine",
  "TLB kept",
  "step by step",
  "to the end",
];

/** How much of a sweep to do. */
export interface SweepOptions {
  /** Architecture. */
  readonly arch: ArchName;
  /** Seed of programs and instants. */
  readonly seed: number;
  /** Instants, at least; a run more or less. */
  readonly instants: number;
  /** Every how many of them another process goes on from a file, too. */
  readonly elsewhere: number;
  /** Called as it goes on. */
  readonly onProgress?: (done: number) => void;
}

/** What a sweep has seen. */
export interface SweepReport {
  /** Instants gone on from. */
  readonly instants: number;
  /** Of those, by another process too. */
  readonly elsewhere: number;
  /** In the middle of what the machines were. */
  readonly moments: ReadonlySet<Moment>;
  /** What was not as it should be, one line each. */
  readonly faults: readonly string[];
}

/** One piece of a run, for another process. */
interface Portable {
  readonly name: string;
  readonly snapshot: Snapshot;
  readonly instant: number;
  readonly expected: string;
}

/** Sweeps. */
export async function sweep(options: SweepOptions): Promise<SweepReport> {
  const { arch, seed, instants, elsewhere, onProgress } = options;
  const random = new Random(seed);
  const faults: string[] = [];
  const moments = new Set<Moment>();
  const portable: Portable[] = [];
  let done = 0;
  while (done < instants) {
    const run = cutRun(randomMachine(arch, random), { random, count: CUTS });
    using recording = new Recording(run.options);
    // Back and forth, so that what is restored is never what has just been.
    const order = run.events.map((_, i) => ({ i, key: random.next() }))
      .sort((a, b) => a.key - b.key);
    for (const { i } of order) {
      const way = WAYS[done % WAYS.length] as Way;
      const name = `${arch}, seed ${seed}, instant ${run.instants[i]} of ${
        run.options.modules.map(({ commandLine }) => commandLine).join(" + ")
      }, ${way}`;
      const fault = goOn(run, { i, way, recording, moments });
      if (fault !== null) faults.push(`${name}: ${fault}`);
      if (done % elsewhere === 0) {
        const { snapshot, instant, expected } = pieceOf(run, i);
        portable.push({ name, snapshot, instant, expected });
      }
      done++;
    }
    onProgress?.(done);
  }
  faults.push(...await goOnElsewhere(portable));
  return { instants: done, elsewhere: portable.length, moments, faults };
}

function pieceOf(run: CutRun, i: number): Omit<Portable, "name"> {
  const end = run.snapshots[i + 1] as Snapshot;
  return {
    snapshot: run.snapshots[i] as Snapshot,
    instant: run.instants[i + 1] as number,
    expected: hashPiece(run.events[i] ?? "", end),
  };
}

/** Goes on from one snapshot to the next; returns what was not as it should be, or `null`. */
function goOn(
  run: CutRun,
  how: { i: number; way: Way; recording: Recording; moments: Set<Moment> },
): string | null {
  const { i, way, recording, moments } = how;
  const snapshot = run.snapshots[i] as Snapshot;
  const next = run.snapshots[i + 1] as Snapshot;
  switch (way) {
    case "same machine":
    case "step by step":
    case "to the end":
      recording.machine.restore(snapshot);
      break;
    case "TLB kept":
      // Coming from the instant before, the TLB holds what it held when the snapshot was taken.
      recording.machine.restore(run.snapshots[Math.max(0, i - 1)] as Snapshot);
      recording.runTo(run.instants[i] as number);
      recording.machine.restore(snapshot, { keepTlb: true });
      break;
    case "new machine":
    case "file": {
      using other = new Recording(
        way === "file" ? decodeSnapshot(encodeSnapshot(snapshot)) : snapshot,
      );
      return judge(other, { run, i, next });
    }
  }
  for (const moment of momentsOf(recording.machine)) moments.add(moment);
  if (way === "to the end") {
    const events = recording.runTo(run.instants.at(-1) as number);
    if (events !== run.events.slice(i).join("")) return "other events to the end";
    return findDifference(recording.machine.snapshot(), run.snapshots.at(-1) as Snapshot);
  }
  if (way === "step by step") {
    let events = "";
    for (
      let n = 0;
      n < 40 && recording.machine.cpu.instructions + 1 < (run.instants[i + 1] ?? 0);
      n++
    ) {
      events += recording.runTo(recording.machine.cpu.instructions + 1);
    }
    events += recording.runTo(run.instants[i + 1] as number);
    return events === run.events[i]
      ? findDifference(recording.machine.snapshot(), next)
      : "other events";
  }
  return judge(recording, { run, i, next });
}

function judge(
  recording: Recording,
  { run, i, next }: { run: CutRun; i: number; next: Snapshot },
): string | null {
  if (recording.runTo(run.instants[i + 1] as number) !== run.events[i]) return "other events";
  const { machine } = recording;
  const difference = findDifference(machine.snapshot(), next);
  if (difference !== null) return `another ${difference}`;
  const dirty = findDirtyFrame(machine);
  return dirty === null ? null : `page frame ${dirty} is free and not zero`;
}

/** Has another process go on from files. */
async function goOnElsewhere(pieces: readonly Portable[]): Promise<string[]> {
  if (pieces.length === 0) return [];
  const folder = await Deno.makeTempDir();
  try {
    for (const [i, { snapshot, instant }] of pieces.entries()) {
      await Deno.writeFile(`${folder}/${i}.snapshot`, encodeSnapshot(snapshot));
      await Deno.writeTextFile(`${folder}/${i}.instant`, `${instant}`);
    }
    const child = new URL("./truth_child.ts", import.meta.url).href;
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", child, folder],
    }).output();
    if (!success) return [new TextDecoder().decode(stderr)];
    const found = JSON.parse(new TextDecoder().decode(stdout)) as string[];
    return pieces.flatMap(({ name, expected }, i) =>
      found[i] === expected ? [] : [`${name}, in another process: other events or another state`]
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
