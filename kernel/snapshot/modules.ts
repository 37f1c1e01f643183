/**
 * The boot modules of a snapshot: their files are in its RAM.
 *
 * @module
 */

import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import type { ThreadParameters } from "../../sched/parameters.ts";
import type { ProgramAbi, ProgramMode } from "../program/loader.ts";
import { SnapshotError } from "./errors.ts";
import { hashOf } from "./hash.ts";
import type { MachineConfig, Snapshot } from "./snapshot.ts";
import { checkWhole } from "./whole.ts";

/** A boot module with its file. */
export interface ModuleFile {
  /** Bootstrap script line. */
  readonly commandLine: string;
  /** Where it runs. */
  readonly mode: ProgramMode;
  /** Whose system calls it makes. */
  readonly abi: ProgramAbi;
  /** Scheduling parameters of its first thread. */
  readonly parameters: ThreadParameters;
  /** The ELF file. */
  readonly bytes: Uint8Array;
}

/**
 * Reads the files of a snapshot's boot modules out of its RAM, which begins at `ramBase`.
 * @throws {SnapshotError} of kind `file` if they are not there as they were
 */
export function modulesOf(snapshot: Snapshot, ramBase: bigint): ModuleFile[] {
  checkWhole(snapshot);
  const { config, ram } = snapshot;
  const pages = new Map<number, Uint8Array>();
  ram.frames.forEach((frame, i) => {
    const page = ram.pages[i];
    if (page !== undefined) pages.set(frame, page);
  });
  return config.modules.map((module) => ({
    commandLine: module.commandLine,
    mode: module.mode,
    abi: module.abi,
    parameters: module.parameters,
    bytes: fileOf(module, { pages, ramBase }),
  }));
}

function fileOf(
  module: MachineConfig["modules"][number],
  { pages, ramBase }: { pages: ReadonlyMap<number, Uint8Array>; ramBase: bigint },
): Uint8Array {
  const { commandLine, physical, size, hash } = module;
  const bytes = new Uint8Array(size);
  const first = Number(physical - ramBase) / PAGE_SIZE;
  for (let at = 0; at < size; at += PAGE_SIZE) {
    const page = pages.get(first + at / PAGE_SIZE);
    if (page !== undefined) bytes.set(page.subarray(0, size - at), at);
  }
  if (hashOf(bytes) === hash) return bytes;
  throw new SnapshotError(
    "file",
    `Cannot restore a snapshot: the file of "${commandLine}" is damaged`,
  );
}
