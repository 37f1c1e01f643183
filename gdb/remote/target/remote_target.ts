/**
 * A program, or several, behind a stub.
 *
 * @module
 */
import { InputError } from "../../../bytes/mod.ts";
import { type Machine, parseElf } from "../../../elf/mod.ts";
import type { ProgramFiles, Target, TargetProcess } from "../../../debug/target/mod.ts";
import {
  formatThreadId,
  GdbProtocolError,
  parseThreads,
  readTargetXml,
  type StopReply,
  type TargetDescription,
  textOfHex,
  type ThreadId,
} from "../../protocol/mod.ts";
import { RemoteError } from "../errors.ts";
import { Stub } from "../stub/stub.ts";
import type { Wire } from "../wire/wire.ts";
import { FetchedMemory } from "./fetched_memory.ts";
import { findModules } from "./modules.ts";
import { fetchFor } from "./not_fetched.ts";
import { DEFAULT_DESCRIPTIONS, describedMachine, RegisterLayout } from "./register_layout.ts";
import { RemoteThread } from "./remote_thread.ts";
import { signalOf } from "./signals.ts";
import { RED_ZONE } from "../../../debug/target/red_zone.ts";

/** Milliseconds that all of a connection, or all of one action, may take where nothing is said. */
const TOTAL = 120_000;

/**
 * Options of {@linkcode connectRemote}. Files that `open` does not give are asked of the stub, and
 * `exe` is for stubs that do not say which it is.
 */
export interface RemoteOptions extends ProgramFiles {
  /** Milliseconds that each answer may take; default 10,000. */
  readonly timeout?: number | undefined;
  /**
   * Milliseconds that connecting may take as a whole, and each {@linkcode RemoteTarget.settle};
   * default 120,000.
   */
  readonly totalTimeout?: number | undefined;
  /** Name for messages, where the target is no address. */
  readonly name?: string | undefined;
}

/**
 * Connects to a stub of the GDB remote serial protocol, and reads which threads it has, their
 * registers, and which files are loaded. The programs stay as they are, stopped.
 *
 * @param to `[HOST]:PORT`, or a wire, which is taken over
 * @throws {RemoteError} If the stub is not there, is silent, or serves no program of ours
 * @throws {GdbProtocolError} If it says what cannot be read
 */
export async function connectRemote(
  to: string | Wire,
  options: RemoteOptions = {},
): Promise<RemoteTarget> {
  const stub = await Stub.connect(to, options);
  try {
    return await readTarget(stub, options);
  } catch (error) {
    stub[Symbol.dispose]();
    throw error;
  }
}

/**
 * Reads what a stub serves, as it is now: its programs must be stopped. The target takes the stub
 * over. Throws as {@linkcode connectRemote}.
 */
export async function readTarget(stub: Stub, options: RemoteOptions = {}): Promise<RemoteTarget> {
  return await stub.within(options.totalTimeout ?? TOTAL, () => open(stub, options));
}

/** A stub's programs. */
export class RemoteTarget implements Target {
  readonly kind = "remote";
  readonly name: string;
  readonly machine: Machine;
  readonly processes: readonly TargetProcess[];
  readonly problems: readonly InputError[];
  /** The stub. Once the programs have run, {@linkcode readTarget} shows what they are then. */
  readonly stub: Stub;
  readonly #total: number;

  /** Use {@linkcode connectRemote}. */
  constructor(stub: Stub, init: {
    readonly machine: Machine;
    readonly processes: readonly TargetProcess[];
    readonly problems: readonly InputError[];
    readonly total: number;
  }) {
    this.stub = stub;
    this.name = stub.name;
    this.machine = init.machine;
    this.processes = init.processes;
    this.problems = init.problems;
    this.#total = init.total;
  }

