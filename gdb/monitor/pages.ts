/**
 * The command that shows page tables.
 *
 * @module
 */
import { ADDRESSES, UPPER_HALF } from "../../arch/page_tables.ts";
import { hex } from "../../arch/physical_memory.ts";
import { findTask } from "../../kernel/inspect/find.ts";
import { protectionLetters } from "../../kernel/inspect/tasks.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { LeafMapping, PageTables, Protection } from "../../arch/mod.ts";
import type { Task } from "../../kernel/thread/task.ts";
import { pageFloor, type VmEntry } from "../../kernel/vm/vm_map.ts";
import { type Command, readNumber } from "./command.ts";
import { taskName } from "./programs.ts";

/** Where a root table's entries begin to be another's. */
const ROOT_ENTRY = 1n << 39n;

/** `pages` */
export const pages: Command = {
  usage: "pages TASK [ADDRESS]",
  summary: "what the page tables of a task (0 is the kernel) map, or how they translate an address",
  run({ machine: { kernel } }, [which = "0", address]) {
    const task = findTask(kernel, taskName(which));
    return address === undefined
      ? list(kernel, task)
      : translate(kernel, task, readNumber(address, "an address"));
  },
};

function rootOf(k: Kernel, task: Task, address: bigint): bigint | undefined {
  if (address >= UPPER_HALF || task.space === null) return k.kernelSpace.root;
  return task.reaped ? undefined : task.space.root;
}

function list(k: Kernel, task: Task): string {
  const { tables } = k.kernelSpace;
  const isKernels = task.space === null;
  const half = isKernels
    ? { begin: k.arch.directMap, end: ADDRESSES }
    : { begin: 0n, end: (k.arch.userEnd + ROOT_ENTRY - 1n) / ROOT_ENTRY * ROOT_ENTRY };
  const root = rootOf(k, task, half.begin);
  if (root === undefined) return `task ${task.id} ${task.name} has ended: its tables are freed\n`;
  const ranges = rangesOf(tables, root, half);
  const lines = ranges.map(({ address, size, physical, protection }) =>
    `${hex(address)}..${hex(address + BigInt(size))} -> ${hex(physical)} ${letters(protection)}\n`
  );
  const entries = (task.space?.entries ?? []).map((entry) => `${describeEntry(entry)}\n`);
  return `tables of task ${task.id} ${task.name} from ${hex(root)}:\n${lines.join("")}` +
    (isKernels
      ? ""
      : `its map, of which pages come into memory when they are touched:\n${entries.join("")}`);
}

/** Leaves that go on from each other are one. */
function rangesOf(
  tables: PageTables,
  root: bigint,
  half: { begin: bigint; end: bigint },
): LeafMapping[] {
  const ranges: LeafMapping[] = [];
  for (const leaf of tables.leaves(root, half)) {
    const last = ranges.at(-1);
    const goesOn = last !== undefined && last.address + BigInt(last.size) === leaf.address &&
      last.physical + BigInt(last.size) === leaf.physical &&
      letters(last.protection) === letters(leaf.protection);
    if (goesOn) ranges[ranges.length - 1] = { ...last, size: last.size + leaf.size };
    else ranges.push(leaf);
  }
  return ranges;
}

const SIZES = ["512 GiB", "1 GiB block", "2 MiB block", "page"];

function translate(k: Kernel, task: Task, address: bigint): string {
  const root = rootOf(k, task, address);
  const who = `${hex(address)} of task ${task.id} ${task.name}`;
  if (root === undefined) return `${who}: the task has ended, its tables are freed\n`;
  const walk = k.kernelSpace.tables.walk(root, address);
  const found = walk.kind === "missing"
    ? `not mapped: the entry at ${hex(walk.entry)}, level ${walk.level}, is invalid`
    : `${hex(walk.physical)}, ${SIZES[walk.level]} ${letters(walk.protection)}, entry at ${
      hex(walk.entry)
    }`;
  const entry = address < UPPER_HALF ? task.space?.lookup(address) : undefined;
  const map = task.space === null || address >= UPPER_HALF
    ? ""
    : entry === undefined
    ? "; its map has nothing there"
    : `; its map has ${describeEntry(entry)}, ${
      task.space.page(pageFloor(address)) === undefined ? "not in memory" : "in memory"
    }`;
  return `${who}: root ${hex(root)}, ${found}${map}\n`;
}

function letters({ user, write, execute }: Protection): string {
  return `r${write ? "w" : "-"}${execute ? "x" : "-"}${user ? " user" : ""}`;
}

function describeEntry({ begin, end, protection, object }: VmEntry): string {
  return `${hex(begin)}..${hex(end)} ${protectionLetters(protection)} ${
    object.kind === "file" ? "of the file" : "zeros"
  }`;
}
