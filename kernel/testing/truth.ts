/**
 * Runs that are cut into pieces at random instants, and what each piece must lead to.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import { ARCHES } from "../../arch/mod.ts";
import { image as kernelAarch64 } from "../../guest/images/unwind-kernel_aarch64.gen.ts";
import { image as kernelX86 } from "../../guest/images/unwind-kernel_x86_64.gen.ts";
import type { KernelEvent } from "../../trace/events.ts";
import { formatJsonLine } from "../../trace/json_lines.ts";
import type { Plain } from "../../util/plain.ts";
import { encodePlain } from "../../util/plain.ts";
import type { Random } from "../../util/random.ts";
import { Machine, type MachineOptions } from "../machine.ts";
import { hashOf } from "../snapshot/hash.ts";
import type { Snapshot } from "../snapshot/mod.ts";
import { programFile } from "./programs.ts";

const MIB = 2 ** 20;
/** Instructions of a run at most. */
const LONGEST = 400_000;
/** RAM: small, so that all of it can be compared. */
const MEMORY = 12 * MIB;

const PROGRAMS = ["module-hello", "threads", "sleeper", "jobs", "mapfile", "fpmix", "spinner"];
const UNWINDING = ["panic 0", "throw 3", "fault 2", "kill 0", "spin 3", "overflow 0", "nested"];
const KERNEL_IMAGES = { aarch64: kernelAarch64, x86_64: kernelX86 } as const;

/** Options of a machine with one to three random programs. */
export function randomMachine(arch: ArchName, random: Random): MachineOptions {
  const modules: MachineOptions["modules"][number][] = [];
  for (let i = random.below(3); i >= 0; i--) {
    const name = random.pick([...PROGRAMS, "unwind", "unwind"]);
    const line = name === "unwind" ? `unwind ${random.pick(UNWINDING)}` : name;
    modules.push({ commandLine: line, bytes: programFile(name, arch) });
  }
  if (random.chance(0.3)) {
    const commandLine = `unwind ${random.pick(UNWINDING)}`;
    modules.push({ commandLine, bytes: KERNEL_IMAGES[arch].bytes(), mode: "kernel" });
  }
  return {
    arch: ARCHES[arch],
    modules,
    memory: MEMORY,
    policy: random.pick(["rr", "priority"]),
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
  /** Instants, in instructions executed. */
  readonly instants: readonly number[];
  /** The machine at each of them. */
  readonly snapshots: readonly Snapshot[];
  /** Hashes of all of RAM at each of them. */
  readonly ram: readonly string[];
  /** Events between each and the next. */
  readonly events: readonly string[];
}

/** Cuts a run at about `count` random instants, and at its end. */
export function cut(
  options: MachineOptions,
  { random, count }: { random: Random; count: number },
): CutRun {
  const length = lengthOf(options);
  const instants = [...new Set(Array.from({ length: count }, () => 1 + random.below(length)))]
    .sort((a, b) => a - b);
  instants.push(length + 1);
  using recording = new Recording(options);
  const { machine } = recording;
  const snapshots: Snapshot[] = [];
  const ram: string[] = [];
  const events: string[] = [];
  instants.forEach((instant, i) => {
    const text = recording.runTo(instant);
    if (i > 0) events.push(text);
    snapshots.push(machine.snapshot());
    ram.push(hashOf(machine.kernel.memory.bytes));
  });
  return { instants, snapshots, ram, events };
}

/** Instructions until a machine halts, or {@linkcode LONGEST}. */
function lengthOf(options: MachineOptions): number {
  using machine = new Machine(options);
  machine.run(LONGEST);
  return machine.cpu.instructions;
}

/** What identifies a machine at an instant: everything in its snapshot, and all of its RAM, free page frames too. */
export function fingerprint(machine: Machine): string {
  const { cpus, kernel } = machine.snapshot();
  const state = encodePlain({ cpus, kernel } as unknown as Plain);
  return `${hashOf(state)} ${hashOf(machine.kernel.memory.bytes)}`;
}

/** {@linkcode fingerprint} of a snapshot that was taken when RAM had a hash. */
export function fingerprintOf({ cpus, kernel }: Snapshot, ram: string): string {
  return `${hashOf(encodePlain({ cpus, kernel } as unknown as Plain))} ${ram}`;
}
