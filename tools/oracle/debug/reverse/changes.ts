/**
 * Who changes a variable, by a machine that only ever goes forward.
 *
 * @module
 */
import type { Machine } from "../../../../kernel/mod.ts";

/** A change of a variable. */
export interface Change {
  /** Address of the instruction that made it. */
  readonly pc: bigint;
  /** Address of the one behind it. */
  readonly next: bigint;
  readonly thread: number;
  readonly before: number;
  readonly after: number;
}

/** All changes of a word of a task, in least steps, to the end or until something is so. */
export function changesOf(
  machine: Machine,
  { task, address, until = () => false }: {
    readonly task: number;
    readonly address: bigint;
    readonly until?: () => boolean;
  },
): Change[] {
  const { kernel, cpu } = machine;
  const value = (): number | undefined => {
    const page = kernel.tasks[task]?.space?.page(address);
    if (page === undefined) return undefined;
    const at = page.frame + address % 4096n;
    return new DataView(kernel.memory.slice(at, 4).slice().buffer).getUint32(0, true);
  };
  const changes: Change[] = [];
  let before = value();
  while (machine.halted === null && !until()) {
    const { pc } = cpu;
    const thread = kernel.cpus[0]?.current.id ?? -1;
    machine.step();
    const after = value();
    if (before !== undefined && after !== undefined && before !== after) {
      changes.push({ pc, next: cpu.pc, thread, before, after });
    }
    before = after;
  }
  return changes;
}
