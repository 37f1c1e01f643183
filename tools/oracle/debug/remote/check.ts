/**
 * The stack frames of every thread of programs behind stubs, `gdbserver`'s and QEMU's, beside those
 * of gdb at the same stub.
 *
 * @module
 */
import { ARCH_NAMES } from "../../../../kernel/testing/programs.ts";
import { readTarget, remoteOptions, type Stub } from "../../../../gdb/remote/mod.ts";
import { type CheckResult, Differences } from "../../tool.ts";
import type { NamedCheck } from "../../walk_checks.ts";
import { ARM_SYSROOT, build } from "../dead/core_of.ts";
import {
  countsText,
  FrameComparison,
  type FrameCounts,
  noFrames,
} from "../dead/frame_comparison.ts";
import { type GdbThreads, readThere } from "../dead/gdb_frames.ts";
import { ARM_PROGRAMS, type DyingProgram, PROGRAMS } from "../dead/programs.ts";
import { checkOwn } from "./own_check.ts";
import { framesOf, type OwnThread } from "./own_threads.ts";
import { checkSystem } from "./system_check.ts";
import { connectStub, type StubProcess, withStub } from "./stub_process.ts";

/** Milliseconds that a program has to die. */
const LIFE = 20_000;

/** gdb's number of SIGTRAP, and of those that programs handle. */
const SIGTRAP = 5;
const NUMBERS: Readonly<Record<string, number>> = { SIGSEGV: 11, SIGUSR1: 30 };

/** A stub that programs are compared behind. */
interface Server {
  readonly name: string;
  readonly programs: readonly DyingProgram[];
  readonly sysroot?: string;
  /** Whether it serves one debugger after the other. */
  readonly isPatient: boolean;
  command(port: number, program: string, args: readonly string[]): [string, ...string[]];
}

const qemu = (program: string, ...options: string[]): Server["command"] => (port, file, args) => [
  program,
  ...options,
  "-g",
  `${port}`,
  file,
  ...args,
];

const SERVERS: readonly Server[] = [
  {
    name: "gdbserver",
    programs: chosen(PROGRAMS, [
      ...["callback of the C library", "callback, separate debug file"],
      ...["signal handler on a stack of its own", "threads", "exception, -O2", "inlined, LTO"],
      ...["call of a null pointer", "vDSO", "python3"],
    ]),
    isPatient: true,
    command: (port, file, args) => ["gdbserver", `127.0.0.1:${port}`, file, ...args],
  },
  {
    name: "qemu-x86_64",
    // Of programs that are linked at run time gdb does not find the libraries there.
    programs: chosen(PROGRAMS, ["callback, static", "callback, static PIE"]),
    isPatient: false,
    command: qemu("qemu-x86_64"),
  },
  {
    name: "qemu-aarch64",
    programs: chosen(ARM_PROGRAMS, [
      ...["callback of the C library", "callback, static", "threads", "exception", "heap"],
      "call of a null pointer",
    ]),
    sysroot: ARM_SYSROOT,
    isPatient: false,
    command: qemu("qemu-aarch64", "-L", ARM_SYSROOT),
  },
];

function chosen(programs: readonly DyingProgram[], names: readonly string[]): DyingProgram[] {
  return names.map((name) => {
    const found = programs.find((each) => each.name === name);
    if (found === undefined) throw new Error(`There is no program "${name}"`);
    return found;
  });
}

/** The checks of programs behind stubs. */
export function remoteChecks(directory: string): NamedCheck[] {
  const kind = "frames";
  return [
    ...SERVERS.map((server): NamedCheck => ({
      kind,
      name: `behind ${server.name}`,
      check: () => new ServerCheck(server, directory).check(),
    })),
    ...ARCH_NAMES.map((arch): NamedCheck => ({
      kind,
      name: `of a machine ${arch}`,
      check: () => checkOwn({ arch, directory }),
    })),
    { kind, name: "of CPUs of qemu-system-aarch64", check: () => checkSystem(directory) },
  ];
}

