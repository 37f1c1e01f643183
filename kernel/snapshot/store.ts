/**
 * Takes and restores snapshots of one machine.
 *
 * @module
 */

import { ArchError } from "../../arch/errors.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { PageStore } from "../../arch/page_store.ts";
import type { Kernel } from "../kernel.ts";
import type { KernelOptions } from "../kernel_options.ts";
import { joinCpu } from "./cpu_blocks.ts";
import { SnapshotError } from "./errors.ts";
import { checkWhole } from "./whole.ts";
import { hashOf } from "./hash.ts";
import { restoreKernel, saveCpus, saveKernel } from "./kernel_state.ts";
import { share } from "./share.ts";
import type { MachineConfig, Snapshot } from "./snapshot.ts";

/**
 * Takes snapshots of a machine and restores them. What does not change along a run is kept once.
 */
export class SnapshotStore {
  readonly #k: Kernel;
  readonly #pages: PageStore;
  readonly #options: Omit<KernelOptions, "sinks" | "policy" | "arch">;
  #config: MachineConfig | undefined;
  /** The snapshot that the machine is nearest to: the one taken or restored last. */
  #last: Snapshot | undefined;

  /** For a machine whose boot modules are in place. */
  constructor(k: Kernel, options: Omit<KernelOptions, "sinks" | "policy" | "arch">) {
    this.#k = k;
    this.#pages = new PageStore(k.memory);
    this.#options = options;
  }

  /** What the machine was built from. */
  get config(): MachineConfig {
    return this.#config ??= this.#describe();
  }

  /** Takes a snapshot. */
  take(): Snapshot {
    const k = this.#k;
    const last = this.#last;
    return this.#last = {
      config: this.config,
      ram: this.#pages.capture(k.pageFrames.used(), last?.ram),
      cpus: share(saveCpus(k, last?.cpus), last?.cpus),
      kernel: share(saveKernel(k), last?.kernel),
    };
  }

  /**
   * Makes the machine what it was when a snapshot was taken.
   * @param options `keepTlb` leaves what the TLB holds, which is right only if nothing in it has
   *   changed
   * @throws {SnapshotError} of kind `image`, `machine` or `library` if it is of a machine that was
   *   built otherwise, `file` if its bytes were transferred away; nothing has changed then
   */
  restore(snapshot: Snapshot, options: { keepTlb?: boolean } = {}): void {
    const k = this.#k;
    checkConfig(snapshot.config, this.config);
    checkWhole(snapshot);
    // The CPUs come first: they are what may be refused, and then nothing has changed.
    snapshot.cpus.forEach(({ state }, i) => {
      try {
        k.cpus[i]?.cpu.restore(joinCpu(state), options);
      } catch (error) {
        if (!(error instanceof ArchError)) throw error;
        throw new SnapshotError("library", `Cannot restore a snapshot: ${error.message}`, {
          cause: error,
        });
      }
    });
    const changed = this.#pages.restore(snapshot.ram, k.pageFrames.used());
    const { cpus, kernel, ram } = snapshot;
    restoreKernel(k, kernel, { cpus, used: ram.frames });
    // Which of them hold code, of a program or the kernel, now or then, is the engine's to know.
    for (const frame of changed) {
      k.dropCode(k.memory.base + BigInt(frame * PAGE_SIZE));
    }
    this.#last = snapshot;
  }

  #describe(): MachineConfig {
    const k = this.#k;
    const {
      cpuModel,
      ownPolicy,
      policyText,
      memory,
      quantum,
      seed,
      timer,
      stackLimit,
      ioLatency,
      boot,
    } = this.#options;
    return {
      arch: k.arch.name,
      cpuModel,
      image: hashOf(k.arch.image.bytes),
      memory,
      policy: policyText,
      ownPolicy,
      quantum,
      seed,
      timer,
      stackLimit,
      ioLatency,
      boot,
      modules: k.bootModules.map(({ commandLine, mode, abi, parameters, physical, bytes }) => ({
        commandLine,
        mode,
        abi,
        parameters,
        physical,
        size: bytes.length,
        hash: hashOf(bytes),
      })),
    };
  }
}

/** Refuses a snapshot of a machine that was built otherwise. */
function checkConfig(of: MachineConfig, here: MachineConfig): void {
  if (of === here) return;
  const describe = (value: unknown): string =>
    JSON.stringify(value, (_, item) => typeof item === "bigint" ? `0x${item.toString(16)}` : item);
  for (const name of Object.keys(here) as (keyof MachineConfig)[]) {
    if (describe(of[name]) === describe(here[name])) continue;
    throw new SnapshotError(
      name === "image" ? "image" : "machine",
      `Cannot restore a snapshot: its ${name} is ${describe(of[name])}, this machine's is ${
        describe(here[name])
      }`,
    );
  }
}
