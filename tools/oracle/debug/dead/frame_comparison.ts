/**
 * Stack frames beside gdb's: program counters, kinds, names, files and lines, inlined functions
 * included.
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
import type { StackFrame } from "../../../../debug/frames/mod.ts";
import { outputOf } from "../../tool.ts";
import type { GdbFrame } from "./gdb_frames.ts";

/** Tells a difference. */
export type Add = (text: string) => void;

/** Counts of one comparison. */
export interface FrameCounts {
  /** Frames compared. */
  frames: number;
  /** Of them those of inlined functions. */
  inline: number;
  /** Of them those of tail calls. */
  tail: number;
  /** Lines that differ by rule. */
  statements: number;
  /** Names that differ by rule. */
  aliases: number;
  /** Names that only gdb makes. */
  stubs: number;
}

/** Nothing compared yet. */
export function noFrames(): FrameCounts {
  return { frames: 0, inline: 0, tail: 0, statements: 0, aliases: 0, stubs: 0 };
}

/** What was counted, as text. */
export function countsText(count: FrameCounts): string {
  const { frames, inline, tail, statements, aliases, stubs } = count;
  return `${frames} frames, of them ${inline} inlined and ${tail} of tail calls; by rule ` +
    `${statements} statements, ${aliases} aliases, ${stubs} stubs`;
}

/** Compares frames, and counts. */
export class FrameComparison {
  readonly #count: FrameCounts;

  /** Counts into what is given. */
  constructor(count: FrameCounts) {
    this.#count = count;
  }

  /** Compares the frames of one thread. */
  compare(frames: readonly StackFrame[], theirs: readonly GdbFrame[], add: Add): void {
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
