/**
 * Making a machine, and booting it.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";
import { Machine } from "../../kernel/machine.ts";
import type { EventSink } from "../../trace/events.ts";
import { benchModule } from "./guest.ts";
import { type Path, PathError, type PathRun } from "./path.ts";

/** Instructions by which the first user instruction must have been executed. */
const PATIENCE = 2_000_000;
const BOOT = "boot";

function openMachine(arch: Arch, sinks: readonly EventSink[] = []): Machine {
  return new Machine({ arch, modules: [benchModule(arch, "null")], sinks });
}

/** Instructions from the first of the machine to the first of the program, which is one of them. */
function findBootLength(arch: Arch): number {
  let returning = false;
  using machine = openMachine(arch, [{
    write(event): void {
      if (event.type === "exception-return") returning = true;
    },
  }]);
  const { cpu } = machine;
  while (!returning && machine.halted === null && cpu.instructions < PATIENCE) machine.run(1);
  // The first attempts to execute user code are page faults.
  let begin = -1n;
  while (machine.halted === null && cpu.instructions < PATIENCE) {
    if (cpu.userMode && begin === -1n) begin = cpu.pc;
    if (cpu.userMode && cpu.pc !== begin) return cpu.instructions;
    machine.run(1);
  }
  throw new PathError(BOOT, `no user instruction: ${machine.halted ?? "it takes too long"}`);
}

/** A fresh machine for each sample. */
class BootRun implements PathRun {
  readonly instructions: number;
  readonly extra = 0;
  readonly rounds = 1;
  readonly left = Infinity;
  readonly #arch: Arch;
  #machine: Machine | undefined;

  constructor(arch: Arch) {
    this.#arch = arch;
    this.instructions = findBootLength(arch);
  }

  get executed(): number {
    return this.#machine?.cpu.instructions ?? 0;
  }

  prepare(): void {
    this.#machine?.[Symbol.dispose]();
    this.#machine = openMachine(this.#arch);
  }

  run(): void {
    this.#machine?.run(this.instructions);
  }

  [Symbol.dispose](): void {
    this.#machine?.[Symbol.dispose]();
  }
}

/** A machine that is built and disposed of, without running. */
class OpenRun implements PathRun {
  readonly instructions = 0;
  readonly extra = 0;
  readonly rounds = 1;
  readonly left = Infinity;
  readonly executed = 0;
  readonly #arch: Arch;

  constructor(arch: Arch) {
    this.#arch = arch;
  }

  prepare(): void {}

  run(): void {
    openMachine(this.#arch)[Symbol.dispose]();
  }

  [Symbol.dispose](): void {}
}

/** From nothing to a machine, and from there to user mode. */
export const BOOT_PATHS: readonly Path[] = [
  {
    name: BOOT,
    round: "from the machine's first instruction to the program's first one, both executed",
    open: (arch) => new BootRun(arch),
  },
  {
    name: "open and dispose",
    round: "a machine with 64 MiB and one program, built and disposed of; no guest code runs",
    open: (arch) => new OpenRun(arch),
  },
];
