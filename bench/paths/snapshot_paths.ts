/**
 * Snapshots of the demo when it has booted and made its first system call.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";
import { image as aarch64 } from "../../guest/images/module-hello_aarch64.gen.ts";
import { image as x86_64 } from "../../guest/images/module-hello_x86_64.gen.ts";
import { Machine } from "../../kernel/machine.ts";
import {
  decodeSnapshot,
  encodeSnapshot,
  isSameSnapshot,
  type Snapshot,
} from "../../kernel/snapshot/mod.ts";
import type { EventSink } from "../../trace/events.ts";
import { type Path, PathError, type PathRun } from "./path.ts";

const IMAGES = { aarch64, x86_64 } as const;
/** Instructions that a machine runs on before it is brought back. */
const MEANWHILE = 10_000;
/** Instructions from a snapshot to the next, or to the end of a trial. */
const STEP = 1_000;
/** Instructions by which the demo must have booted. */
const PATIENCE = 2_000_000;

/** What a sample works on. */
interface Demo {
  readonly machine: Machine;
  /** The booted machine. */
  readonly booted: Snapshot;
  /** The same, {@linkcode STEP} instructions later. */
  readonly later: Snapshot;
  /** The booted machine as a file. */
  readonly file: Uint8Array<ArrayBuffer>;
}

/** A path that begins at the booted machine. */
interface SnapshotScenario {
  readonly name: string;
  readonly round: string;
  /** Rounds of a sample. */
  readonly rounds: number;
  /** Guest instructions of a round; exact. */
  readonly instructions: number;
  /** Before each sample. */
  readonly prepare: (demo: Demo) => void;
  /** One round; returns the guest instructions executed. */
  readonly run: (demo: Demo) => number;
  /** Whether a round has done what it should have; asked once. */
  readonly isDone: (demo: Demo) => boolean;
  /** What to say of the path on an architecture. */
  readonly note?: (demo: Demo) => string;
}

function openMachine(arch: Arch, sinks: readonly EventSink[]): Machine {
  const commandLine = "module-hello ${host-port} ${device-port} $(task-create) $(task-resume)";
  const bytes = IMAGES[arch.name].bytes();
  return new Machine({ arch, sinks, modules: [{ commandLine, bytes }] });
}

/** Instructions to the first system call of the demo, rounded up. */
function findBootLength(arch: Arch): number {
  let called = false;
  using machine = openMachine(arch, [{
    write: ({ type }) => void (called ||= type === "syscall"),
  }]);
  const { cpu } = machine;
  while (!called && machine.halted === null && cpu.instructions < PATIENCE) machine.run(100);
  if (called) return cpu.instructions;
  throw new PathError("restore", `no system call: ${machine.halted ?? "it takes too long"}`);
}

/** Boots the demo on a machine that nobody watches. */
function openDemo(arch: Arch): Demo {
  const length = findBootLength(arch);
  const machine = openMachine(arch, []);
  machine.run(length);
  const booted = machine.snapshot();
  machine.run(STEP);
  return { machine, booted, later: machine.snapshot(), file: encodeSnapshot(booted) };
}

/** A scenario on a machine of its own. */
class SnapshotRun implements PathRun {
  readonly instructions: number;
  readonly extra = 0;
  readonly rounds: number;
  readonly left = Infinity;
  readonly note: string | undefined;
  executed = 0;
  readonly #scenario: SnapshotScenario;
  readonly #demo: Demo;

  constructor(scenario: SnapshotScenario, arch: Arch) {
    this.instructions = scenario.instructions;
    this.rounds = scenario.rounds;
    this.#scenario = scenario;
    const demo = openDemo(arch);
    this.#demo = demo;
    this.note = scenario.note?.(demo);
    this.prepare();
    this.run();
    if (!scenario.isDone(demo)) throw new PathError(scenario.name, "the state is not the same");
  }

  prepare(): void {
    this.#scenario.prepare(this.#demo);
  }

  run(): void {
    const { rounds, run } = this.#scenario;
    for (let i = 0; i < rounds; i++) this.executed += run(this.#demo);
  }

  [Symbol.dispose](): void {
    this.#demo.machine[Symbol.dispose]();
  }
}

/** Restores, runs a trial, and looks whether it has come to where it should. */
function goTrial({ machine, booted, later }: Demo): number {
  machine.restore(booted);
  const before = machine.cpu.instructions;
  machine.run(STEP);
  if (!isSameSnapshot(machine.snapshot(), later)) {
    throw new PathError("restore and run", "it has not come to the same state");
  }
  return machine.cpu.instructions - before;
}

/** What the host does alone. */
function only(action: (demo: Demo) => unknown): SnapshotScenario["run"] {
  return (demo) => {
    action(demo);
    return 0;
  };
}

const SCENARIOS: readonly SnapshotScenario[] = [
  {
    name: "restore",
    round: `the booted demo, ${MEANWHILE} instructions later, brought back to its snapshot`,
    rounds: 1,
    instructions: 0,
    prepare: ({ machine }) => void machine.run(MEANWHILE),
    run: only(({ machine, booted }) => machine.restore(booted)),
    isDone: ({ machine, booted }) => isSameSnapshot(machine.snapshot(), booted),
  },
  {
    name: "snapshot",
    round: `the booted demo, taken ${STEP} instructions after another`,
    rounds: 1,
    instructions: 0,
    prepare({ machine, booted }): void {
      machine.restore(booted);
      machine.run(STEP);
    },
    run: only(({ machine }) => machine.snapshot()),
    isDone: ({ machine, later }) => isSameSnapshot(machine.snapshot(), later),
  },
  {
    name: "restore and run",
    round: `restore, ${STEP} instructions, and registers, kernel and RAM compared with a reference`,
    rounds: 10,
    instructions: STEP,
    prepare: () => {},
    run: goTrial,
    isDone: ({ machine, later }) => isSameSnapshot(machine.snapshot(), later),
  },
  {
    name: "encode",
    round: "the snapshot of the booted demo written as bytes of a file",
    rounds: 1,
    instructions: 0,
    prepare: () => {},
    run: only(({ booted }) => encodeSnapshot(booted)),
    isDone: ({ booted, file }) => isSameSnapshot(decodeSnapshot(file), booted),
    note: ({ file }) => `${file.length} bytes`,
  },
  {
    name: "decode",
    round: "that file read",
    rounds: 1,
    instructions: 0,
    prepare: () => {},
    run: only(({ file }) => decodeSnapshot(file)),
    isDone: ({ booted, file }) => isSameSnapshot(decodeSnapshot(file), booted),
  },
];

/** Taking, restoring, comparing and filing snapshots. */
export const SNAPSHOT_PATHS: readonly Path[] = SCENARIOS.map((scenario) => ({
  name: scenario.name,
  round: scenario.round,
  open: (arch: Arch, { rounds = scenario.rounds }: { rounds?: number } = {}) =>
    new SnapshotRun({ ...scenario, rounds }, arch),
}));
