/**
 * Coroutines of guest programs, which feel like generators.
 *
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { CoroutineHost, coroutinesProgram } from "@trapline/trapline/coro";
 *
 * const program = await coroutinesProgram("aarch64"); // or one of yours: see CoroutineHost
 * using host = CoroutineHost.boot({
 *   arch: "aarch64",
 *   program,
 *   imports: { // functions that the guest calls
 *     *ask(_yielder, question = 0n): Generator<bigint, bigint, bigint> {
 *       const answer = yield question * 10n; // its caller yields
 *       return answer;
 *     },
 *   },
 * });
 * for (const value of host.coroutine("fibonacci")) {
 *   if (value > 50n) break; // drops it
 *   console.log(value);
 * }
 * using asker = host.coroutine("asker");
 * console.log(asker.next(4)); // { done: false, value: 40n }, from the host function
 * console.log(asker.next(5)); // { done: false, value: 5n }, from the guest
 * for (const { function: name, offset, stack } of asker.frames()) {
 *   console.log(stack.name, name, offset); // asker: coro_switch_yield, coro_yield, asker, …
 * }
 * const snapshot = host.machine.snapshot();
 * asker.next(6);
 * host.restore(snapshot); // asker goes on from there
 * ```
 *
 * A {@linkcode CoroutineHost} boots a {@linkcode Machine} with a program in C or C++ and calls its
 * functions on stacks of their own, each a {@linkcode Coroutine}. In the guest an agent, which
 * `coro_agent.h` brings along, does that with the runtime of `coro.h`; everything else is the
 * kernel's and the machine's. Values are machine words ({@linkcode Word}), which a
 * {@linkcode Codec} reads; more than a word goes through {@linkcode GuestMemory}. Guest functions
 * call functions of the host ({@linkcode HostFunction}), which may have their caller yield through
 * its {@linkcode Yielder}, drive other coroutines, or throw.
 *
 * The files, lowest first: in `agent/`, `record.ts`, the numbers that agent and host have in common,
 * `exchange.ts`, what is asked of either, and `agent_record.ts`, `memory.ts` and `driver.ts`, which
 * run the machine from one of the agent's stops to the next; `frames.ts`, `failures.ts` and
 * `guest_view.ts`, what is seen of the guest; `coroutine.ts`, `delegation.ts` and
 * `host_functions.ts`, what users hold and give; `guest.ts`, the parts together; `interruption.ts`;
 * `host.ts`.
 *
 * @module
 */
export { coroutinesProgram } from "../guest/boot_modules.ts";
export { type AnyCoroutine, type Codecs, Coroutine, type CoroutineState } from "./coroutine.ts";
export type { CoroutineIdentity, CoroutinePort, Delegate } from "./coroutine_port.ts";
export type { Reply, Request, Stop } from "./agent/exchange.ts";
export {
  CoroutineError,
  type CoroutineErrorKind,
  type GuestFailure,
  GuestPanic,
  GuestTrap,
} from "./errors.ts";
export type { CoroutineFrame, StackPlace } from "./frames.ts";
export { CoroutineHost, type Proceeded } from "./host.ts";
export { type GuestBuffer, GuestMemory, type MemoryPort } from "./agent/memory.ts";
export type { CoroutineHostOptions, CoroutineOptions, HostOptions } from "./options.ts";
export { type Codec, number, signed, text, unsigned, type Word } from "./words.ts";
export {
  type CoroutineHandle,
  type HostFunction,
  type HostResult,
  Yielder,
  type YielderPort,
  YieldRequest,
} from "./yielder.ts";
