/**
 * CPUs as snapshots keep them: what the engine keeps of one is in blocks, of which an instant
 * changes one or two.
 *
 * @module
 */

import type { CpuState } from "../../arch/arch.ts";
import { isSameBytes } from "../../arch/page_store.ts";

/** A CPU; the bytes of its image in blocks. */
export interface CpuStateRecord extends Omit<CpuState, "image"> {
  /** What the engine keeps, its bytes in order. */
  readonly image: Omit<CpuState["image"], "state"> & {
    /** Blocks of 1,024 bytes; the last may be shorter. */
    readonly state: readonly Uint8Array<ArrayBuffer>[];
  };
}

/** Bytes of a block. */
const BLOCK = 1024;

/** Takes over a CPU's state. Blocks that are the same as in `before` are those. */
export function splitCpu(cpu: CpuState, before: CpuStateRecord | undefined): CpuStateRecord {
  const { state, ...image } = cpu.image;
  const blocks = Array.from({ length: Math.ceil(state.length / BLOCK) }, (_, i) => {
    const block = state.subarray(i * BLOCK, (i + 1) * BLOCK);
    const old = before?.image.state[i];
    return old !== undefined && isSameBytes(block, old) ? old : block.slice();
  });
  return { ...cpu, image: { ...image, state: blocks } };
}

/** The state a record was made of. */
export function joinCpu(record: CpuStateRecord): CpuState {
  const { state: blocks, ...image } = record.image;
  const state = new Uint8Array(blocks.reduce((size, block) => size + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    state.set(block, at);
    at += block.length;
  }
  return { ...record, image: { ...image, state } };
}
