/**
 * What one debugger has at a machine: processes, a selection, open files. Packets work on it.
 *
 * @module
 */

import { monitorCommand } from "../../monitor/mod.ts";
import type { SignalInfo } from "../../../kernel/core/notes.ts";
import { ALL, ANY, formatThreadId, parseThreadId } from "../../protocol/mod.ts";
import { GdbServerError } from "../errors.ts";
import type { Debuggee } from "../machine/debuggee.ts";
import { Population } from "../machine/population.ts";
import { backward } from "../machine/reverse.ts";
import { type Goal, Runner } from "../machine/runner.ts";
import { type Stop, stopReply, threadOf } from "../machine/stop.ts";
import { isSameName, KERNEL_PROCESS, type ThreadName } from "../names.ts";
import type { Answer } from "./answer.ts";

/** One debugger. */
export class Client {
  /** The machine. */
  readonly debuggee: Debuggee;
  /** The processes that are attached to. */
  readonly population: Population;
  /** Open files, by descriptor. */
  readonly files: Map<number, Uint8Array> = new Map();
  /** The values of the system's registers that it was told, `name=digits`. */
  readonly told: Set<string> = new Set();
  /** Whether the machine runs while no process is attached to. */
  readonly runsDetached: boolean;
  /** Whether threads are named with their processes. */
  multiprocess = false;
  /** Whether it has detached from the last process, and not attached to any since. */
  hasDetached = false;
  readonly #runner: Runner;
  #general: ThreadName;
  #resumed: ThreadName;
  #last: Stop;
  #said = "";

  /** A debugger has come. */
  constructor(debuggee: Debuggee, { runsDetached }: { readonly runsDetached: boolean }) {
    this.debuggee = debuggee;
    this.runsDetached = runsDetached;
    this.population = new Population(debuggee);
    this.#runner = new Runner(debuggee, this.population);
    this.#general = this.#resumed = debuggee.inferiors.here;
    this.#last = { kind: "step", thread: this.#general };
  }

  /** The machine has stopped; returns the reply that tells. */
  stopped(stop: Stop): string {
    this.#last = stop;
    const thread = threadOf(stop);
    if (thread !== undefined) this.#general = this.#resumed = thread;
    return this.lastStop();
  }

  /** The reply that tells of the last stop. */
  lastStop(): string {
    const { layout, inferiors } = this.debuggee;
    const thread = threadOf(this.#last);
    if (thread === undefined || !inferiors.has(thread)) {
      return stopReply(this.#last, { multiprocess: this.multiprocess });
    }
    const context = this.debuggee.registers(thread);
    const registers = new Map<number, Uint8Array>();
    layout.fields.forEach(({ name, size, access }, number) => {
      if (!layout.expedited.includes(name)) return;
      const bytes = access.read(context, size);
      if (bytes !== undefined) registers.set(number, bytes);
    });
    return stopReply(this.#last, { multiprocess: this.multiprocess, registers });
  }

  /** What is known of the signal that the selected thread has stopped for. */
  get signal(): SignalInfo | undefined {
    const last = this.#last;
    if (last.kind !== "signal" || last.info.signal === 0) return undefined;
    return isSameName(last.thread, this.#general) ? last.info : undefined;
  }

  /** Has the debugger show a text, as soon as it listens. */
  say(text: string): void {
    this.#said += text;
  }

  /** What is to be shown, once. */
  takeSaid(): string {
    const said = this.#said;
    this.#said = "";
    return said;
  }

  /** The thread that registers and memory are of. */
  get general(): ThreadName {
    return this.#general;
  }

  /** The thread that a step back, or an old form of resuming, is of. */
  get resumed(): ThreadName {
    return this.#resumed;
  }

  /** Another thread from now on. */
  select(what: "general" | "resumed", name: ThreadName): void {
    if (what === "general") this.#general = name;
    else this.#resumed = name;
  }

  /** Carries a command of `monitor` out; returns what it says. */
  monitor(command: string): string {
    const { text, moved } = monitorCommand(this.debuggee.history, command);
    if (!moved) return text;
    this.population.settle();
    const thread = this.population.told(this.debuggee.inferiors.here);
    this.#general = this.#resumed = thread;
    this.#last = { kind: "step", thread };
    return `${text}gdb sees it after: maintenance flush register-cache\n`;
  }

  /**
   * Whether a stop is none to a debugger who knows of one process only: the machine is what it
   * debugs, and goes on when a task ends.
   */
  passes(stop: Stop): boolean {
    if (this.multiprocess) return false;
    if (stop.kind === "history") return stop.at === "end" && this.debuggee.halted !== null;
    return stop.kind === "exit" && stop.process !== KERNEL_PROCESS;
  }

  /** Runs forward. */
  forward(goal: Goal): Answer {
    return { run: this.running(goal) };
  }

  /** The same, to be gone through. */
  running(goal: Goal): Generator<void, Stop> {
    return this.#runner.forward(goal);
  }

  /** Runs backward. */
  backward(goal: Goal): Answer {
    return { run: backward(this.debuggee, { population: this.population, goal }) };
  }

  /**
   * The thread that a packet names; where it leaves the choice, the one that has stopped last, that
   * is selected, or the first. gdb reads the registers of one that it was told to have stopped
   * without selecting it, after it has left the choice.
   * @throws {GdbServerError} if there is none
   * @throws {GdbProtocolError} if it is no name
   */
  thread(text: string): ThreadName {
    const id = parseThreadId(text);
    const { inferiors } = this.debuggee;
    const { attached } = this.population;
    const any = (number: number | undefined) =>
      number === undefined || number === ANY || number === ALL;
    const found = attached.filter((process) => any(id.process) || process === id.process)
      .flatMap((process) => inferiors.threads(process))
      .filter(({ thread }) => any(id.thread) || thread === id.thread);
    const isFree = (id.process ?? ANY) === ANY && id.thread === ANY;
    const likely = (isFree ? threadOf(this.#last) : undefined) ?? this.#general;
    const name = found.find((each) => isSameName(each, likely)) ??
      found.find((each) => each.process !== KERNEL_PROCESS || any(id.thread)) ?? found[0];
    if (name === undefined) {
      throw new GdbServerError(`There is no thread ${formatThreadId(id)}`);
    }
    return name;
  }

  /** A thread's name as packets have it. */
  nameOf({ process, thread }: ThreadName): string {
    return formatThreadId(this.multiprocess ? { process, thread } : { thread });
  }

  /** Changes the machine; in the past, says that history forks. */
  change(change: () => void): void {
    const { inPast } = this.debuggee.history;
    change();
    if (inPast) {
      this.say("Written in the past: what had come after this instant is forgotten.\n");
    }
  }
}
