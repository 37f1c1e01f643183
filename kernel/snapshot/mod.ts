/**
 * A machine as a value: {@linkcode Machine.snapshot} takes one, {@linkcode Machine.restore} and
 * {@linkcode Machine.from} go on from it, {@linkcode encodeSnapshot} and {@linkcode decodeSnapshot}
 * make files of it and read them.
 *
 * Everything a machine is made of has an owner, and each owner gives its part as plain data and
 * takes it back (`kernel_state.ts`); RAM is a list of page contents that are kept once
 * (`arch/page_store.ts`); a CPU is a copy of what the engine keeps, less what is the host's
 * (`unicorn/image/cpu_image.ts`), in blocks (`cpu_blocks.ts`). What a snapshot has in common with
 * the one before it is the same objects (`share.ts`).
 *
 * @module
 */
export { isSameSnapshot } from "./compare.ts";
export type { CpuStateRecord } from "./cpu_blocks.ts";
export { SnapshotError, type SnapshotErrorKind } from "./errors.ts";
export { decodeSnapshot, encodeSnapshot } from "./file.ts";
export type { CpuRecord, KernelRecord, MachineConfig, ModuleRecord, Snapshot } from "./snapshot.ts";
