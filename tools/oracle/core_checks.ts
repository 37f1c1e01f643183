/**
 * The core files that are compared: of programs stopped at random instants, in their own code, in
 * system calls, before and behind others' turns, and when they die.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { type LoadMode, Machine } from "../../kernel/mod.ts";
import { ARCH_NAMES, programFile } from "../../kernel/testing/programs.ts";
import { SIGNAL } from "../../trace/signals.ts";
import { Random } from "../../util/random.ts";
import { checkCores } from "./core_check.ts";
import { type CorePlace, type MadeCore, makeCore } from "./made_core.ts";
import type { NamedCheck } from "./walk_checks.ts";

/** Programs that are stopped as they run. */
const RUNNING = [
  "threads",
  "sleeper",
  "fpmix",
  "tls",
  "jobs wild 1",
  "unwind throw 2",
  "module-hello",
];

/** Programs that die, and by which signal. */
const DYING: Readonly<Record<string, number>> = {
  "unwind fault 0": SIGNAL.SEGV,
  "unwind panic 0": SIGNAL.ABRT,
  "unwind throw 0": SIGNAL.ABRT,
  "unwind null 0": SIGNAL.SEGV,
  "bad read-null": SIGNAL.SEGV,
  "bad write-constants": SIGNAL.SEGV,
  "bad undefined": SIGNAL.ILL,
  "bad breakpoint": SIGNAL.TRAP,
  "bad recurse": SIGNAL.SEGV,
  "bad thread-fault": SIGNAL.SEGV,
};

/** Instants of each program that runs. */
const INSTANTS = 8;
const MEMORY = 16 * 2 ** 20;

/** The checks of core files, one for each architecture. */
export function coreChecks(directory: string): NamedCheck[] {
  return ARCH_NAMES.map((arch): NamedCheck => ({
    kind: "cores",
    name: arch,
    check: () => checkCores(arch, { cores: new CoreMaker(arch, directory).make(), directory }),
  }));
}

class CoreMaker {
  readonly #arch: ArchName;
  readonly #directory: string;
  readonly #random = new Random(8);
  readonly #cores: MadeCore[] = [];
  readonly #written = new Set<string>();

  constructor(arch: ArchName, directory: string) {
    this.#arch = arch;
    this.#directory = `${directory}/cores-${arch}`;
    Deno.mkdirSync(this.#directory);
  }

  make(): MadeCore[] {
    for (const line of RUNNING) {
      for (const load of ["copyout", "demand"] as const) this.#running(line, load);
    }
    for (const [line, signal] of Object.entries(DYING)) this.#dying(line, signal);
    return this.#cores;
  }

  #running(line: string, load: LoadMode): void {
    using machine = this.#boot(line, { load });
    const taken = this.#cores.length;
    let step = 1;
    while (this.#cores.length < taken + INSTANTS) {
      if (machine.run(1 + this.#random.below(step)).kind !== "paused") break;
      const { kernel: k } = machine;
      const task = k.tasks[1];
      const isThere = task?.status === null && task.ending === null &&
        k.threadsOf(task).some(({ userReady, state }) => userReady && state !== "dead");
      if (!isThere) continue;
      // As many instants in a short program as in a long one, the first ones close together.
      step = step * 3;
      this.#add(machine, { line, signal: null });
    }
  }

  #dying(line: string, signal: number): void {
    let isTaken = false;
    const machine = this.#boot(line, {
      sinks: [{
        write: (event) => {
          const isEnd = event.type === "panic" || event.type === "task-exit";
          if (!isEnd || isTaken) return;
          isTaken = true;
          this.#add(machine, { line, signal });
        },
      }],
    });
    machine.run(50_000_000);
    machine[Symbol.dispose]();
    if (!isTaken) throw new Error(`Program ${line} has not died`);
  }

  #boot(
    commandLine: string,
    options: Partial<ConstructorParameters<typeof Machine>[0]>,
  ): Machine {
    const bytes = programFile(commandLine.split(" ")[0] ?? "", this.#arch);
    const arch = archByName(this.#arch);
    const modules = [{ commandLine, bytes }];
    return new Machine({ arch, modules, quantum: 700, memory: MEMORY, ...options });
  }

  #add(machine: Machine, { line, signal }: { line: string; signal: number | null }): void {
    const name = line.split(" ")[0] ?? "";
    const path = `${this.#directory}/${name}`;
    const bytes = programFile(name, this.#arch);
    // Once: gdb warns of a program that is newer than a core.
    if (!this.#written.has(path)) Deno.writeFileSync(path, bytes);
    this.#written.add(path);
    const place: CorePlace = {
      name: `${line} after ${machine.now}`,
      program: { path, bytes },
      path: `${this.#directory}/core.${this.#cores.length}`,
      random: this.#random,
      signal,
    };
    this.#cores.push(makeCore(machine, place));
  }
}
