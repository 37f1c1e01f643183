/**
 * Makes core files of machines that run one program.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { parseElf } from "../../elf/mod.ts";
import { type LoadMode, Machine } from "../../kernel/mod.ts";
import { programFile } from "../../kernel/testing/programs.ts";
import { Random } from "../../util/random.ts";
import { type MadeCore, makeCore, makeKernelCore, walkOf } from "./made_core.ts";

const MEMORY = 16 * 2 ** 20;
/** More than any of the programs takes to die. */
const LIFE = 50_000_000;

/** Core files of one architecture, in a directory of their own. */
export class CoreMaker {
  /** What has been made. */
  readonly cores: MadeCore[] = [];
  readonly #arch: ArchName;
  readonly #directory: string;
  readonly #random = new Random(8);
  readonly #written = new Set<string>();

  /** Makes none yet; the directory is created. */
  constructor(arch: ArchName, directory: string) {
    this.#arch = arch;
    this.#directory = directory;
    Deno.mkdirSync(directory);
  }

  /** Of a program that is stopped at random instants, closer together at first. */
  running(line: string, { load, instants }: { load: LoadMode; instants: number }): void {
    using machine = this.#boot(line, { load });
    const end = this.cores.length + instants;
    for (let step = 1; this.cores.length < end;) {
      if (machine.run(1 + this.#random.below(step)).kind !== "paused") break;
      const { kernel: k } = machine;
      const task = k.tasks[1];
      const isThere = task?.status === null && task.ending === null &&
        k.threadsOf(task).some(({ userReady, state }) => userReady && state !== "dead");
      if (!isThere) continue;
      step = step * 3;
      this.#add(machine, { line, signal: null });
    }
  }

  /** Of the whole machine, at random instants in the kernel's code. */
  kernel(line: string, instants: number): void {
    using machine = this.#boot(line, { load: "demand" });
    for (let i = 0; i < instants && machine.halted === null;) {
      machine.run(1 + this.#random.below(1_500));
      while (machine.cpu.userMode && machine.halted === null) {
        machine.run(1 + this.#random.below(9));
      }
      i++;
      // Registers that the CPU banks are in no core: the interrupted state is in them there.
      const { arch } = machine.kernel;
      const exits = ["exit_to_user", "exit_to_kernel"].map((name) => arch.image.range(name));
      const savers = [...arch.trapEntries, ...arch.frameSavers, ...exits];
      const isBanked = savers.some(({ begin, end }) =>
        machine.cpu.pc >= begin && machine.cpu.pc < end
      );
      if (isBanked && Object.keys(arch.bankedRegisters).length > 0) continue;
      this.#add(machine, { line, signal: null, kernel: true });
    }
  }

  /** Of a program that dies, when it does. */
  dying(line: string, signal: number): void {
    let isTaken = false;
    using machine = this.#boot(line, {
      sinks: [{
        write: (event) => {
          const isEnd = event.type === "panic" || event.type === "task-exit";
          if (!isEnd || isTaken) return;
          isTaken = true;
          this.#add(machine, { line, signal });
        },
      }],
    });
    machine.run(LIFE);
    if (!isTaken) throw new Error(`Program ${line} has not died`);
  }

  /**
   * Of the thread that begins in a function, at each instruction of functions that are asked for:
   * once for every depth of the stack.
   */
  stepping(line: string, { from, within }: { from: string; within: RegExp }): void {
    using machine = this.#boot(line, { quantum: 1_000_000 });
    const begin = parseElf(programFile(nameOf(line), this.#arch)).symbolNamed(from)?.value;
    if (begin === undefined) throw new Error(`Program ${line} has no function ${from}`);
    const start = machine.addBreakpoint(begin);
    machine.run();
    start[Symbol.dispose]();
    const { kernel: k, cpu } = machine;
    const thread = k.cpus[0]?.current;
    if (thread === undefined || cpu.pc !== begin) {
      throw new Error(`${line} does not come to ${from}`);
    }
    const seen = new Set<string>();
    for (; thread.state === "running"; machine.run(1)) {
      if (!cpu.userMode) continue;
      const { frames } = walkOf(machine, machine.registers(), thread.task);
      const isWithin = within.test(frames[0]?.function?.name ?? "");
      const place = `${cpu.pc} ${frames.length}`;
      if (!isWithin || seen.has(place)) continue;
      seen.add(place);
      this.#add(machine, { line, signal: null });
    }
  }

  #boot(
    commandLine: string,
    options: Partial<ConstructorParameters<typeof Machine>[0]>,
  ): Machine {
    const bytes = programFile(nameOf(commandLine), this.#arch);
    const arch = archByName(this.#arch);
    const modules = [{ commandLine, bytes }];
    return new Machine({ arch, modules, quantum: 700, memory: MEMORY, ...options });
  }

  #add(
    machine: Machine,
    { line, signal, kernel = false }: { line: string; signal: number | null; kernel?: boolean },
  ): void {
    const path = `${this.#directory}/${kernel ? "kernel.elf" : nameOf(line)}`;
    const bytes = kernel
      ? archByName(this.#arch).image.bytes
      : programFile(nameOf(line), this.#arch);
    // Once: gdb warns of a program that is newer than a core.
    if (!this.#written.has(path)) Deno.writeFileSync(path, bytes);
    this.#written.add(path);
    const make = kernel ? makeKernelCore : makeCore;
    this.cores.push(make(machine, {
      name: `${line} after ${machine.now}`,
      program: { path, bytes },
      path: `${this.#directory}/core.${this.cores.length}`,
      random: this.#random,
      signal,
    }));
  }
}

function nameOf(line: string): string {
  return line.split(" ")[0] ?? "";
}
