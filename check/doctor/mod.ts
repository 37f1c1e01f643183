/**
 * The stack doctor: what is wrong with the stacks of a program that switches between them.
 *
 * {@linkcode diagnose} runs a machine and follows its programs from block to block. Of a program it
 * needs its symbols, and no tables: stacks, save points and switches are recognized from what is
 * executed, so that hand-written switches of any library will do.
 *
 * @example The cause of a crash
 * ```ts
 * // deno run --allow-ffi --allow-env --allow-read example.ts
 * import { archByName, namedProgram } from "@trapline/trapline";
 * import { diagnose } from "@trapline/trapline/doctor";
 *
 * const bytes = (await namedProgram("green-crash", "x86_64"))!; // or Deno.readFileSync(…)
 * const { findings, switches } = await diagnose(
 *   { arch: archByName("x86_64"), modules: [{ commandLine: "green-crash", bytes }] },
 *   { allocators: ["heap_allocate"], releasers: ["heap_release"] },
 * );
 * for (const { kind, summary, at } of findings) console.log(kind, summary, at.function, at.text);
 * console.log(`${findings.length} findings, ${switches} switches of stacks`);
 * ```
 *
 * The files, lowest first: `finding.ts` says what there is to find, as plain data. In `stacks/`,
 * `blocks.ts` says what a block of code does with the stack pointer, `stacks.ts` keeps what is known
 * of stacks, `program.ts` of a task's code and `followed.ts` of a thread; `arrival.ts` says what a
 * program goes on with behind a switch. In `findings/`, `ledger.ts` keeps findings, with `walks.ts`
 * and `map.ts`; `neighbors.ts`, with `guards.ts`, and `findings.ts` say what is wrong. `follower.ts`
 * follows execution, `noted_calls.ts` the calls that save contexts, allocate and free; `writers.ts`
 * runs once more to find who overwrote a return address. `report/` makes text, JSON and drawings.
 *
 * @module
 */
export { diagnose } from "./diagnose.ts";
export type {
  CodePlace,
  Consequence,
  DoctorReport,
  Evidence,
  Finding,
  FindingKind,
  MapPoint,
  MapRegion,
  MapStack,
  StackFrame,
  StackMap,
  StackWalk,
} from "./finding.ts";
export type { Allocator, DoctorOptions, Releaser } from "./options.ts";
export * from "./report/mod.ts";
