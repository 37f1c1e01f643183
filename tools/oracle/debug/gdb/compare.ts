/**
 * Compares what gdb has told with the machine, which is taken to each instant again.
 *
 * @module
 */
import { UPPER_HALF } from "../../../../arch/page_tables.ts";
import { integerOfBytes } from "../../../../bytes/mod.ts";
import { walkInput } from "../../../../debug/target/mod.ts";
import { machineTarget } from "../../../../debug/machine/mod.ts";
import { KERNEL_PROCESS } from "../../../../gdb/mod.ts";
import { type History, parsePosition, type Position } from "../../../../history/mod.ts";
import { machineRegisters } from "../../../../unwind/cfi/mod.ts";
import { backtrace } from "../../../../unwind/walk/mod.ts";
import { GDB_NAMES } from "../../gdb/batch.ts";
import { type DrivenResult, type DrivenStop, isStop } from "./results.ts";

/** What to compare with. */
export interface Comparison {
  /** The history of the machine. */
  readonly history: History;
  /** Number of the source's line with a mark. */
  line(mark: string): number;
  /** Told of each difference. */
  add(difference: string): void;
}

/** How much was compared. */
export interface Counts {
  stops: number;
  frames: number;
  registers: number;
  steps: number;
}

/** Bits of the flags in gdb, which calls them otherwise. */
const FLAG_BITS = 32;

/** Compares everything that was told. */
export function compareResults(results: readonly DrivenResult[], how: Comparison): Counts {
  const counts = { stops: 0, frames: 0, registers: 0, steps: 0 };
  for (const result of results) {
    const add = (difference: string) => how.add(`${result.what}: ${difference}`);
    if (isStop(result)) compareStop(result, { ...how, add, counts });
    else compareOther(result, { ...how, add, counts });
  }
  return counts;
}

type Counting = Comparison & { readonly counts: Counts };

function equal(add: (difference: string) => void, what: string, theirs: unknown, ours: unknown) {
  const [a, b] = [JSON.stringify(theirs), JSON.stringify(ours)];
  if (a !== b) add(`${what} is ${a} in gdb, expected ${b}`);
}

function instantOf(when: string): Position | undefined {
  return parsePosition(/^instant ([0-9+]+)/.exec(when)?.[1] ?? "");
}

