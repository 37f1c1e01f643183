/**
 * Who has overwritten a return address: found by running once more.
 *
 * @module
 */

import type { Machine, Snapshot } from "../../kernel/mod.ts";
import type { FindingDraft } from "./findings/ledger.ts";
import type { Program } from "./stacks/program.ts";

const WORD = 8;
/**
 * Instructions before the return in which the writer is looked for first, and by how much that grows.
 * Most are near, and what is watched costs many times what it costs to come there.
 */
const NEAR = 65_536;
const FARTHER = 32;

/** Who wrote an address last. */
interface Writer {
  readonly address: number;
  readonly time: number;
  readonly did: string;
}

/**
 * Adds to findings of overwritten return addresses the instruction that wrote each. The machine runs
 * again from where it began, more than once if that was long before.
 */
export function findWriters(
  machine: Machine,
  { begin, drafts }: { begin: Snapshot; drafts: readonly FindingDraft[] },
): void {
  for (const draft of drafts) {
    const { overwritten, program } = draft;
    if (overwritten === null) continue;
    for (let span = NEAR;; span *= FARTHER) {
      const from = overwritten.until - span;
      machine.restore(begin);
      const found = lastWriter(machine, program, { ...overwritten, from });
      if (found !== undefined && found !== null) {
        draft.evidence.push(program.draft(found, found.did));
      }
      if (found !== undefined || from <= 0) break;
    }
  }
}

/**
 * Who wrote a value to a word last in a time; `null` if the last one wrote another, `undefined` if
 * nobody wrote.
 */
function lastWriter(
  machine: Machine,
  program: Program,
  { slot, from, until, value }: { slot: number; from: number; until: number; value: number },
): Writer | null | undefined {
  const now = (): number => machine.cpu.instructions;
  if (from > now()) machine.run(from - now());
  const task = program.task.id;
  const address = BigInt(slot);
  using _watchpoint = machine.addWatchpoint(address, WORD, "write", { task });
  let writer: Writer | null | undefined;
  while (now() < until) {
    const result = machine.run(until - now());
    if (result.kind !== "watchpoint") break;
    const hit = result.hits.at(-1);
    const bytes = machine.readMemory(address, WORD, { task });
    const word = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
    // What was written before the right address was is of no interest, nor what is gone again.
    writer = null;
    if (hit === undefined || word !== BigInt(value)) continue;
    const time = now() - 1;
    writer = hit.pc < machine.kernel.arch.userEnd
      ? { address: Number(hit.pc), time, did: "overwrote the return address" }
      : {
        address: systemCallOf(machine, program),
        time,
        did: "had the kernel overwrite the return address",
      };
  }
  return writer;
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
