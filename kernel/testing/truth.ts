/**
 * Runs that are cut into pieces at random instants, and what each piece must lead to: the truth
 * that snapshots are held against.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import { ARCHES } from "../../arch/mod.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { badCases } from "../../guest/programs/cases.ts";
import { image as kernelAarch64 } from "../../guest/images/unwind-kernel_aarch64.gen.ts";
import { image as kernelX86 } from "../../guest/images/unwind-kernel_x86_64.gen.ts";
import type { KernelEvent } from "../../trace/events.ts";
import { formatJsonLine } from "../../trace/json_lines.ts";
import { encodePlain, type Plain } from "../../util/plain.ts";
import { policyNames } from "../../sched/policies/registry.ts";
import type { Random } from "../../util/random.ts";
import { Machine } from "../machine.ts";
import type { MachineOptions, ModuleOptions } from "../machine_options.ts";
import { hashOf } from "../snapshot/hash.ts";
import type { Snapshot } from "../snapshot/mod.ts";
import { linuxModule } from "./linux_script.ts";
import { programFile } from "./programs.ts";
import { DATA, DATA_END, TEXT, type Value } from "./script_program.ts";

/** Instructions of a run at most. */
const LONGEST = 300_000;
/** RAM: small, so that all of it can be looked at again and again. */
const MEMORY = 12 * 2 ** 20;

const PROGRAMS = [
  "module-hello",
  "threads",
  "sleeper",
  "jobs",
  "mapfile",
  "fpmix",
  "spinner",
  "tls",
  "jit",
  "handlers",
  "locking kernel",
  "locking user",
  "locking conditions",
];
const UNWINDING = ["panic 0", "throw 3", "fault 2", "kill 0", "spin 3", "overflow 4", "nested"];
const KERNEL_IMAGES = { aarch64: kernelAarch64, x86_64: kernelX86 } as const;

/** Options of a machine with one to four random programs. */
export function randomMachine(arch: ArchName, random: Random): MachineOptions {
  const modules: ModuleOptions[] = [];
  for (let i = random.below(3); i >= 0; i--) {
    const name = random.pick([...PROGRAMS, "unwind", "unwind"]);
    const commandLine = name === "unwind" ? `unwind ${random.pick(UNWINDING)}` : name;
    modules.push({ commandLine, bytes: programFile(name.split(" ")[0]!, arch) });
  }
  if (random.chance(0.3)) {
    // What programs do wrong, single steps of their own among it.
    const commandLine = `bad ${random.pick(badCases(arch)).name}`;
    modules.push({ commandLine, bytes: programFile("bad", arch) });
  }
  if (random.chance(0.3)) {
    const commandLine = `unwind ${random.pick(UNWINDING)}`;
    modules.push({ commandLine, bytes: KERNEL_IMAGES[arch].bytes(), mode: "kernel" });
  }
  if (random.chance(0.3)) {
    const argument = () =>
      random.pick<Value>([0n, DATA, DATA + 8n, DATA_END - 4n, TEXT, 1n << 40n]);
    modules.push(linuxModule(arch, { name: "linux", random, argument }));
  }
  return {
    arch: ARCHES[arch],
    modules,
    memory: MEMORY,
    policy: random.pick([...policyNames()]),
    timer: random.pick(["periodic", "one-shot"]),
    quantum: random.pick([400, 700, 2_000, 10_000]),
    seed: random.pick([0, 0, random.below(2 ** 32)]),
    stackLimit: random.pick([2, 64]),
    ioLatency: random.pick([50, 2_000]),
    load: random.pick(["copyout", "demand"]),
  };
}

/** A machine whose events are kept as text. */
export class Recording implements Disposable {
  /** The machine. */
  readonly machine: Machine;
  #text = "";

