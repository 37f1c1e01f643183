/**
 * Trapline: a microkernel you can hold in a debugger's hand. The kernel's decisions are TypeScript;
 * its machine code (trap entry and exit, context switch, stack handoff) is real x86-64 and AArch64
 * code, executed by Unicorn. One seed, one run.
 *
 * ```ts
 * import { archByName, Machine, MachLog } from "@trapline/trapline";
 *
 * const program = Deno.readFileSync("hello.elf");
 * using machine = new Machine({
 *   arch: archByName("aarch64"),
 *   modules: [{ commandLine: "hello one two", bytes: program }],
 *   sinks: [new MachLog((text) => console.log(text))],
 * });
 * console.log(machine.run());
 * ```
 *
 * The parts can be imported on their own: `./unicorn` (the engine), `./arch` (the two back-ends),
 * `./kernel`, `./sched` (policies and their simulator), `./trace` (the event stream and its sinks)
 * and `./unwind` (tables and stack walking); the last three need no engine and run in any
 * JavaScript runtime.
 *
 * @module
 */
export { type Arch, archByName, ARCHES, type ArchName } from "./arch/mod.ts";
export {
  decodeSnapshot,
  encodeSnapshot,
  isSameSnapshot,
  KernelError,
  Machine,
  type MachineOptions,
  type ModuleOptions,
  type RunResult,
  type Snapshot,
  SnapshotError,
} from "./kernel/mod.ts";
export { createPolicy, type Policy, simulate } from "./sched/mod.ts";
export {
  type EventSink,
  JsonLines,
  type KernelEvent,
  MachLog,
  Recorder,
  Statistics,
} from "./trace/mod.ts";
export { Engine, loadUnicorn, UnicornNotFoundError } from "./unicorn/mod.ts";
