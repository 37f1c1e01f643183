/**
 * Interrupts a coroutine in the midst of its body, so that its CPU exception handler ends it.
 *
 * @module
 */
import type { Machine } from "../kernel/mod.ts";
import { CoroutineError } from "./errors.ts";
import type { FailureWatch } from "./failures.ts";
import type { GuestMemory } from "./agent/memory.ts";
import type { GuestView } from "./guest_view.ts";

/** An instruction that is undefined for good, in each architecture: UD2, and UDF #0. */
const UNDEFINED = {
  x86_64: Uint8Array.of(0x0f, 0x0b),
  aarch64: Uint8Array.of(0, 0, 0, 0),
} as const;

/** Functions of the runtime, in the midst of which stacks are neither one's nor the other's. */
const RUNTIME = /^coro_/;

/** Instructions until the thread is in a body again: it may be another's turn. */
const STEPS = 2_000_000;

/** Times that stacks are walked to find out. */
const WALKS = 10_000;

/** Instructions from the undefined one to its handler. */
const ENTRY = 20_000;

/** What is interrupted. */
export interface Interrupted {
  /** Its machine. */
  readonly machine: Machine;
  /** Memory of its program. */
  readonly memory: GuestMemory;
  /** What is seen of it. */
  readonly view: GuestView;
  /** What listens to it. */
  readonly watch: FailureWatch;
}

/**
 * Runs a guest on to the next instruction of a coroutine's own code, and has that be undefined
 * once. The handler is about to be entered then.
 *
 * @throws {CoroutineError} of kind `budget` if it does not come to such an instruction
 */
export function interruptBody(guest: Interrupted): void {
  const { machine, memory, view, watch } = guest;
  const { pc } = reachBody(guest);
  const undefinedCode = UNDEFINED[machine.kernel.arch.name];
  const code = memory.read(pc, undefinedCode.length);
  const { trap } = watch;
  memory.write(pc, undefinedCode);
  try {
    for (let i = 0; i < ENTRY && watch.trap === trap; i++) machine.run(1);
  } finally {
    memory.write(pc, code);
  }
  if (watch.trap === trap) throw failure(view.nameAt(pc));
}

/** Runs on to an instruction of a coroutine's own code. */
function reachBody({ machine, view }: Interrupted): { readonly pc: bigint } {
  let walks = 0;
  for (let i = 0; i < STEPS && walks < WALKS && machine.halted === null; i++) {
    const { pc, userMode } = machine.cpu;
    if (userMode && view.runs && !RUNTIME.test(view.nameAt(pc))) {
      walks++;
      if (view.frames()[0]?.stack.kind === "coroutine") return { pc };
    }
    machine.run(1);
  }
  throw failure(view.nameAt(machine.cpu.pc));
}

function failure(where: string): CoroutineError {
  return new CoroutineError(
    "budget",
    `Cannot interrupt the guest in ${where}: expected it to be in a coroutine's function`,
  );
}
