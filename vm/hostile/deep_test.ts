// Stacks of thousands of frames of all kinds, with native code between them, at seeded instants on
// their way down and up, and before and after a collection at their bottom.
import { assert, assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { difference } from "../lockstep/compare.ts";
import { Identities } from "../lockstep/identities.ts";
import { vmOf } from "../lockstep/vm_task.ts";
import type { ObservedStack } from "../lockstep/observed.ts";
import { StackWatcher } from "../lockstep/watcher.ts";
import { assemble, Reference, type ReferenceThread, type ThreadState } from "../mod.ts";
import { machineWith } from "../testing/followed.ts";

/** Calls below main: in the full sweep such that there are 10,000 frames of methods. */
const DEPTH = sweep({ quick: 999, full: 9_999 });

/** A method of a kind: keeps an object on a list, and calls as `call` says. */
function level(name: string, kind: string, call: string): string {
  const list = name === "d" ? "" : ", ref list";
  return `
method ${name}(int n${list}): int ${kind}
  local own
  new Node
  store own
  load own
  ${name === "d" ? "null" : "load list"}
  putr 0
  load own
  load n
  puti 1
  load n
  iconst 1
  if_lt bottom
  ${call}
  load own
  geti 1
  add
  return_value
bottom:
  invoke brk
  invoke collect
  invoke brk
  load own
  geti 1
  return_value
end`;
}

function direct(callee: string): string {
  return `load n\niconst 1\nsub\nload own\ninvoke ${callee}`;
}

/** Through native code, with and without unwind tables by turns. */
const NATIVE = `iconst @d
  load n
  iconst 1
  sub
  load n
  iconst 4
  and
  iconst 4
  if_eq blind
  invoke upcall
  goto back
blind:
  invoke blind
back:
  nop`;

const PROGRAM = assemble(`class Node refs 1 ints 1
${level("a", "interpreter", direct("b"))}
${level("b", "jit", direct("c"))}
${level("c", "optimized", NATIVE)}
${level("d", "optimized", direct("a"))}
method main()
  iconst ${DEPTH - 1}
  null
  invoke a
  invoke print
  return
end`);

/** The states of the reference interpreter's thread, from the one that the machine was seen in. */
class Truth {
  readonly #thread: ReferenceThread;
  readonly #identities = new Identities();
  #states: readonly ThreadState[];

  constructor(thread: ReferenceThread) {
    this.#thread = thread;
    this.#states = [thread.state];
  }

  /** Goes on to the state that a walk shows; what is wrong with it if there is none. */
  follow(stack: ObservedStack): string | undefined {
    let first: string | undefined;
    for (;;) {
      for (const [i, state] of this.#states.entries()) {
        const wrong = difference(stack, state, this.#identities);
        if (wrong === undefined) this.#states = this.#states.slice(i);
        if (wrong === undefined) return undefined;
        first ??= wrong;
      }
      this.#states = this.#thread.advance();
      if (this.#states.length === 0) return first;
    }
  }
}

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, walks stacks of ${DEPTH + 1} frames of all kinds`, async () => {
    const settings = {
      heapSize: 2 ** 22,
      collectInterval: 200 * DEPTH,
      reserved: [0n, 0n, BigInt(2 ** 20 + 1024 * DEPTH) & ~4095n],
    };
    using machine = await machineWith(arch, PROGRAM, settings);
    const { task, file } = vmOf(machine);
    const watcher = new StackWatcher(machine, { task, file });
    const truth = new Truth(new Reference(PROGRAM).threads[0]!);
    const random = new Random(7);
    using _bottom = machine.addBreakpoint(file.symbolNamed("vm_native_here")!.value);
    let [walks, bottoms, deepest] = [0, 0, 0];
    for (;;) {
      const { kind } = machine.run(random.below(30 * DEPTH));
      if (kind === "halted") break;
      const isBottom = kind === "breakpoint";
      if (isBottom) bottoms++;
      if (!machine.cpu.userMode || machine.kernel.cpus[0]!.current.task !== task) continue;
      assertEquals(watcher.discover(), []);
      if (watcher.thread !== 1) continue;
      const stack = watcher.walk();
      assertEquals(truth.follow(stack), undefined);
      const anchored = watcher.walkFromAnchor();
      if (anchored !== undefined) assertEquals(truth.follow(anchored), undefined);
      walks++;
      deepest = Math.max(deepest, stack.frames.length);
    }
    assertEquals(machine.console.text(), `${DEPTH * (DEPTH - 1) / 2}\n`);
    assertEquals(bottoms, 2);
    // With adapters, stubs and native functions there are more frames than methods.
    assert(walks > 10 && deepest > 2 * DEPTH, `${walks} walks, ${deepest} frames`);
  });
}
