/**
 * A machine as a target.
 *
 * @module
 */
import type { InputError } from "../../bytes/mod.ts";
import type { Machine as MachineName } from "../../elf/mod.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { Machine } from "../../kernel/machine.ts";
import type { Snapshot } from "../../kernel/snapshot/mod.ts";
import type { Target, TargetKind, TargetProcess } from "../target/mod.ts";
import { kernelProcess } from "./kernel_process.ts";
import { taskProcess } from "./task_process.ts";

/**
 * A machine that is stopped: the kernel as a process, and a process for each task with an address
 * space of its own. It is looked at when it is asked for; when the machine has run on, make a new
 * one.
 */
export class MachineTarget implements Target {
  /** Where memory and registers come from. */
  readonly kind: TargetKind;
  /** Name for messages. */
  readonly name: string;
  /** The machine. */
  readonly live: Machine;
  readonly #owned: boolean;
  #processes: readonly TargetProcess[] | undefined;

  /** Use {@linkcode machineTarget} or {@linkcode snapshotTarget}. */
  constructor(
    live: Machine,
    { kind, name, owned }: {
      readonly kind: "machine" | "snapshot";
      readonly name: string;
      readonly owned: boolean;
    },
  ) {
    this.live = live;
    this.kind = kind;
    this.name = name;
    this.#owned = owned;
  }

  get #k(): Kernel {
    return this.live.kernel;
  }

  /** Machine the code is for. */
  get machine(): MachineName {
    return this.#k.arch.elfMachine;
  }

  /** The kernel, and each task with an address space, by number. */
  get processes(): readonly TargetProcess[] {
    return this.#processes ??= [
      kernelProcess(this.#k),
      ...this.#k.tasks
        .filter(({ space, module, reaped }) => space !== null && module !== null && !reaped)
        .map((task) => taskProcess(this.#k, task)),
    ];
  }

  /** What is damaged in the files of its programs. */
  get problems(): readonly InputError[] {
    const modules = this.processes.flatMap(({ modules }) => modules.modules);
    return [...new Set(modules.flatMap(({ damage }) => damage))];
  }

  /** Runs an action: all memory can be read at once. */
  settle<T>(action: () => T): Promise<T> {
    return Promise.resolve(action());
  }

  /** Frees the machine of a snapshot; a running one is its owner's. */
  [Symbol.dispose](): void {
    if (this.#owned) this.live[Symbol.dispose]();
  }
}

/** A machine as a target, as it is now. */
export function machineTarget(
  machine: Machine,
  options: { readonly name?: string } = {},
): MachineTarget {
  return new MachineTarget(machine, {
    kind: "machine",
    name: options.name ?? "machine",
    owned: false,
  });
}

/**
 * A snapshot as a target. A machine is made of it: only the engine knows where in a CPU's bytes its
 * registers are. Dispose of it when done.
 *
 * @param options `policy` is needed where the machine had one of its user's own
 * @throws {SnapshotError} as {@linkcode Machine.from}
 */
export function snapshotTarget(
  snapshot: Snapshot,
  options:
    & { readonly name?: string }
    & Pick<Parameters<typeof Machine.from>[1] & object, "policy"> = {},
): MachineTarget {
  const { name = "snapshot", ...others } = options;
  return new MachineTarget(Machine.from(snapshot, others), { kind: "snapshot", name, owned: true });
}
