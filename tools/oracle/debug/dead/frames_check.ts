/**
 * The stack frames of every thread of dead programs' cores, beside gdb's: program counters, kinds,
 * names, files and lines, inlined functions included; and beside `eu-stack`'s program counters.
 *
 * Where gdb and this library differ by rule it is counted, and checked that the rule is why:
 *
 * - *statements*: of several rows of the line table at one address gdb takes the last that begins a
 *   statement, we and `llvm-symbolizer` the last. The line we give must be `llvm-symbolizer`'s.
 * - *aliases*: of several symbols at one address each tool has its own choice. The name gdb gives
 *   must be of a symbol where ours is.
 * - *stubs*: gdb makes names for stubs of procedure linkage tables, which have no symbols.
 *
 * @module
 */
import { openCore } from "../../../../debug/core/mod.ts";
import { DebugFiles } from "../../../../debug/files/mod.ts";
import { FrameReader, type StackFrame } from "../../../../debug/frames/mod.ts";
import { type CheckResult, Differences, outputOf } from "../../tool.ts";
import type { ProgramCore } from "./core_of.ts";
import { type GdbFrame, type GdbThreads, readFrames } from "./gdb_frames.ts";

/** A core with what tools must be told. */
export interface CheckedCore extends ProgramCore {
  /** What it is of. */
  readonly name: string;
  /** Folder of the system it is of. */
  readonly sysroot?: string | undefined;
  /** Where gdb does not find out where the program is loaded. */
  readonly moved?: boolean | undefined;
}

/** Most frames of a thread. */
const LIMIT = 20_000;

type Add = (text: string) => void;

/** Counts of one comparison. */
interface Counts {
  threads: number;
  frames: number;
  inline: number;
  tail: number;
  elfutils: number;
  statements: number;
  aliases: number;
  stubs: number;
}

/** Compares cores; undefined if gdb is not installed or there are none. */
export function checkFrames(
  name: string,
  { cores, directory }: { readonly cores: readonly CheckedCore[]; readonly directory: string },
): CheckResult | undefined {
  const theirs = cores.length === 0 ? undefined : readFrames(cores, directory);
  if (theirs === undefined) return undefined;
  const differences = new Differences();
  const count: Counts = {
    threads: 0,
    frames: 0,
    inline: 0,
    tail: 0,
    elfutils: 0,
    statements: 0,
    aliases: 0,
    stubs: 0,
  };
  cores.forEach((core, i) => {
    const add = (text: string) => differences.add(`${core.name}: ${text}`);
    const other = theirs[i] ?? { error: "gdb has not read it" };
    if ("error" in other) return add(other.error);
    new CoreCheck(core, { count, add }).compare(other.threads);
  });
  const { threads, frames, inline, tail, elfutils, statements, aliases, stubs } = count;
  return {
    name,
    figures: `${cores.length} cores, ${threads} threads, ${frames} frames, of them ${inline} ` +
      `inlined and ${tail} of tail calls; ${elfutils} also of elfutils; by rule ${statements} ` +
      `statements, ${aliases} aliases, ${stubs} stubs`,
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
    const elfutils = elfutilsFrames(this.#core);
    for (const thread of threads) {
      const walk = reader.frames(thread, { limit: LIMIT });
      const frames = [...walk];
      const { error } = walk;
      const add = (text: string) => this.#add(`thread ${thread.id}: ${text}`);
      if (error !== undefined) add(error.message);
      const other = known.find(({ id }) => id === thread.id)?.frames ?? [];
      this.#count.threads++;
      this.#compareFrames(frames, other, add);
      this.#compareElfutils(frames, elfutils.get(thread.id), add);
    }
  }

  #compareFrames(frames: readonly StackFrame[], theirs: readonly GdbFrame[], add: Add): void {
    const count = this.#count;
    for (let i = 0; i < Math.max(frames.length, theirs.length); i++) {
      const [own, other] = [frames[i], theirs[i]];
      if (own === undefined || other === undefined || !this.#isSame(own, other)) {
        return add(`frame ${i} ${shown(own)}, gdb has ${shownTheirs(other)}`);
      }
      count.frames++;
      if (own.kind === "inline") count.inline++;
      if (own.kind === "tail-call") count.tail++;
    }
  }

  #isSame(own: StackFrame, other: GdbFrame): boolean {
    return `${own.pc}` === other.pc && own.kind === other.kind && this.#isNamed(own, other) &&
      this.#isPlaced(own, other);
  }

  #isNamed(own: StackFrame, { name, linkage }: GdbFrame): boolean {
    if ((own.name ?? null) === name) return true;
    const { module, lookup } = own;
    // Of names without debug information it believes that they may be Ada's.
    if (linkage === null && own.name?.replace(/\.\d+$/, "") === name) return true;
    // Of names without debug information it believes that they may be Ada's.
    if (linkage === null && own.name?.replace(/\.\d+$/, "") === name) return true;
    if (own.name === undefined && name?.endsWith("@plt") === true) {
      this.#count.stubs++;
      return true;
    }
    const file = module?.file;
    const symbol = file?.symbolNamed(name ?? "");
    const found = module === undefined
      ? undefined
      : file?.symbolAt(BigInt.asUintN(64, lookup - BigInt(module.bias)));
    const isAlias = linkage === null && symbol !== undefined &&
      symbol.value === found?.symbol.value;
    if (isAlias) this.#count.aliases++;
    return isAlias;
  }

  #isPlaced(own: StackFrame, { file, line }: GdbFrame): boolean {
    const { path, line: found = 0 } = own.source ?? {};
    if (found === line) return line === 0 || same(path, file);
    const { module, lookup } = own;
    if (module?.file === undefined) return false;
    const at = `0x${(lookup - BigInt(module.bias)).toString(16)}`;
    const text = outputOf("llvm-symbolizer", [`--obj=${module.file.name}`, "--no-inlines", at]);
    const judged = Number(/:(\d+):\d+\n/.exec(text ?? "")?.[1] ?? 0);
    const isRule = judged === found;
    if (isRule) this.#count.statements++;
    return isRule;
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

/** Program counters of every thread by `eu-stack`. */
function elfutilsFrames({ core, program, sysroot }: CheckedCore): Map<number, bigint[]> {
  const found = new Map<number, bigint[]>();
  // It does not find the files of another system.
  if (sysroot !== undefined) return found;
  const text = outputOf("eu-stack", [`--core=${core}`, "-e", program, "-q", "-r", "-n", "0"]) ?? "";
  const parts = text.split(/^TID (\d+):$/m).slice(1);
  for (let i = 0; i < parts.length; i += 2) {
    const frames = [...(parts[i + 1] ?? "").matchAll(/^#\d+ +(0x[0-9a-f]+)/gm)];
    found.set(Number(parts[i]), frames.map((match) => BigInt(match[1]!)));
  }
  return found;
}

/** Whether paths are of one file, but for `.` and `..` in them. */
function same(own: string | undefined, theirs: string | null): boolean {
  const plain = (path: string) => new URL(path, "file:///relative/").pathname;
  return own !== undefined && theirs !== null && plain(own) === plain(theirs);
}

function shown(frame: StackFrame | undefined): string {
  if (frame === undefined) return "nothing";
  const { pc, kind, name, source } = frame;
  return `0x${pc.toString(16)} ${kind} ${name} ${source?.path}:${source?.line}`;
}

function shownTheirs(frame: GdbFrame | undefined): string {
  if (frame === undefined) return "nothing";
  const { pc, kind, name, file, line } = frame;
  return `0x${BigInt(pc).toString(16)} ${kind} ${name} ${file}:${line}`;
}
