/**
 * Who has overwritten a return address: found by running once more.
 *
 * @module
 */

import type { Machine, Snapshot } from "../../kernel/mod.ts";
import type { FindingDraft } from "./ledger.ts";
import type { Program } from "./program.ts";

const WORD = 8;

/**
 * Adds to findings of overwritten return addresses the instruction that wrote each. The machine runs
 * again from where it began.
 */
export function findWriters(
  machine: Machine,
  { begin, drafts }: { begin: Snapshot; drafts: readonly FindingDraft[] },
): void {
  for (const draft of drafts) {
    const { overwritten, program } = draft;
    if (overwritten === null) continue;
    machine.restore(begin);
    const { slot, until, value } = overwritten;
    const task = program.task.id;
    const address = BigInt(slot);
    using _watchpoint = machine.addWatchpoint(address, WORD, "write", { task });
    let writer: { address: number; time: number; did: string } | undefined;
    while (machine.cpu.instructions < until) {
      const result = machine.run(until - machine.cpu.instructions);
      if (result.kind !== "watchpoint") break;
      const hit = result.hits.at(-1);
      const bytes = machine.readMemory(address, WORD, { task });
      const word = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
      // What was written before the right address was is of no interest, nor what is gone again.
      writer = undefined;
      if (hit === undefined || word !== BigInt(value)) continue;
      const time = machine.cpu.instructions - 1;
      writer = hit.pc < machine.kernel.arch.userEnd
        ? { address: Number(hit.pc), time, did: "overwrote the return address" }
        : {
          address: systemCallOf(machine, program),
          time,
          did: "had the kernel overwrite the return address",
        };
    }
    if (writer !== undefined) draft.evidence.push(program.draft(writer, writer.did));
  }
}

/** The instruction by which the running thread has entered the kernel. */
function systemCallOf({ kernel }: Machine, program: Program): number {
  const { arch, cpus: [on] } = kernel;
  if (on === undefined) return 0;
  const pc = Number(kernel.userFrame(on.current).pc);
  for (let size = 1; size <= arch.maxInstructionSize; size++) {
    const use = arch.stackUse(program.bytes(pc - size, size));
    if (use?.flow === "trap" && use.size === size) return pc - size;
  }
  return pc;
}
