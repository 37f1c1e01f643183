/**
 * Makes pictures of stacks.
 *
 * @module
 */
import { type MemoryReader, readWord } from "../../unwind/walk/mod.ts";
import type { FrameReader, StackFrame } from "../frames/mod.ts";
import type { TargetThread } from "../target/mod.ts";
import { type Label, Labels } from "./labels.ts";
import type { PictureAnchor, PictureFrame, PictureSlot, StackPicture } from "./picture.ts";

/** Most bytes of a frame that are shown; a larger one has no words. */
const LARGEST_FRAME = 1n << 20n;

/** Roles of values that a method has. */
const VALUES: ReadonlySet<string> = new Set(["parameter", "local", "operand", "result"]);

/**
 * The stack of a thread, word by word. Reads the process's memory and nothing else, so that it may
 * be done again where memory comes in pieces (`Target.settle`).
 *
 * @param options.limit Most frames; default 4096.
 */
export function stackPicture(
  reader: FrameReader,
  thread: TargetThread,
  options: { readonly limit?: number } = {},
): StackPicture {
  const { limit = 4096 } = options;
  // Inlined calls and those that have left the stack have no words.
  const stack = reader.frames(thread, { limit, inline: false, tailCalls: false });
  const frames = [...stack];
  const labels = new Labels(reader);
  const told = frames.map((frame) => labels.take(frame));
  const { memory } = reader.process;
  const anchors = anchorsOf(reader, thread, frames);
  const painter = new Painter({ frames, labels, memory, anchors });
  return {
    machine: thread.registers.machine,
    program: reader.process.name,
    thread: thread.id,
    state: thread.state,
    frames: frames.map((frame, i) => painter.frame(frame, told[i]!)),
    anchors,
    end: stack.end,
    error: stack.error?.message,
  };
}

/** Makes the frames of a picture. */
class Painter {
  readonly #frames: readonly StackFrame[];
  readonly #labels: Labels;
  readonly #memory: MemoryReader;
  readonly #anchors: readonly PictureAnchor[];

  constructor(stack: {
    readonly frames: readonly StackFrame[];
    readonly labels: Labels;
    readonly memory: MemoryReader;
    readonly anchors: readonly PictureAnchor[];
  }) {
    this.#frames = stack.frames;
    this.#labels = stack.labels;
    this.#memory = stack.memory;
    this.#anchors = stack.anchors;
  }

  frame(
    frame: StackFrame,
    { values, damage }: ReturnType<Labels["take"]>,
  ): PictureFrame {
    const { level, name = "??", pc, physical, code } = frame;
    const { sp } = physical.registers;
    // Where an anchor leads on, nobody knows the frame's layout, but where the next one begins.
    const end = physical.source === "anchor"
      ? this.#frames[level + 1]?.physical.registers.sp
      : physical.cfa;
    const kind = code?.kind ?? (physical.kind === "call" ? "native" : physical.kind);
    const bytecode = code?.managed?.bci;
    const { source, certainty } = physical;
    const slots = sp === undefined || end === undefined ? [] : this.#slots(level, sp, end);
    const own = { level, name, kind, pc, bytecode, sp, end };
    return { ...own, source, certainty, slots, values, damage };
  }

  #slots(level: number, sp: bigint, end: bigint): PictureSlot[] {
    if (end < sp || end - sp > LARGEST_FRAME) return [];
    const slots: PictureSlot[] = [];
    for (let address = sp + 7n & ~7n; address < end; address += 8n) {
      slots.push({ address, offset: Number(address - sp), ...this.#slot(level, address) });
    }
    return slots;
  }

  #slot(level: number, address: bigint): Omit<PictureSlot, "address" | "offset"> {
    const value = readWord(this.#memory, address);
    const labels = this.#labels.at(address);
    const own = labels.find((label) => label.level === level && label.role !== "idle") ??
      labels.find((label) => label.level === level);
    // What a frame further in tells of this word has been handed to it, unless it only keeps it.
    const handed = labels.find((label) =>
      label.level < level && (VALUES.has(label.role) || label.role === "idle")
    );
    const isHanded = handed !== undefined && (own === undefined || own.role === "idle");
    const label = isHanded ? { ...handed, role: "outgoing" as const } : own;
    const also = labels.filter((each) => each !== own && each !== (isHanded ? handed : own))
      .filter(({ role }) => VALUES.has(role))
      .map((each) => `${each.name} of #${each.level}`);
    if (label === undefined) return { value, role: "untold", name: "", text: "", also };
    const name = isHanded ? `${label.name} of #${label.level}` : label.name;
    return { value, role: label.role, name, text: this.#text(label, address, value), also };
  }

  #text({ role, text, level }: Label, address: bigint, value: bigint | undefined): string {
    if (text !== undefined) return text;
    if (value === undefined) return "<unavailable>";
    if (role === "return-address") {
      const caller = this.#frames[level + 1];
      return caller === undefined ? "" : `into #${caller.level} ${caller.name ?? "??"}`;
    }
    if (role !== "anchor") return "";
    const anchor = this.#anchors.find((each) =>
      each.address === address || each.address + 8n === address
    );
    if (anchor?.pc === 0n) return "of none";
    return anchor?.to === undefined ? "" : `leads to #${anchor.to}`;
  }
}

/** Anchors of the thread, and those that frames have saved. */
function anchorsOf(
  { process: { memory, modules } }: FrameReader,
  { threadPointer }: TargetThread,
  frames: readonly StackFrame[],
): PictureAnchor[] {
  const anchor = (address: bigint, savedBy: number | undefined): PictureAnchor[] => {
    const sp = readWord(memory, address);
    const pc = readWord(memory, address + 8n);
    if (sp === undefined || pc === undefined) return [];
    const to = pc === 0n
      ? undefined
      : frames.find((frame) => frame.pc === pc && frame.physical.registers.sp === sp)?.level;
    return [{ address, savedBy, sp, pc, to }];
  };
  const own = threadPointer === undefined || threadPointer === 0n
    ? []
    : modules.code.anchors.map((offset) => BigInt.asUintN(64, threadPointer + BigInt(offset)));
  return [
    ...own.flatMap((address) => anchor(address, undefined)),
    ...frames.flatMap(({ level, physical: { rule, cfa } }) =>
      rule.anchor === 0 || Number.isNaN(rule.anchor) || cfa === undefined
        ? []
        : anchor(cfa + BigInt(rule.anchor), level)
    ),
  ];
}
