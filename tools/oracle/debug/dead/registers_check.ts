/**
 * Floating-point and vector registers of every thread in cores, and the signal that made them,
 * beside gdb's: in cores of Linux and in cores of gdb, which lays notes out in its own way.
 *
 * @module
 */
import { openCore } from "../../../../debug/core/mod.ts";
import type { TargetThread } from "../../../../debug/target/mod.ts";
import type { Machine } from "../../../../elf/mod.ts";
import { askGdb } from "../../gdb/batch.ts";
import { type CheckResult, Differences } from "../../tool.ts";
import type { ProgramCore } from "./core_of.ts";

/** What gdb says of one core. */
type GdbRegisters =
  | {
    readonly threads: readonly {
      readonly id: number;
      readonly registers: Readonly<Record<string, string>>;
    }[];
    /** Number and address. */
    readonly signal: readonly [number: number, address: string] | null;
  }
  | { readonly error: string };

const SCRIPT = new URL("gdb_registers.py", import.meta.url).pathname;

/** Sets of registers that go on one behind the other. */
interface RegisterFile {
  /** gdb's names are this and a number from 0 on. */
  readonly prefix: string;
  /** How many there are. */
  readonly count: number;
  /** DWARF number of one. */
  dwarf(index: number): number;
}

/** By machine; those that are parts of each other are told by gdb one by one. */
const FILES: Readonly<Record<Machine, readonly RegisterFile[]>> = {
  x86_64: [
    { prefix: "st", count: 8, dwarf: (i) => 33 + i },
    { prefix: "xmm", count: 16, dwarf: (i) => 17 + i },
    { prefix: "ymm", count: 16, dwarf: (i) => 17 + i },
    { prefix: "zmm", count: 32, dwarf: (i) => i < 16 ? 17 + i : 51 + i },
  ],
  aarch64: [{ prefix: "v", count: 32, dwarf: (i) => 64 + i }],
};

/** Compares cores of one machine; undefined if there are none or gdb is not installed. */
export function checkRegisters(
  name: string,
  { cores, directory }: { readonly cores: readonly ProgramCore[]; readonly directory: string },
): CheckResult | undefined {
  const theirs = cores.length === 0 ? undefined : askGdb<GdbRegisters>(SCRIPT, cores, directory);
  if (theirs === undefined) return undefined;
  const differences = new Differences();
  let count = 0;
  cores.forEach(({ core, program, sysroot }, i) => {
    const other = theirs[i] ?? { error: "gdb has not read it" };
    const add = (text: string) => differences.add(`${core}: ${text}`);
    if ("error" in other) return add(other.error);
    using target = openCore(core, { exe: program, sysroot });
    for (const { message } of target.problems) add(message);
    const { threads, signal } = target.process;
    if (other.threads.length < 2) add("has one thread only");
    for (const { id, registers } of other.threads) {
      const thread = threads.find((each) => each.id === id);
      if (thread === undefined) add(`has no thread ${id}`);
      else {
        const told = (text: string) => add(`thread ${id}: ${text}`);
        count += compare(thread, registers, { files: FILES[target.machine], add: told });
      }
    }
    const own = signal && [signal.number, `${signal.address ?? 0n}`];
    if (other.signal !== null && `${own}` !== `${other.signal}`) {
      add(`signal ${own}, gdb has ${other.signal}`);
    }
  });
  const figures = `${cores.length} cores, ${count} registers`;
  return { name, figures, differences: differences.texts };
}

/** Compares one thread's registers; gives how many there were. */
function compare(
  thread: TargetThread,
  theirs: Readonly<Record<string, string>>,
  { files, add }: {
    readonly files: readonly RegisterFile[];
    readonly add: (text: string) => void;
  },
): number {
  let count = 0;
  for (const { prefix, count: many, dwarf } of files) {
    for (let i = 0; i < many; i++) {
      const name = `${prefix}${i}`;
      const wanted = theirs[name];
      if (wanted === undefined) continue;
      count++;
      const own = thread.vector(dwarf(i))?.toHex();
      if (own?.startsWith(wanted) !== true) add(`${name} is ${own}, gdb has ${wanted}`);
    }
  }
  if (count === 0) add("gdb has no registers");
  return count;
}