class ServerCheck {
  readonly #server: Server;
  readonly #directory: string;
  readonly #count: FrameCounts = noFrames();
  readonly #differences = new Differences();
  #threads = 0;

  constructor(server: Server, directory: string) {
    this.#server = server;
    this.#directory = directory;
  }

  async check(): Promise<CheckResult | undefined> {
    const { name, programs } = this.#server;
    let checked = 0;
    for (const each of programs) {
      const folder = Deno.makeTempDirSync({ dir: this.#directory });
      const program = build(each, folder);
      if (program !== undefined && await this.#compare(each, program)) checked++;
    }
    if (checked === 0) return undefined;
    return {
      name: `behind ${name}`,
      figures: `${checked} programs, ${this.#threads} threads, ${countsText(this.#count)}`,
      differences: this.#differences.texts,
    };
  }

  /** Compares one program; false if a tool is missing. */
  async #compare(each: DyingProgram, program: string): Promise<boolean> {
    const { isPatient, sysroot, command } = this.#server;
    const start = (port: number) => command(port, program, each.args ?? []);
    const add = (text: string) => this.#differences.add(`${each.name}: ${text}`);
    const request = { program, sysroot, handles: each.handles };
    let theirs: GdbThreads | undefined;
    const ours = await withStub(start, async (process) => {
      const own = await this.#own(process, each, program);
      if (isPatient) {
        theirs = await readThere({ ...request, remote: process.address }, this.#directory);
      }
      return own;
    });
    if (ours === undefined) return false;
    if (!isPatient) {
      theirs = await withStub(start, async (process) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        return await readThere(
          { ...request, remote: process.address, runs: true },
          this.#directory,
        );
      });
    }
    if (theirs === undefined) return false;
    if ("error" in theirs) add(theirs.error);
    else this.#compareThreads(ours, theirs.threads, add);
    return true;
  }

  /** Lets a program run until it dies, and reads its stacks. */
  async #own({ address }: StubProcess, each: DyingProgram, program: string): Promise<OwnThread[]> {
    using stub = await connectStub(address);
    await die(stub, each.handles ?? []);
    const { sysroot } = this.#server;
    const options = remoteOptions({ exe: program, ...(sysroot === undefined ? {} : { sysroot }) });
    const target = await readTarget(stub, options);
    for (const problem of target.problems) this.#differences.add(problem.message);
    const [process] = target.processes;
    if (process === undefined) return [];
    const threads = await framesOf(target, process, sysroot);
    return threads.sort((a, b) => a.id - b.id);
  }

  #compareThreads(
    ours: readonly OwnThread[],
    theirs: Extract<GdbThreads, { threads: unknown }>["threads"],
    add: (text: string) => void,
  ): void {
    // Two runs under QEMU have threads of other numbers, in the same order.
    if (ours.length !== theirs.length) add(`${ours.length} threads, gdb has ${theirs.length}`);
    ours.forEach(({ id, frames, error }, i) => {
      const tell = (text: string) => add(`thread ${id}: ${text}`);
      if (error !== undefined) tell(error.message);
      this.#threads++;
      new FrameComparison(this.#count).compare(frames, theirs[i]?.frames ?? [], tell);
    });
  }
}

/** Lets a program run until it has a signal that it does not handle. */
async function die(stub: Stub, handles: readonly string[]): Promise<void> {
  const passed = new Set(handles.map((name) => NUMBERS[name]));
  let stop = await stub.resume("vCont;c", LIFE);
  while (stop.kind === "stopped" && passed.has(stop.signal)) {
    const signal = stop.signal.toString(16).padStart(2, "0");
    stop = await stub.resume(`vCont;C${signal}`, LIFE);
  }
  if (stop.kind !== "stopped" || stop.signal === SIGTRAP || stop.signal === 0) {
    throw new Error(`The program does not die: ${JSON.stringify(stop)}`);
  }
}