  /** Builds a machine, or one that is where a snapshot was taken. */
  constructor(from: MachineOptions | Snapshot) {
    const sinks = [{ write: (event: KernelEvent) => void (this.#text += formatJsonLine(event)) }];
    this.machine = "config" in from
      ? Machine.from(from, { sinks })
      : new Machine({ ...from, sinks });
  }

  /** Goes on to an instant, in instructions executed; returns the events on the way. */
  runTo(instant: number): string {
    this.#text = "";
    const left = instant - this.machine.cpu.instructions;
    if (left > 0) this.machine.run(left);
    return this.#text;
  }

  /** Frees the engine. */
  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]();
  }
}

/** A run cut into pieces. */
export interface CutRun {
  /** How the machine was built. */
  readonly options: MachineOptions;
  /** Instants, in instructions executed; the last is behind the end. */
  readonly instants: readonly number[];
  /** The machine at each of them. */
  readonly snapshots: readonly Snapshot[];
  /** Events between each and the next. */
  readonly events: readonly string[];
}

/** Cuts a run at about `count` random instants, and at its end. */
export function cutRun(
  options: MachineOptions,
  { random, count }: { random: Random; count: number },
): CutRun {
  const { length, text: whole } = wholeRun(options);
  const instants = [...new Set(Array.from({ length: count }, () => 1 + random.below(length)))]
    .sort((a, b) => a - b);
  instants.push(length + 1);
  using recording = new Recording(options);
  const { machine } = recording;
  const snapshots: Snapshot[] = [];
  const pieces: string[] = [];
  for (const instant of instants) {
    pieces.push(recording.runTo(instant));
    snapshots.push(machine.snapshot());
  }
  if (bootEvents(options) + pieces.join("") !== whole) {
    throw new Error("Snapshots have changed the run they were taken of");
  }
  return { options, instants, snapshots, events: pieces.slice(1) };
}

/** Events that happen while a machine is built. */
function bootEvents(options: MachineOptions): string {
  let text = "";
  const sinks = [{ write: (event: KernelEvent) => void (text += formatJsonLine(event)) }];
  using _ = new Machine({ ...options, sinks });
  return text;
}

/** A run that nothing disturbs, to its end or {@linkcode LONGEST}. */
function wholeRun(options: MachineOptions): { length: number; text: string } {
  let text = "";
  const sinks = [{ write: (event: KernelEvent) => void (text += formatJsonLine(event)) }];
  using machine = new Machine({ ...options, sinks });
  machine.run(LONGEST);
  return { length: machine.cpu.instructions, text };
}

/** What is other in two snapshots than it should be, or `null`. */
export function findDifference(found: Snapshot, expected: Snapshot): string | null {
  const parts: (keyof Snapshot)[] = ["config", "cpus", "kernel"];
  for (const part of parts) {
    if (!isEqual(bytesOf(found[part]), bytesOf(expected[part]))) return part;
  }
  const { frames, pages } = found.ram;
  if (`${frames}` !== `${expected.ram.frames}`) return "page frames in use";
  const at = pages.findIndex((page, i) => !isEqual(page, expected.ram.pages[i] ?? page));
  return at < 0 ? null : `page frame ${frames[at]}`;
}

function bytesOf(part: Snapshot[keyof Snapshot]): Uint8Array {
  return encodePlain(part as unknown as Plain);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((byte, i) => byte === b[i]));
}

/** A free page frame that is not full of zeros, by its index, or `null`. */
export function findDirtyFrame({ kernel: { memory, pageFrames } }: Machine): number | null {
  const used = new Set(pageFrames.used());
  const { buffer, byteOffset } = memory.bytes;
  const words = new Int32Array(buffer, byteOffset, memory.size / 4);
  const size = PAGE_SIZE / 4;
  for (let frame = 0; frame < pageFrames.total; frame++) {
    if (used.has(frame)) continue;
    const first = frame * size;
    for (let i = first; i < first + size; i++) if (words[i] !== 0) return frame;
  }
  return null;
}

/** Identifies the events of a piece and the machine at its end, for another process. */
export function hashPiece(events: string, end: Snapshot): string {
  const { config, cpus, kernel, ram } = end;
  const state = encodePlain({ config, cpus, kernel } as unknown as Plain);
  return [new TextEncoder().encode(events), state, ...ram.pages].map(hashOf).join("\n");
}

/** What a machine is in the middle of, for a test that looks for all of it. */
export type Moment =
  | "user"
  | "kernel"
  | "trap stub"
  | "copy"
  | "page-in"
  | "unwinding"
  | "interrupt pending"
  | "idle"
  | "floating point"
  | "mutex waited for"
  | "word waited for"
  | "short of stacks";

/** What a machine is in the middle of. */
export function momentsOf(machine: Machine): Moment[] {
  const { kernel: k, cpu } = machine;
  const { pc, userMode } = cpu;
  const between = (begin: bigint, end: bigint): boolean => pc >= begin && pc < end;
  const { trap, own } = { trap: k.label("vectors"), own: k.label("copy_begin") };
  const found: Moment[] = [userMode ? "user" : "kernel"];
  if (between(trap, k.label("exit_to_user"))) found.push("trap stub");
  if (between(own, k.label("copy_end"))) found.push("copy");
  if (k.pageIo.save().queue.length > 0) found.push("page-in");
  if (k.threads.some(({ unwinds }) => unwinds.running.length > 0)) found.push("unwinding");
  if (cpu.interruptPending) found.push("interrupt pending");
  if (k.cpus.some((on) => on.isIdle)) found.push("idle");
  if (k.cpus.some((on) => on.fpOwner !== null)) found.push("floating point");
  if (k.stacks.waiting.length > 0) found.push("short of stacks");
  if (k.threads.some(({ wait }) => wait?.kind === "mutex")) found.push("mutex waited for");
  if (k.threads.some(({ wait }) => wait?.kind === "futex")) found.push("word waited for");
  return found;
}
