/**
 * Trapline: a microkernel you can hold in a debugger's hand. The kernel's decisions are TypeScript;
 * its machine code (trap entry and exit, context switch, stack handoff) is real x86-64 and AArch64
 * code, executed by Unicorn. One seed, one run.
 *
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, ensureUnicorn, Machine, MachLog, moduleHello } from "@trapline/trapline";
 *
 * await ensureUnicorn(); // the first time: deno run -A, fetches libunicorn with pip
 * let log = "";
 * using machine = new Machine({
 *   arch: archByName("aarch64"),
 *   modules: [await moduleHello("aarch64")], // a program of yours: see ./build
 *   sinks: [new MachLog((text) => log += text)],
 * });
 * machine.run(20_000); // instructions
 * console.log(machine); // where it is, in a few lines
 * console.log(machine.run()); // to the end: { kind: "halted", reason: "reboot" }
 * console.log(machine.console.text()); // what the program has printed
 * console.log(log); // the boot log, in GNU Mach's wording
 * ```
 *
 * The parts can be imported on their own: `./unicorn` (the engine), `./arch` (the two back-ends),
 * `./kernel`, `./build` (programs in C and C++), `./sched` (policies and their simulator),
 * `./trace` (the event stream and its sinks), `./elf` and `./unwind` (tables and stack walking);
 * the last four need no engine and run in any JavaScript runtime.
 *
 * @module
 */
export { type Arch, archByName, ARCHES, type ArchName } from "./arch/mod.ts";
export { type BootModule, moduleHello, namedProgram, unwindProgram } from "./guest/boot_modules.ts";
export {
  type ConsoleView,
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
  type TaskSummary,
  type ThreadSummary,
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
export {
  Engine,
  ensureUnicorn,
  loadUnicorn,
  UnicornFetchError,
  UnicornNotFoundError,
} from "./unicorn/mod.ts";
