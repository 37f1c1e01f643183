/**
 * The VM's task in a machine.
 *
 * @module
 */
import { type ElfFile, parseElf } from "../../elf/mod.ts";
import { KernelError } from "../../kernel/errors.ts";
import type { Machine } from "../../kernel/machine.ts";
import type { Task } from "../../kernel/thread/task.ts";

/**
 * Boots a machine until there is the VM's task.
 *
 * @throws {KernelError} of kind `misuse`, if there never is
 */
export function vmOf(machine: Machine): { readonly task: Task; readonly file: ElfFile } {
  for (let round = 0; round < 1000 && machine.kernel.halted === null; round++) {
    const task = machine.kernel.tasks.find(({ name }) => name === "vm");
    if (task?.module != null) {
      return { task, file: parseElf(task.module.bytes, { name: task.name }) };
    }
    machine.run(1000);
  }
  throw new KernelError("misuse", "Cannot follow a machine without the VM");
}
