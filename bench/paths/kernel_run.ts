/**
 * What the paths through the whole kernel have in common: a machine that has booted and goes the
 * same way round after round.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";
import { PAGE_SIZE, type PhysicalMemory } from "../../arch/physical_memory.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { Machine } from "../../kernel/machine.ts";
import type { MachineOptions, ModuleOptions } from "../../kernel/machine_options.ts";
import type { EventBody, EventSink, KernelEvent } from "../../trace/events.ts";
import { type Path, PathError, type PathRun } from "./path.ts";

/** Kinds of events. */
type EventType = EventBody["type"];

/** Which event ends a round. */
type Marker = EventType | ((event: KernelEvent) => boolean);

/** A path through the kernel. */
export interface KernelScenario {
  /** Name of the path. */
  readonly name: string;
  /** What one round is, in a line. */
  readonly round: string;
  /** Programs to boot with. */
  readonly modules: (arch: Arch) => readonly ModuleOptions[];
  /** Options of the machine. */
  readonly machine?: Pick<MachineOptions, "memory">;
  /** Adds to the kernel before anything runs. */
  readonly setUp?: (kernel: Kernel) => void;
  /** Every event of one round, and how often it happens: whatever else happens is an error. */
  readonly events: Partial<Record<EventType, number>>;
  /** The one of them that ends a round: by its type, if there is one in a round, or by itself. */
  readonly marker: Marker;
  /** Rounds of a sample. */
  readonly rounds: number;
  /** Rounds before memory runs out, if the path uses it up. */
  readonly most?: number;
  /** Instructions by which the path must have settled. */
  readonly patience?: number;
}

/** Timer off the scene: its first interrupt comes after longer than any measurement. */
const NEVER = 2 ** 40;
/** Rounds before a path is taken to have settled, and rounds that are checked then. */
const SETTLE = 40;
const CHECKED = 64;
/** Instructions by which a path must have settled, unless the scenario says otherwise. */
const PATIENCE = 5_000_000;

/** Counts events, and remembers the executed instructions at each marker. */
class Watch implements EventSink {
  readonly at: number[] = [];
  counts = new Map<EventType, number>();
  kernel: Kernel | undefined;
  readonly #isMarker: (event: KernelEvent) => boolean;

  constructor(marker: Marker) {
    this.#isMarker = typeof marker === "function" ? marker : ({ type }) => type === marker;
  }

  write(event: KernelEvent): void {
    const { kernel } = this;
    // Before the kernel is complete there is no path.
    if (kernel === undefined) return;
    const { type } = event;
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    if (this.#isMarker(event)) this.at.push(kernel.cpus[0]?.cpu.instructions ?? 0);
  }
}

/** When a path has settled and how long its rounds are, in instructions. */
interface Pace {
  readonly begin: number;
  readonly instructions: number;
}

function openMachine(
  scenario: KernelScenario,
  options: { arch: Arch; sinks: readonly EventSink[] },
): Machine {
  const machine = new Machine({
    ...options,
    ...scenario.machine,
    modules: scenario.modules(options.arch),
    quantum: NEVER,
  });
  scenario.setUp?.(machine.kernel);
  return machine;
}

/**
 * Goes a path on a machine of its own and checks every event of many rounds, and that each takes as
 * long as any other.
 */
function findPace(scenario: KernelScenario, arch: Arch): Pace {
  const watch = new Watch(scenario.marker);
  using machine = openMachine(scenario, { arch, sinks: [watch] });
  watch.kernel = machine.kernel;
  const { patience = PATIENCE } = scenario;
  while (
    watch.at.length < SETTLE && machine.halted === null && machine.cpu.instructions < patience
  ) machine.run(1000);
  const begin = watch.at.at(-1);
  const previous = watch.at.at(-2);
  if (begin === undefined || previous === undefined || watch.at.length < SETTLE) {
    throw new PathError(
      scenario.name,
      `it has not come to its ${SETTLE}th round: ${machine.halted ?? "it takes too long"}`,
    );
  }
  const instructions = begin - previous;
  // From one instruction to the same one, CHECKED rounds later, each event has happened CHECKED
  // times.
  watch.counts = new Map();
  watch.at.length = 0;
  const origin = machine.cpu.instructions;
  machine.run(CHECKED * instructions);
  if (machine.cpu.instructions - origin !== CHECKED * instructions) {
    throw new PathError(scenario.name, `the machine stopped: ${machine.halted}`);
  }
  let last = begin + Math.floor((origin - begin) / instructions) * instructions;
  for (const at of watch.at) {
    if (at - last !== instructions) {
      throw new PathError(
        scenario.name,
        `a round took ${at - last} instructions, not ${instructions}`,
      );
    }
    last = at;
  }
  const expected = new Map(
    Object.entries(scenario.events).map(([type, count]) => [type as EventType, count * CHECKED]),
  );
  for (const type of new Set([...watch.counts.keys(), ...expected.keys()])) {
    const found = watch.counts.get(type) ?? 0;
    if (found !== (expected.get(type) ?? 0)) {
      throw new PathError(
        scenario.name,
        `${found} ${type} events in ${CHECKED} rounds, not ${expected.get(type) ?? 0}`,
      );
    }
  }
  return { begin, instructions };
}

/**
 * Has the host provide every page of a machine's RAM, as otherwise the first use of a frame would
 * be one for the host too.
 */
function touchPages({ bytes }: PhysicalMemory): void {
  for (let i = 0; i < bytes.length; i += PAGE_SIZE) bytes[i] = bytes[i] ?? 0;
}

/** Rounds of a path, on a machine that nobody watches. */
class KernelRun implements PathRun {
  readonly instructions: number;
  readonly extra = 0;
  readonly rounds: number;
  readonly #machine: Machine;
  #roundsLeft: number;

  constructor(scenario: KernelScenario, arch: Arch) {
    const { begin, instructions } = findPace(scenario, arch);
    this.instructions = instructions;
    this.rounds = scenario.rounds;
    this.#roundsLeft = scenario.most ?? Infinity;
    this.#machine = openMachine(scenario, { arch, sinks: [] });
    if (scenario.most !== undefined) touchPages(this.#machine.kernel.memory);
    this.#machine.run(begin);
  }

  get executed(): number {
    return this.#machine.cpu.instructions;
  }

  get left(): number {
    return Math.floor(this.#roundsLeft / this.rounds);
  }

  prepare(): void {}

  run(): void {
    this.#roundsLeft -= this.rounds;
    this.#machine.run(this.rounds * this.instructions);
  }

  [Symbol.dispose](): void {
    this.#machine[Symbol.dispose]();
  }
}

/** Makes a path of a scenario. */
export function kernelPath(scenario: KernelScenario): Path {
  const { name, round } = scenario;
  return {
    name,
    round,
    open: (arch, { rounds = scenario.rounds } = {}) => new KernelRun({ ...scenario, rounds }, arch),
  };
}
