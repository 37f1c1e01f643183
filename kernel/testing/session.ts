/**
 * A machine with everything it says recorded, for tests.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import type { KernelEvent } from "../../trace/events.ts";
import { formatJsonLine } from "../../trace/json_lines.ts";
import { formatMachEvent } from "../../trace/mach_log.ts";
import { Machine, type RunResult } from "../machine.ts";
import type { MachineOptions, ModuleOptions } from "../machine_options.ts";
import type { Task } from "../thread/task.ts";
import { programFile } from "./programs.ts";

/** Enough for every test that is not about budgets; a machine that needs more hangs. */
export const BUDGET = 30_000_000;

/** Bytes of RAM: what hundreds of machines a file allocate, the collector has to find again. */
const MEMORY = 16 * 1024 * 1024;

/**
 * A program to boot with: a name from `programFile` in a command line, or a module.
 */
export type Program = string | ModuleOptions;

/** How to boot. */
export interface SessionOptions extends Omit<MachineOptions, "arch" | "modules" | "sinks"> {
  /** Architecture. */
  readonly arch: ArchName;
  /** Programs in order. */
  readonly programs: readonly Program[];
}

/** A machine and its event stream. */
export class Session implements Disposable {
  /** The machine. */
  readonly machine: Machine;
  /** Everything that has happened. */
  readonly events: KernelEvent[] = [];

  /** Boots; nothing has run yet. */
  constructor(options: SessionOptions) {
    const { arch, programs, ...rest } = options;
    this.machine = new Machine({
      memory: MEMORY,
      ...rest,
      arch: archByName(arch),
      modules: programs.map((program) =>
        typeof program === "string"
          ? { commandLine: program, bytes: programFile(program.split(" ")[0] ?? "", arch) }
          : program
      ),
      sinks: [{ write: (event) => void this.events.push(event) }],
    });
  }

  /** Runs to the end; throws if that is not reached within {@linkcode BUDGET} instructions. */
  finish(): Extract<RunResult, { kind: "halted" }> {
    const result = this.machine.run(BUDGET);
    if (result.kind === "halted") return result;
    throw new Error(`Machine has not halted but ${result.kind} at time ${this.machine.now}`);
  }

  /** The stream as JSON lines. */
  get json(): string {
    return this.events.map(formatJsonLine).join("");
  }

  /** The stream as a Mach log. */
  get log(): string {
    let lineOpen = false;
    let text = "";
    for (const event of this.events) {
      const piece = formatMachEvent(event, { lineOpen });
      if (piece !== "") lineOpen = !piece.endsWith("\n");
      text += piece;
    }
    return text;
  }

  /** What programs have printed: all of them, or one task. */
  console(task?: string): string {
    return this.of("console")
      .filter(({ thread }) => task === undefined || thread.task === task)
      .map(({ text }) => text).join("");
  }

  /** The events of one type. */
  of<T extends KernelEvent["type"]>(type: T): (KernelEvent & { readonly type: T })[] {
    return this.events.filter((event): event is KernelEvent & { readonly type: T } =>
      event.type === type
    );
  }

  /** The task of a name; throws if there is none. */
  task(name: string): Task {
    const found = this.machine.kernel.tasks.find((task) => task.name === name);
    if (found === undefined) throw new Error(`No task ${name}`);
    return found;
  }

  /** How a task ended, as one line: `exit 0`, `killed: …`, or `alive`. */
  ending(name: string): string {
    const { status } = this.task(name);
    if (status === null) return "alive";
    return status.kind === "exit" ? `exit ${status.code}` : `killed: ${status.reason}`;
  }

  /** Frees the engine. */
  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]();
  }
}
