/**
 * Core files of machines against gdb and elfutils: both must see the threads, registers, stack
 * frames and memory that the machine has, and so must our own reader.
 *
 * @module
 */
import { loadSegments, parseElf } from "../../elf/mod.ts";
import { readCore } from "../../debug/core/mod.ts";
import { walkInput } from "../../debug/target/mod.ts";
import { type Backtrace, backtrace, type Frame, type MemoryReader } from "../../unwind/walk/mod.ts";
import { elfutilsStacks } from "./elfutils.ts";
import { GDB_NAMES } from "./gdb/batch.ts";
import { type GdbCore, type GdbFrame, type GdbThread, readWithGdb } from "./gdb/cores.ts";
import { framesFrom, type MadeCore, type MadeThread } from "./made_core.ts";
import { SIGNAL } from "../../trace/signals.ts";
import { type CheckResult, Differences } from "./tool.ts";

/** Compares core files of one architecture; undefined if gdb is not installed. */
export function checkCores(
  name: string,
  { cores, directory }: { cores: readonly MadeCore[]; directory: string },
): CheckResult | undefined {
  const theirs = readWithGdb(cores.map(({ request }) => request), directory);
  if (theirs === undefined) return undefined;
  const differences = new Differences(100);
  const count = { threads: 0, frames: 0, elfutils: 0, samples: 0 };
  cores.forEach((core, i) => {
    const add = (text: string) => differences.add(`${core.name}: ${text}`);
    compareCore(core, theirs[i] ?? { error: "gdb has not read it" }, add);
    compareOurs(core, add);
    count.elfutils += compareElfutils(core, add);
    count.threads += core.threads.length;
    count.samples += core.memory.length;
    for (const { walk } of core.threads) count.frames += walk.frames.length;
  });
  return {
    name,
    figures: `${cores.length} cores, ${count.threads} threads, ${count.frames} frames ` +
      `(${count.elfutils} of elfutils), ${count.samples} ranges of memory`,
    differences: differences.texts,
  };
}

type Add = (text: string) => void;

function compareCore(core: MadeCore, theirs: GdbCore, add: Add): void {
  if ("error" in theirs) return add(theirs.error);
  const ids = (threads: readonly { readonly id: number }[]) => threads.map(({ id }) => id).join();
  if (ids(theirs.threads) !== ids(core.threads)) {
    add(`threads ${ids(core.threads)}, gdb has ${ids(theirs.threads)}`);
  }
  if (/warning/i.test(theirs.said)) add(`gdb says ${theirs.said}`);
  const { signal } = core;
  const said = /terminated with signal (SIG\w+)/.exec(theirs.said)?.[1] ?? null;
  const wanted = Object.entries(SIGNAL).find(([, number]) => number === signal)?.[0];
  if (said !== (wanted === undefined ? null : `SIG${wanted}`)) {
    add(`signal ${wanted}, gdb has ${said}`);
  }
  const info = signal === null || signal === SIGNAL.ABRT ? undefined : signal;
  if (theirs.info?.[0] !== info) add(`signal ${info} in siginfo, gdb has ${theirs.info}`);
  core.threads.forEach((thread, i) => {
    const other = theirs.threads[i];
    if (other !== undefined) {
      const { least } = core;
      compareThread(
        thread,
        { theirs: other, least },
        (text) => add(`thread ${thread.id}: ${text}`),
      );
    }
  });
  core.memory.forEach((bytes, i) => {
    if (theirs.memory[i] !== bytes) {
      const [address = ""] = core.request.memory[i] ?? [];
      add(`memory at 0x${BigInt(address).toString(16)} is ${bytes}, gdb has ${theirs.memory[i]}`);
    }
  });
}

function compareThread(
  thread: MadeThread,
  { theirs, least }: { readonly theirs: GdbThread; readonly least: bigint },
  add: Add,
): void {
  const { registers, floating, walk } = thread;
  for (const [name, value] of Object.entries({ ...registers, ...floating?.control })) {
    const other = theirs.registers[GDB_NAMES[name] ?? name];
    if (other !== `${value}`) add(`${name} is ${value}, gdb has ${other}`);
  }
  floating?.vectors.forEach((halves, i) => {
    const other = theirs.vectors[i]?.join();
    if (other !== halves.join()) add(`vector ${i} is ${halves}, gdb has ${other}`);
  });
  if (walk.error !== undefined) add(String(walk.error));
  const [inner, caller, ...others] = framesFrom(withoutGuesses(theirs.frames), least);
  const frames = inner === undefined
    ? []
    : caller === undefined
    ? [inner]
    : [inner, thread.returns ? returned(walk, { inner, caller }, add) : caller, ...others];
  // gdb has no register ELR_EL1, which the tables of AArch64's trap frames name.
  const isBlind = theirs.end.includes("DWARF register number 33");
  compareFrames(isBlind ? walk.frames.slice(0, frames.length) : walk.frames, frames, add);
}

/**
 * The caller as it is to be compared of a function that is about to return. What gdb takes it to
 * be is certain: the stack pointer is 8 further on, other registers are as they are. Where the
 * tables say otherwise, as between two stacks, only its program counter is compared with them.
 */
