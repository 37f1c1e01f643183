/**
 * Who has overwritten a return address: found by running once more.
 *
 * @module
 */

import { Machine, type MachineOptions } from "../../kernel/mod.ts";
import type { Snapshot } from "../../kernel/mod.ts";
import type { FindingDraft } from "./findings.ts";

const WORD = 8;

/** Adds to findings of overwritten return addresses the instruction that wrote each. */
export function findWriters(
  options: MachineOptions,
  { begin, drafts }: { begin: Snapshot; drafts: readonly FindingDraft[] },
): void {
  for (const draft of drafts) {
    const { overwritten, program } = draft;
    if (overwritten === null) continue;
    using machine = Machine.from(begin, {
      ...(typeof options.policy === "object" || typeof options.policy === "function"
        ? { policy: options.policy }
        : {}),
    });
    const { slot, until, value } = overwritten;
    const task = program.task.id;
    const address = BigInt(slot);
    using _watchpoint = machine.addWatchpoint(address, WORD, "write", { task });
    let writer: { pc: number; time: number; by: string } | undefined;
    while (machine.cpu.instructions < until) {
      const result = machine.run(until - machine.cpu.instructions);
      if (result.kind !== "watchpoint") break;
      const hit = result.hits.at(-1);
      const bytes = machine.readMemory(address, WORD, { task });
      const word = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
      // What was written before the right address was is of no interest, nor what is gone again.
      writer = hit === undefined || word !== BigInt(value)
        ? undefined
        : { pc: Number(hit.pc), time: machine.cpu.instructions - 1, by: hit.by };
    }
    if (writer === undefined) continue;
    const who = writer.by === "instruction" ? "" : `: the ${writer.by} did, here`;
    draft.evidence.push(
      program.draft(
        { address: writer.pc, time: writer.time },
        `overwrote the return address${who}`,
      ),
    );
  }
}
