// What programs in bytecode print, as the reference interpreter has it.
import { Reference, type VmProgram } from "../mod.ts";

/** Numbers in order; of several threads that take turns after each bytecode. */
export function truthOf(program: VmProgram): readonly bigint[] {
  const reference = new Reference(program);
  reference.run();
  return reference.output;
}

/** The same as it is in a machine's console. */
export function truthText(program: VmProgram): string {
  return truthOf(program).map((value) => `${value}\n`).join("");
}
