/**
 * Stack frames beside gdb's: program counters, kinds, names, files and lines, inlined functions
 * included.
 *
 * Where gdb and this library differ by rule it is counted, and checked that the rule is why:
 *
 * - *aliases*: of several symbols at one address each tool has its own choice. The name gdb gives
 *   must be of a symbol where ours is.
 * - *parameters*: off some names of C++ gdb cannot take the parameters. It must be the whole name.
 *
 * @module
 */
import { demangle } from "../../../../debug/demangle/mod.ts";
import type { StackFrame } from "../../../../debug/frames/mod.ts";
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
  /** Names that are of another symbol at the same address. */
  aliases: number;
  /** Names that have their parameters in gdb. */
  parameters: number;
}

/** Nothing compared yet. */
export function noFrames(): FrameCounts {
  return { frames: 0, inline: 0, tail: 0, aliases: 0, parameters: 0 };
}

/** What was counted, as text. */
export function countsText(count: FrameCounts): string {
  const { frames, inline, tail, aliases, parameters } = count;
  return `${frames} frames, of them ${inline} inlined and ${tail} of tail calls; by rule ` +
    `${aliases} aliases, ${parameters} parameters`;
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
    if (linkage !== null && demangle(linkage, { returnType: false }) === name) {
      this.#count.parameters++;
      return name?.startsWith(`${own.name}(`) === true;
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
    return found === line && (line === 0 || same(path, file));
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
