/**
 * Nanoseconds per frame of a stack of 10,000 frames, each with a function that is inlined in it:
 * the walk alone, with functions and lines, as text, and with variables; beside gdb and elfutils on
 * the same core file.
 *
 * @module
 */
import { openCore } from "../debug/core/mod.ts";
import { FrameReader } from "../debug/frames/mod.ts";
import { backtraceReport, threadText, type VariableRange } from "../debug/report/mod.ts";
import { walkInput } from "../debug/target/mod.ts";
import { FrameIterator } from "../unwind/walk/mod.ts";
import { coreOf } from "./dead_program.ts";
import { run } from "./unwind_dumps.ts";
import { median } from "./unwind_walks.ts";

const SOURCE = new URL("../testdata/debug/frames/deep.c", import.meta.url).pathname;

/** Frames of the walk. */
const DEPTH = 10_000;

/** More than there are. */
const LIMIT = 2 * DEPTH;

/** Frames of the C library's start, `main`, and the function that dies. */
const OTHERS = 5;

/** One line of the table: nanoseconds per frame of the walk. */
export interface DeepFigure {
  /** What is found of each frame. */
  readonly what: string;
  /** Ours, in a process that has done it before, with nothing known of the files. */
  readonly ours: number;
  /** gdb's whole process less that for one frame, if it is installed. */
  readonly gdb: number | undefined;
  /** The same of `eu-stack`. */
  readonly elfutils: number | undefined;
}

/** Builds the program, has it die, and measures; empty if it cannot be built or has left no core. */
export function measureDeep(): DeepFigure[] {
  const directory = Deno.makeTempDirSync();
  try {
    const program = `${directory}/deep`;
    if (run("gcc", ["-g", "-O2", SOURCE, "-o", program]) === Infinity) return [];
    const core = coreOf(directory, `./deep ${DEPTH - OTHERS}`);
    return core === undefined ? [] : measure(program, core);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function measure(program: string, core: string): DeepFigure[] {
  using target = openCore(core, { exe: program });
  const { process } = target;
  const thread = process.threads[0]!;
  const options = { ...process.walk, maxFrames: LIMIT };
  const text = (variables: VariableRange) => () => {
    const reader = new FrameReader(process);
    const [report] = backtraceReport(reader, [thread], { limit: LIMIT, variables });
    return threadText(report!).length;
  };
  const gdb = (...args: string[]) => [program, core, ...args.flatMap((arg) => ["-ex", arg])];
  const settings = ["set width 0", "set height 0"];
  const peers = {
    gdb: (command: string, least: string) =>
      perFrame("gdb", ["-nx", "-batch", ...gdb(...settings, command)], [
        "-nx",
        "-batch",
        ...gdb(...settings, least),
      ]),
    elfutils: (...flags: string[]) => {
      const all = [...flags, "--core", core, "-e", program];
      return perFrame("eu-stack", ["-n", "0", ...all], ["-n", "1", ...all]);
    },
  };
  return [
    {
      what: "walk",
      ours: timed(31, () => [...new FrameIterator(walkInput(process, thread), options)].length),
      gdb: undefined,
      elfutils: peers.elfutils(),
    },
    {
      what: "functions, lines",
      ours: timed(15, () => {
        let count = 0;
        for (const { name, source } of new FrameReader(process).frames(thread, { limit: LIMIT })) {
          count += (name?.length ?? 0) + (source?.line ?? 0);
        }
        return count;
      }),
      gdb: undefined,
      elfutils: undefined,
    },
    {
      what: "the same as text",
      ours: timed(7, text("none")),
      gdb: peers.gdb("bt -frame-arguments none", "bt 1"),
      elfutils: peers.elfutils("-i", "-s"),
    },
    {
      what: "with parameters",
      ours: timed(5, text("parameters")),
      gdb: peers.gdb("bt", "bt 1"),
      elfutils: undefined,
    },
    {
      what: "with variables",
      ours: timed(5, text("all")),
      gdb: peers.gdb("bt -full", "bt 1"),
      elfutils: undefined,
    },
  ];
}

/** The middle of several rounds, after one that does not count. */
function timed(rounds: number, action: () => number): number {
  action();
  return median(rounds, () => {
    const before = performance.now();
    if (action() === 0) throw new Error("There are no frames");
    return (performance.now() - before) * 1e6 / DEPTH;
  });
}

/** The fastest of three processes each, one with all frames and one with the first. */
function perFrame(
  command: string,
  all: readonly string[],
  least: readonly string[],
): number | undefined {
  const best = (args: readonly string[]) =>
    Math.min(...Array.from({ length: 3 }, () => run(command, [...args])));
  const time = best(all) - best(least);
  return Number.isFinite(time) ? time * 1e6 / DEPTH : undefined;
}