/** Registers and stack frames at an instant, and what the script has looked at there. */
function compareStop(stop: DrivenStop, how: Counting): void {
  const { history, add, counts, line } = how;
  counts.stops++;
  const instant = instantOf(stop.when);
  if (instant === undefined) return add(`monitor says ${stop.when}`);
  history.goTo(instant);
  const { machine } = history;
  const [number, tid] = stop.thread;
  using target = machineTarget(machine);
  const process = target.processes.find(({ id }) =>
    id === (number === KERNEL_PROCESS ? 0 : number)
  );
  const thread = process?.threads.find(({ id }) => id === tid);
  if (process === undefined || thread === undefined) return add(`no thread ${stop.thread}`);
  const registers = number === KERNEL_PROCESS
    ? machine.registers()
    : machine.registers({ thread: tid });
  for (const [name, value] of Object.entries(registers)) {
    const flags = GDB_NAMES[name];
    const ours = flags === undefined ? value : BigInt.asUintN(FLAG_BITS, value);
    equal(add, name, stop.registers[flags ?? name], `${ours}`);
    counts.registers++;
  }
  machineRegisters(target.machine).names.forEach((name, dwarf) => {
    const bytes = /^(xmm|v)\d+$/.test(name ?? "") ? thread.vector(dwarf) : undefined;
    if (name === undefined || bytes === undefined) return;
    equal(add, name, stop.registers[name], `${integerOfBytes(bytes.subarray(0, 16))}`);
    counts.registers++;
  });
  const { frames, error } = backtrace(walkInput(process, thread), process.walk);
  if (error !== undefined) add(`our walk ends with ${error.message}`);
  // The CPU's stack goes on in the program that has called the kernel. What has called the first
  // function of a thread is at address 0 in gdb.
  const theirs = stop.frames.filter(({ pc }, i) =>
    i === 0 || (number === KERNEL_PROCESS ? BigInt(pc) >= UPPER_HALF : pc !== "0")
  );
  equal(add, "frames", theirs.map(({ pc }) => pc), frames.map(({ pc }) => `${pc}`));
  const known = theirs.filter(({ name }) => name !== null);
  equal(
    add,
    "functions",
    known.map(({ name }) => name),
    frames.filter((_, i) => theirs[i]?.name !== null).map((frame) => frame.function?.name),
  );
  counts.frames += frames.length;
  switch (stop.what) {
    case "switch_context":
      return equal(add, "function", stop.frames[0]?.name, "switch_context");
    case "conditional":
      equal(add, "n and total", [stop["n"], stop["total"]], [3, 3]);
      return equal(add, "line", stop.frames[0]?.line, line("in leaf"));
    case "lines": {
      const main = line("after the calls");
      const expected = [
        ["next", "middle", line("behind leaf")],
        ["step", "main", main],
        ...[1, 2, 3].map((more) => ["next", "main", main + more]),
      ];
      const places = stop["places"] as unknown[];
      equal(add, "places", places.slice(0, -1), expected);
      equal(add, "step into", (places.at(-1) as unknown[])[1], "thread_create");
      return equal(add, "scaled", stop["scaled"], 20);
    }
    case "thread":
      return equal(add, "index and threads", [stop["index"], stop["threads"]], [2, 4]);
    case "attached": {
      const [before = 0, after = 0] = stop["spins"] as number[];
      if (after <= before) {
        add(`the machine has not run while nobody was attached: ${stop["spins"]}`);
      }
      return;
    }
    case "end":
      return equal(add, "sum", stop["sum"], 16);
  }
}

function compareOther(result: Exclude<DrivenResult, DrivenStop>, how: Counting): void {
  const { add, counts, line } = how;
  switch (result.what) {
    case "switch": {
      counts.steps += result.forward.length + result.backward.length;
      equal(add, "the way back", result.backward, result.forward.toReversed().slice(1));
      const pages = new Set(result.forward.map(([, sp]) => BigInt(sp) >> 12n));
      return equal(add, "two stacks", pages.size > 1, true);
    }
    case "system call": {
      counts.steps += result.forward.length + result.backward.length;
      equal(add, "the way back", result.backward, result.forward.toReversed().slice(1));
      const taken = (instantOf(result.last ?? "")?.instructions ?? 0) -
        (instantOf(result.first ?? "")?.instructions ?? 0);
      return equal(add, "through the kernel", taken > 2 * 60, true);
    }
    case "inferiors": {
      const { inferiors, text } = result;
      equal(add, "programs", inferiors, {
        [`${KERNEL_PROCESS}`]: "target:/boot/kernel",
        1: "target:/tasks/1/driven",
      });
      return equal(add, "threads", /CPU 0.*\n.*driven/s.test(text), true);
    }
    case "finish":
      return equal(add, "value and place", [result.value, result.place], [
        6,
        ["middle", line("in middle")],
      ]);
    case "call":
      return equal(add, "value and place", [result.value, result.place], [
        201,
        ["leaf", line("in leaf")],
      ]);
    case "watch": {
      const [[first] = [0], ...others] = result.totals;
      equal(add, "written in leaf", result.totals.every(([, name]) => name === "leaf"), true);
      equal(add, "growing", others.every(([total]) => total > first), true);
      // Twice back is before the write that the second stop was behind.
      return equal(add, "before it", result.back, [first, "leaf"]);
    }
    case "monitor":
      equal(add, "tasks", /driven/.test(result.tasks), true);
      return equal(add, "nonsense", /is no command/.test(result.nonsense), true);
    case "exit":
      return equal(add, "code", result.code, 16);
    case "error":
      return add(result.error);
  }
}
