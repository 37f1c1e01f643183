/**
 * A task's code for debuggers.
 *
 * @module
 */
import { ModuleList } from "../../unwind/walk/mod.ts";

/** By the kernel's own lists. */
const OWN = new WeakMap<ModuleList, ModuleList>();

/**
 * The modules of a list in another one, to which a debugger can add what it finds of generated code:
 * how the kernel itself unwinds must not depend on who has looked. It is the same list again as long
 * as the kernel's has not changed.
 */
export function debuggerModules(list: ModuleList): ModuleList {
  const { modules } = list;
  const before = OWN.get(list);
  if (before?.modules.length === modules.length) {
    if (before.modules.every((module, i) => module === modules[i])) return before;
  }
  const own = new ModuleList(modules);
  OWN.set(list, own);
  return own;
}