  /**
   * Runs an action that reads memory, again whenever what it wanted has been fetched. The action may
   * give a promise.
   */
  settle<T>(action: () => T): Promise<T> {
    return this.stub.within(this.#total, () => fetchFor(action)) as Promise<T>;
  }

  /** Closes the connection. The stub lets the programs stop or go on, as is its way. */
  [Symbol.dispose](): void {
    this.stub[Symbol.dispose]();
  }
}

async function open(stub: Stub, options: RemoteOptions): Promise<RemoteTarget> {
  const { stop } = stub;
  if (stop.kind !== "stopped") {
    throw stub.error("state", `The program has ended (${stop.kind}), expected one that is stopped`);
  }
  const problems: InputError[] = [];
  const threads = await stub.threads();
  const description = await described(stub);
  const machine = description === undefined
    ? await guessedMachine(stub, { thread: threads[0]!, options })
    : describedMachine(description);
  if (machine === undefined) {
    const { architecture = "unknown" } = description ?? {};
    const message = `The target's architecture is ${architecture}, expected x86-64 or AArch64`;
    throw stub.error("architecture", message);
  }
  const layout = new RegisterLayout(machine, description ?? DEFAULT_DESCRIPTIONS[machine]);
  const said = await toldOfThreads(stub, problems);
  const processes: TargetProcess[] = [];
  for (const [id, members] of Map.groupBy(threads, ({ process }) => process ?? 0)) {
    const [first] = members;
    const memory = new FetchedMemory(stub, first!);
    const found = await findModules(
      { stub, machine, memory, thread: first!, process: id === 0 ? undefined : id },
      // A program that is given is the one that stopped.
      {
        ...options,
        exe: processes.length === 0 ? options.exe : undefined,
        told: (problem) => void problems.push(problem),
      },
    );
    const opened: RemoteThread[] = [];
    for (const thread of members) {
      const { name, state } = said(thread) ?? await extraInfo(stub, thread);
      try {
        opened.push(await RemoteThread.read(stub, { thread, layout, name, state }));
      } catch (error) {
        // One that has ended meanwhile, or cannot be looked at, is no loss to the others.
        if (!(error instanceof RemoteError && error.kind === "error-reply")) throw error;
        if (thread === threads[0]) throw error;
        problems.push(error);
      }
    }
    processes.push({
      id,
      name: found.name,
      threads: opened,
      memory,
      modules: found.modules,
      missing: found.missing,
      walk: { redZone: RED_ZONE[machine] },
      signal: await stopSignal(stub, stop, members),
    });
  }
  return new RemoteTarget(stub, {
    machine,
    processes,
    problems,
    total: options.totalTimeout ?? TOTAL,
  });
}

/** The target's description; undefined if it gives none. */
async function described(stub: Stub): Promise<TargetDescription | undefined> {
  if (!stub.has("qXfer:features:read")) return undefined;
  return await readTargetXml(async (annex) => {
    const bytes = await stub.object("features", annex);
    if (bytes !== undefined) return new TextDecoder().decode(bytes);
    throw new GdbProtocolError("description", "The target does not send its description", {
      packet: annex,
      expected: "a document of that name",
    });
  });
}

/** A machine by what the program's file is for, or by how many registers there are. */
async function guessedMachine(
  stub: Stub,
  from: { readonly thread: ThreadId; readonly options: RemoteOptions },
): Promise<Machine> {
  const { exe } = from.options;
  if (exe !== undefined) return parseElf(exe.content, { name: exe.name }).machine;
  const size = (await stub.registers(from.thread)).length / 2;
  for (const machine of ["x86_64", "aarch64"] as const) {
    const layout = new RegisterLayout(machine, DEFAULT_DESCRIPTIONS[machine]);
    if (size === layout.size) return machine;
  }
  const message = `The stub describes no registers, and sends ${size} bytes of them, ` +
    "expected those of x86-64 or AArch64, or the program's file";
  throw stub.error("architecture", message);
}

interface Told {
  readonly name?: string | undefined;
  readonly state?: string | undefined;
}

/** What the list of threads says of each, where the stub has such a list. */
async function toldOfThreads(
  stub: Stub,
  problems: InputError[],
): Promise<(thread: ThreadId) => Told | undefined> {
  const bytes = await stub.object("threads");
  if (bytes === undefined) return () => undefined;
  try {
    const all = parseThreads(new TextDecoder().decode(bytes));
    return ({ process, thread }) =>
      all.find(({ id }) => id.thread === thread && id.process === process);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // Names are no loss.
    problems.push(error);
    return () => ({});
  }
}

/** What a stub without such a list says of a thread, for people. */
async function extraInfo(stub: Stub, thread: ThreadId): Promise<Told> {
  const answer = await stub.ask(`qThreadExtraInfo,${formatThreadId(thread)}`);
  if (!/^(?:[0-9a-f]{2})+$/i.test(answer)) return {};
  return { state: textOfHex(answer) };
}

/** The signal that stopped a process, if it was one of its threads that stopped. */
async function stopSignal(
  stub: Stub,
  stop: StopReply,
  threads: readonly ThreadId[],
): Promise<TargetProcess["signal"]> {
  if (stop.kind !== "stopped" || stop.signal === 0) return undefined;
  const { thread: stopped } = stop;
  const isOurs = stopped === undefined ||
    threads.some((each) => each.thread === stopped.thread && each.process === stopped.process);
  if (!isOurs) return undefined;
  return signalOf(stop.signal, await stub.object("siginfo", "", stopped ?? threads[0]));
}
