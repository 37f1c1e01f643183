/**
 * Liveness: which locals are read later.
 *
 * @module
 */
import { endsFlow, type Instruction, isBranch } from "./decode.ts";
import type { Handler } from "./program.ts";

/** Of each bytecode the locals, as bits, that some way on from it reads before it sets them. */
export function liveLocals(
  list: readonly Instruction[],
  handlers: readonly Handler[],
): readonly number[] {
  const index = new Map(list.map(({ bci }, i) => [bci, i]));
  const live = list.map(() => 0);
  for (let changed = true; changed;) {
    changed = false;
    for (let i = list.length - 1; i >= 0; i--) {
      const instruction = list[i]!;
      const { bci, name, value } = instruction;
      let bits = 0;
      if (isBranch(instruction)) bits |= live[index.get(value)!]!;
      if (!endsFlow(instruction)) bits |= live[i + 1]!;
      if (name === "store") bits &= ~(1 << value);
      if (name === "load" || name === "inc") bits |= 1 << value;
      // What throws has not set anything yet.
      for (const { from, to, target } of handlers) {
        if (bci >= from && bci < to) bits |= live[index.get(target)!]!;
      }
      if (bits !== live[i]) {
        live[i] = bits;
        changed = true;
      }
    }
  }
  return live;
}
