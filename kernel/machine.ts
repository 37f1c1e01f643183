/**
 * The machine: boots a kernel on a CPU and runs it. The exit loop of the whole framework is
 * {@linkcode Machine.run}.
 *
 * @module
 */

import { archByName } from "../arch/mod.ts";
import { hex } from "../arch/physical_memory.ts";
import type { Policy } from "../sched/policy.ts";
import type { EventSink } from "../trace/events.ts";
import { inspectAs } from "../util/inspect.ts";
import { kernelCore, taskCore } from "./core/mod.ts";
import {
  type WatchKind,
  type Watchpoint,
  type WatchpointHit,
  type WatchpointOptions,
  Watchpoints,
} from "./debug/watchpoints.ts";
import { KernelError } from "./errors.ts";
import { Hypercalls } from "./hypercalls.ts";
import { Kernel } from "./kernel.ts";
import { findTask } from "./inspect/find.ts";
import { describeMachine, MachineView } from "./inspect/mod.ts";
import { prepareBoot } from "./machine_boot.ts";
import { checkOptions, type MachineOptions, type PolicyFactory } from "./machine_options.ts";
import type { PerCpu } from "./per_cpu.ts";
import { SnapshotError } from "./snapshot/errors.ts";
import { modulesOf } from "./snapshot/modules.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";
import { SnapshotStore } from "./snapshot/store.ts";

/** Why {@linkcode Machine.run} came back. */
export type RunResult =
  | {
    /** The machine stopped for good. */
    readonly kind: "halted";
    /** Why, one line. */
    readonly reason: string;
  }
  | {
    /** The instructions it was given are used up; run again to go on. */
    readonly kind: "paused";
  }
  | {
    /** A breakpoint was reached; run again to go on. */
    readonly kind: "breakpoint";
    /** Its address. */
    readonly address: bigint;
  }
  | {
    /** Watched memory was accessed; the instruction that did is complete. Run again to go on. */
    readonly kind: "watchpoint";
    /** What was accessed: several where watchpoints overlap, or one instruction did more. */
    readonly hits: readonly WatchpointHit[];
  };

/** What was thrown in the middle of something. */
interface Failure {
  readonly error: unknown;
}

const UNKNOWN_FAILURE: Failure = { error: "no room on the stack" };
const DISPOSED: Failure = { error: null };

function describe(failure: Failure): string {
  return failure === DISPOSED
    ? "Cannot run a machine that was disposed of"
    : `Cannot run a machine that failed before: ${String(failure.error)}`;
}

/**
 * A machine: one CPU, RAM, the kernel and its tasks.
 *
 * @example One program, to its end
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, Machine, moduleHello } from "@trapline/trapline";
 *
 * using machine = new Machine({
 *   arch: archByName("x86_64"),
 *   modules: [await moduleHello("x86_64")],
 * });
 * console.log(machine.run(), machine.console.text());
 * ```
 */
export class Machine extends MachineView implements Disposable {
  readonly #hypercalls: Hypercalls;
  readonly #snapshots: SnapshotStore;
  readonly #watchpoints: Watchpoints;
  /** Why it cannot be used any more, if it cannot. */
  #failure: Failure | null = null;
  #running = false;
  /** Whether the kernel is not in the middle of something. */
  #sound = true;