function returned(
  walk: Backtrace,
  { inner, caller }: { inner: GdbFrame; caller: GdbFrame },
  add: Add,
): GdbFrame {
  const isTaken = caller.sp === `${BigInt(inner.sp ?? 0) + 8n}` &&
    Object.entries(caller.kept).every(([name, value]) => value === inner.kept[name]);
  if (!isTaken) add(`gdb has the caller at ${caller.sp}, expected it 8 above ${inner.sp}`);
  const { registers } = walk.frames[1] ?? {};
  const kept = Object.keys(caller.kept).map((name) => [name, null]);
  return { ...caller, sp: `${registers?.sp}`, kept: Object.fromEntries(kept) };
}

/** gdb goes on behind a return address of 0, by guesses. */
function withoutGuesses(frames: readonly GdbFrame[]): readonly GdbFrame[] {
  const end = frames.findIndex(({ pc }, i) => i > 0 && pc === "0");
  return end < 0 ? frames : frames.slice(0, end);
}

function compareFrames(frames: readonly Frame[], theirs: readonly GdbFrame[], add: Add): void {
  if (frames.length !== theirs.length) {
    const names = theirs.map(({ name, pc }) => name ?? pc).join(", ");
    add(`${frames.map(shown).join(", ")}; gdb has ${names}`);
  }
  frames.forEach((frame, i) => {
    const other = theirs[i];
    if (other === undefined) return;
    const { pc, registers, function: found } = frame;
    const sp = registers.sp;
    if (`${pc}` !== other.pc || `${sp}` !== other.sp) {
      add(`frame ${i} ${shown(frame)} at ${sp}, gdb has ${other.pc} at ${other.sp}`);
    }
    if (found !== undefined && other.name !== null && found.name !== other.name) {
      add(`frame ${i} is of ${found.name}, gdb has ${other.name}`);
    }
    for (const [name, value] of Object.entries(other.kept)) {
      const own = registers.get(registers.numbers.names.indexOf(name));
      if (own !== undefined && value !== null && `${own}` !== value) {
        add(`${name} in frame ${i} ${shown(frame)} is ${own}, gdb has ${value}`);
      }
    }
  });
}

function shown({ pc, function: found }: Frame): string {
  return found === undefined ? `0x${pc.toString(16)}` : `${found.name}+${found.offset}`;
}

/** Memory in hexadecimal; `none` where there is none. */
function readBytes(memory: MemoryReader, address: bigint, size: number): string {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const at = address + BigInt(i);
    const found = memory.window(at);
    if (found === undefined) return "none";
    bytes[i] = found.bytes[Number(at - found.start)]!;
  }
  return bytes.toHex();
}

/** Our own reader, from the file alone. */
function compareOurs(
  { bytes: core, program, request, threads, least, memory }: MadeCore,
  add: Add,
): void {
  const { process, machine } = readCore(core, {
    open: (path) => path === request.program ? program : undefined,
  });
  const sorted = process.threads.toSorted((a, b) => a.id - b.id);
  const barred = loadSegments(parseElf(core)).filter(({ flags }) => flags === 0);
  request.memory.forEach(([address, size], i) => {
    const bytes = readBytes(process.memory, BigInt(address), size);
    // What nobody may touch and the core does not store is not there; gdb takes it for zeros.
    const isBarred = barred.some(({ vaddr, memSize }) =>
      BigInt(address) >= vaddr && BigInt(address) < vaddr + memSize
    );
    const wanted = isBarred || memory[i]?.startsWith("Cannot access") ? "none" : memory[i];
    if (bytes !== wanted) add(`our reader has ${bytes} at ${address}, not ${wanted}`);
  });
  const first = machine === "x86_64" ? 17 : 64;
  threads.forEach(({ id, walk, floating }, i) => {
    const thread = sorted[i];
    if (thread?.id !== id) return add(`thread ${id}, our reader has ${thread?.id}`);
    floating?.vectors.forEach((halves, index) => {
      const own = thread.vector(first + index) ?? new Uint8Array(16);
      const words = new BigUint64Array(own.slice().buffer).slice(0, 2);
      if (words.join() !== halves.join()) {
        add(`vector ${index} of thread ${id} is ${halves}, our reader has ${words}`);
      }
    });
    const { frames } = backtrace(walkInput(process, thread));
    const text = (all: readonly Frame[]) => all.map((frame) => `${frame.pc} ${frame.cfa}`).join();
    if (text(framesFrom(frames, least)) !== text(walk.frames)) {
      add(`our reader has other frames of thread ${id}`);
    }
  });
}

/**
 * `eu-stack`: program counters of every thread. Returns how many there were. It knows a program by
 * its header in memory, which not all of ours have there.
 */
function compareElfutils({ request, program, threads }: MadeCore, add: Add): number {
  if (loadSegments(parseElf(program))[0]?.offset !== 0) return 0;
  // A call of address 0 it takes for one that has pushed a frame pointer.
  const called = threads.filter(({ walk }) => walk.frames[0]?.module === undefined);
  if (called.length > 0) return 0;
  const theirs = elfutilsStacks(request);
  if (theirs === undefined) {
    add("eu-stack fails");
    return 0;
  }
  let count = 0;
  for (const [number, pcs] of theirs) {
    const thread = threads.find(({ id }) => id === number);
    count += pcs.length;
    const own = thread?.walk.frames.map(({ pc }) => pc) ?? [];
    if (own.join() !== pcs.join()) {
      const hex = (all: readonly bigint[]) => all.map((pc) => `0x${pc.toString(16)}`).join(", ");
      add(`thread ${number} is at ${hex(own)}, eu-stack has ${hex(pcs)}`);
    }
  }
  return count;
}
