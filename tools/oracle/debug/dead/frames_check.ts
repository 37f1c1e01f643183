/**
 * The stack frames of every thread of dead programs' cores, beside gdb's: program counters, kinds,
 * names, files and lines, inlined functions included; and beside `eu-stack`'s program counters.
 *
 * @module
 */
import { openCore } from "../../../../debug/core/mod.ts";
import { DebugFiles } from "../../../../debug/files/mod.ts";
import { FrameReader, type StackFrame } from "../../../../debug/frames/mod.ts";
import { elfutilsStacks } from "../../elfutils.ts";
import { type CheckResult, Differences } from "../../tool.ts";
import type { ProgramCore } from "./core_of.ts";
import {
  type Add,
  countsText,
  FrameComparison,
  type FrameCounts,
  noFrames,
} from "./frame_comparison.ts";
import { type GdbThreads, readFrames } from "./gdb_frames.ts";

/** A core with what tools must be told. */
export interface CheckedCore extends ProgramCore {
  /** What it is of. */
  readonly name: string;
  /** Where gdb does not find out where the program is loaded. */
  readonly moved?: boolean | undefined;
}

/** Most frames of a thread. */
const LIMIT = 20_000;

/** Counts of one comparison. */
interface Counts extends FrameCounts {
  threads: number;
  elfutils: number;
}

/** Compares cores; undefined if gdb is not installed or there are none. */
export function checkFrames(
  name: string,
  { cores, directory }: { readonly cores: readonly CheckedCore[]; readonly directory: string },
): CheckResult | undefined {
  const theirs = cores.length === 0 ? undefined : readFrames(cores, directory);
  if (theirs === undefined) return undefined;
  const differences = new Differences();
  const count: Counts = { ...noFrames(), threads: 0, elfutils: 0 };
  cores.forEach((core, i) => {
    const add = (text: string) => differences.add(`${core.name}: ${text}`);
    const other = theirs[i] ?? { error: "gdb has not read it" };
    if ("error" in other) return add(other.error);
    new CoreCheck(core, { count, add }).compare(other.threads);
  });
  return {
    name,
    figures: `${cores.length} cores, ${count.threads} threads, ${countsText(count)}; ` +
      `${count.elfutils} frames also of elfutils`,
    differences: differences.texts,
  };
}

class CoreCheck {
  readonly #core: CheckedCore;
  readonly #count: Counts;
  readonly #add: Add;

  constructor(core: CheckedCore, { count, add }: { readonly count: Counts; readonly add: Add }) {
    this.#core = core;
    this.#count = count;
    this.#add = add;
  }

  compare(theirs: Extract<GdbThreads, { threads: unknown }>["threads"]): void {
    const { core, program, sysroot } = this.#core;
    using target = openCore(core, { exe: program, sysroot });
    for (const problem of target.problems) this.#add(problem.message);
    const reader = new FrameReader(target.process, new DebugFiles({ sysroot }));
    // gdb takes a number in another note for that of a thread.
    const known = theirs.filter(({ frames }) => frames.length > 0);
    const threads = target.process.threads.toSorted((a, b) => a.id - b.id);
    const ids = (all: readonly { readonly id: number }[]) => all.map(({ id }) => id).join();
    if (ids(threads) !== ids(known)) {
      this.#add(`threads ${ids(threads)}, gdb has ${ids(known)}`);
    }
    // It does not find the files of another system.
    const elfutils = sysroot === undefined ? elfutilsStacks(this.#core) : undefined;
    for (const thread of threads) {
      const walk = reader.frames(thread, { limit: LIMIT });
      const frames = [...walk];
      const { error } = walk;
      const add = (text: string) => this.#add(`thread ${thread.id}: ${text}`);
      if (error !== undefined) add(error.message);
      const other = known.find(({ id }) => id === thread.id)?.frames ?? [];
      this.#count.threads++;
      new FrameComparison(this.#count).compare(frames, other, add);
      this.#compareElfutils(frames, elfutils?.get(thread.id), add);
    }
  }

  /** Program counters; elfutils gives up where it has no tables, and does not know tail calls. */
  #compareElfutils(
    frames: readonly StackFrame[],
    theirs: readonly bigint[] | undefined,
    add: Add,
  ): void {
    if (theirs === undefined) return;
    const own = frames.filter(({ kind }) => kind !== "inline" && kind !== "tail-call")
      .map(({ pc }) => pc).slice(0, theirs.length);
    this.#count.elfutils += own.length;
    if (own.join() === theirs.join()) return;
    const hex = (all: readonly bigint[]) => all.map((pc) => `0x${pc.toString(16)}`).join(", ");
    add(`at ${hex(own)}, eu-stack has ${hex(theirs)}`);
  }
}