  /**
   * Builds a machine. Everything that can be wrong with the options or the programs is found here.
   * @throws {KernelError} of kind `misuse`, `script`, `program`, or `memory` if the programs do not
   *   fit
   * @throws {SchedError} if there is no such policy, or what was given is none
   */
  constructor(options: MachineOptions) {
    const { arch, policy, programs, ...built } = checkOptions(options);
    const kernel = new Kernel({ ...built, arch, policy, sinks: options.sinks ?? [] });
    super(kernel);
    this.#watchpoints = new Watchpoints(kernel);
    this.#snapshots = new SnapshotStore(kernel, built);
    this.#hypercalls = new Hypercalls(kernel);
    try {
      prepareBoot(kernel, { on: this.#boot, programs, seed: built.seed });
      kernel.events.rethrow();
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  get #boot(): PerCpu {
    return this.kernel.cpus[0] as PerCpu;
  }

  /** Refuses what would change a machine under a kernel that is at work. */
  protected override checkQuiet(action: string): void {
    if (!this.#running) return;
    throw new KernelError("misuse", `Cannot ${action} a machine that is running`);
  }

  /**
   * Runs until the machine halts, a breakpoint is reached, watched memory is accessed or
   * `instructions` more guest instructions have been executed.
   * @param instructions a positive integer; by default there is no limit
   * @throws {KernelError} of kind `misuse` in a sink or callback of this machine; of kind `engine`
   *   if the engine fails: the machine cannot be used after that
   * @throws What a sink or an observer has thrown, when the kernel is done with what it was doing:
   *   the next run goes on from there
   */
  run(instructions: number = Number.MAX_SAFE_INTEGER): RunResult {
    if (!Number.isSafeInteger(instructions) || instructions <= 0) {
      throw new KernelError(
        "misuse",
        `Cannot run ${instructions} instructions: not a positive integer`,
      );
    }
    return this.#start(instructions, { single: false });
  }

  /**
   * The least that can happen: one instruction, or the entry of one exception or interrupt, which
   * leaves the CPU before the first instruction of the kernel's vector.
   * @throws {KernelError} and others as {@linkcode Machine.run}
   */
  step(): RunResult {
    return this.#start(1, { single: true });
  }

  #start(instructions: number, how: { readonly single: boolean }): RunResult {
    if (this.#running) throw new KernelError("misuse", "Cannot run a machine that is running");
    if (this.#failure !== null) throw new KernelError("engine", describe(this.#failure));
    this.#running = true;
    // Until it is known better: where the stack has no room left, nothing can be found out.
    this.#failure = UNKNOWN_FAILURE;
    try {
      const result = this.#run(instructions, how);
      this.#sound = true;
      this.#failure = null;
      return result;
    } catch (error) {
      this.#failure = { error };
      if (this.#sound && this.cpu.usable) this.#failure = null;
      throw error;
    } finally {
      this.#running = false;
    }
  }

  #run(instructions: number, { single }: { readonly single: boolean }): RunResult {
    const k = this.kernel;
    const on = this.#boot;
    const { cpu } = on;
    let end = Math.min(Number.MAX_SAFE_INTEGER, cpu.instructions + instructions);
    while (k.halted === null && cpu.instructions < end) {
      k.events.on(on.id);
      if (k.timers.active || k.clock.alarm !== Infinity) k.decisions.arm(on);
      const { now } = k.clock;
      if (k.clock.next <= now) {
        for (const line of k.clock.takeDue()) cpu.raiseInterrupt(line);
      }
      this.#sound = true;
      if (k.events.failed) k.events.rethrow();
      const exit = single
        ? cpu.step()
        : cpu.run(Math.min(end - cpu.instructions, k.clock.next - now));
      this.#sound = false;
      switch (exit.kind) {
        case "hypercall":
          this.#hypercalls.serve(on);
          if (!this.#watchpoints.isEmpty) {
            const hits = this.#watchpoints.written(on);
            if (hits.length > 0) return { kind: "watchpoint", hits };
          }
          break;
        case "watch": {
          const hits = this.#watchpoints.found(on, exit.hits);
          if (hits.length > 0) return { kind: "watchpoint", hits };
          break;
        }
        case "budget":
          if (single) end = cpu.instructions;
          break;
        case "stop":
          return { kind: "breakpoint", address: cpu.pc };
        case "memory": {
          const { access, address } = exit;
          k.halt(`Machine check: ${access} of physical address ${hex(address)}, no memory there`);
          break;
        }
        case "shutdown":
          k.halt(exit.reason);
          break;
        case "fault":
          throw new KernelError("engine", `Engine failed: ${exit.error.message}`, {
            cause: exit.error,
            address: cpu.pc,
          });
      }
    }
    if (k.events.failed) {
      this.#sound = true;
      k.events.rethrow();
    }
    return k.halted === null ? { kind: "paused" } : { kind: "halted", reason: k.halted };
  }

  /**
   * The machine at this instant, as plain data. Snapshots along a run share the page contents that
   * have not changed.
   *
   * @example From an instant in the past, another interleaving
   * ```ts
   * // deno run --allow-ffi --allow-env example.ts
   * import { archByName, Machine, moduleHello } from "@trapline/trapline";
   *
   * const modules = [await moduleHello("x86_64")];
   * using machine = new Machine({ arch: archByName("x86_64"), modules });
   * machine.run(10_000);
   * const snapshot = machine.snapshot();
   * machine.run(5_000);
   * machine.restore(snapshot);
   * machine.injectInterrupt(2);
   * machine.run(5_000);
   * ```
   *
   * @throws {SnapshotError} of kind `moment` in a sink or callback, or if the machine has failed or
   *   is disposed of
   */
  snapshot(): Snapshot {
    this.#checkStill("take");
    return this.#snapshots.take();
  }

  /**
   * Makes the machine what it was when a snapshot was taken, of this machine or one that was built
   * alike. Tasks and threads are other objects afterwards; sinks, breakpoints and observers stay.
   *
   * @param options `keepTlb` keeps what the TLB holds, to check that nothing relies on its being
   *   empty: right only if no table has changed since
   * @throws {SnapshotError} of kind `image`, `machine` or `library` if the snapshot is of another
   *   machine, `moment` as in {@linkcode Machine.snapshot}
   */
  restore(snapshot: Snapshot, options: { readonly keepTlb?: boolean } = {}): void {
    this.#checkStill("restore");
    this.#snapshots.restore(snapshot, options);
  }

  /**
   * A new machine that is where a snapshot was taken.
   *
   * @param options where its events go, which go on with the number after the snapshot's last; and
   *   the policy, if the machine had one of its user's own
   * @throws {SnapshotError} if this version of the framework or of the engine cannot go on from it
   */
  static from(
    snapshot: Snapshot,
    options: {
      readonly sinks?: readonly EventSink[];
      readonly policy?: Policy | PolicyFactory;
    } = {},
  ): Machine {
    const { arch, cpuModel, ownPolicy, boot, memory, quantum, seed, timer, stackLimit, ioLatency } =
      snapshot.config;
    const policy = options.policy ?? (ownPolicy ? undefined : snapshot.config.policy);
    if (policy === undefined) {
      throw new SnapshotError(
        "policy",
        `Cannot build a machine from a snapshot: its policy "${snapshot.config.policy}" is its ` +
          "user's own, expected it in the options",
      );
    }
    const found = archByName(arch);
    const machine = new Machine({
      arch: found,
      cpuModel,
      modules: modulesOf(snapshot, found.ramBase),
      policy,
      memory,
      quantum,
      seed,
      timer,
      stackLimit,
      ioLatency,
      ...boot,
    });
    try {
      machine.restore(snapshot);
    } catch (error) {
      machine[Symbol.dispose]();
      throw error;
    }
    machine.kernel.events.connect(options.sinks ?? []);
    return machine;
  }

  #checkStill(action: string): void {
    if (!this.#running && this.#failure === null) return;
    const why = this.#running || this.#failure === null
      ? "the machine is running"
      : describe(this.#failure);
    throw new SnapshotError("moment", `Cannot ${action} a snapshot: ${why}`);
  }

  /**
   * The bytes of an ELF core file in Linux's layout: what debuggers open. In a sink it is the core
   * of the instant of the event. The same machine gives the same bytes.
   *
   * Of a task in user mode, its process and threads have the numbers of threads here; of its memory
   * there is what is in page frames. Of task 0, the kernel's own, or one in kernel mode it is a core
   * of the whole machine: the kernel's half of the address space, with all of RAM in it, and below
   * that what the CPU sees there now. Thread 1 is the CPU, with what it holds in whichever mode;
   * 1000 and more are threads that do not run, as the kernel will go on with them.
   *
   * @example For gdb
   * ```ts
   * // deno run --allow-ffi --allow-env --allow-write example.ts
   * import { archByName, Machine, moduleHello } from "@trapline/trapline";
   *
   * const program = await moduleHello("x86_64");
   * using machine = new Machine({ arch: archByName("x86_64"), modules: [program] });
   * while (machine.console.text() === "") machine.run(1_000);
   * const folder = Deno.makeTempDirSync();
   * const file = `${folder}/hello.elf`;
   * Deno.writeFileSync(file, program.bytes);
   * Deno.writeFileSync(`${folder}/core`, machine.core({ task: 1, file }));
   * console.log(`gdb-multiarch ${file} ${folder}/core`);
   * ```
   *
   * @param options `task` is a task's number or name, by default the one whose thread runs; `file`
   *   the name under which debuggers find the program's file, by default the task's name, or the
   *   kernel's image
   * @throws {KernelError} of kind `misuse` if there is no such task, it has no thread with a
   *   program, or its memory has been freed
   */
  core(
    options: { readonly task?: number | string; readonly file?: string } = {},
  ): Uint8Array<ArrayBuffer> {
    const { task } = options;
    const k = this.kernel;
    const of = task === undefined ? this.#boot.current.task : findTask(k, task);
    return of.space === null ? kernelCore(k, options) : taskCore(k, of, options);
  }

  /**
   * Asserts an interrupt line (0 to 31) now; the guest takes it as soon as it has interrupts
   * unmasked.
   */
  injectInterrupt(line: number): void {
    this.cpu.raiseInterrupt(line);
  }

  /**
   * Stops every run just before the instruction at a virtual address. Dispose the result to remove
   * the breakpoint.
   *
   * @example At a label of the guest kernel
   * ```ts
   * // deno run --allow-ffi --allow-env example.ts
   * import { archByName, Machine, moduleHello } from "@trapline/trapline";
   *
   * const arch = archByName("aarch64");
   * using machine = new Machine({ arch, modules: [await moduleHello("aarch64")] });
   * machine.addBreakpoint(arch.image.label("exit_to_user"));
   * machine.run();
   * console.log(machine); // at exit_to_user, in kernel mode
   * ```
   */
  addBreakpoint(address: bigint): Disposable {
    return this.cpu.addBreakpoint(address);
  }

  /**
   * Stops every run just behind an access to memory: an instruction's, in user or kernel mode, the
   * processor's own when it enters an exception, or a write of the kernel's part in TypeScript.
   * Only bytes that are touched count, of accesses of every size. Dispose the result to remove it.
   * Events and the clock are the same with watchpoints as without; while there are none they cost
   * nothing. Like breakpoints they are no part of a snapshot.
   *
   * @param address virtual address of the first byte, which need not be mapped yet
   * @param size bytes, 1 to 2^20
   * @throws {KernelError} of kind `misuse` if that is no range, or the kind or task none
   *
   * @example Who writes to a variable?
   * ```ts
   * // deno run --allow-ffi --allow-env example.ts
   * import { archByName, Machine, moduleHello } from "@trapline/trapline";
   * import { parseElf } from "@trapline/trapline/elf";
   *
   * const program = await moduleHello("x86_64");
   * const { value: line, size } = parseElf(program.bytes).symbolNamed("line")!;
   * using machine = new Machine({ arch: archByName("x86_64"), modules: [program] });
   * using watchpoint = machine.addWatchpoint(line, Number(size), "access", { task: 1 });
   * const result = machine.run();
   * if (result.kind === "watchpoint") {
   *   for (const { pc, before, value } of result.hits) console.log(pc.toString(16), before, value);
   * }
   * ```
   */
  addWatchpoint(
    address: bigint,
    size: number,
    kind: WatchKind,
    options: WatchpointOptions = {},
  ): Watchpoint {
    return this.#watchpoints.add({ address, size, kind }, options);
  }

  /**
   * Frees the engine. A second time does nothing.
   *
   * @throws {KernelError} of kind `misuse` in a sink or callback of this machine
   */
  [Symbol.dispose](): void {
    if (this.#running) {
      throw new KernelError("misuse", "Cannot dispose of a machine that is running");
    }
    this.#failure ??= DISPOSED;
    this.#close();
  }

  #close(): void {
    for (const { cpu } of this.kernel.cpus) cpu[Symbol.dispose]();
  }
}

inspectAs(Machine, ({ kernel }) => describeMachine(kernel));
