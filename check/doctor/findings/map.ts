/**
 * The map of a program's stacks, in the words of whoever has to read it.
 *
 * @module
 */

import type { CallConvention } from "../../../arch/mod.ts";
import type { VmEntry } from "../../../kernel/mod.ts";
import type { Evidence, MapPoint, MapRegion, MapStack, StackMap } from "../finding.ts";
import type { Program } from "../stacks/program.ts";
import {
  bottomMost,
  type Flow,
  type Moment,
  type SavePoint,
  type Stack,
} from "../stacks/stacks.ts";

/** Functions that say nothing of what runs on a thread's stack. */
const STARTS = new Set(["_start", "start", "crt_main", "__libc_start_main", "main"]);

/**
 * Names of stacks by what runs on them: the outermost function, or where several share that, what
 * it has called. A thread's is named by its own function.
 *
 * @param flows what stacks are named by, where it is not what is on them now
 */
export function nameStacks(
  program: Program,
  flows: ReadonlyMap<Stack, Flow> = new Map(),
): Map<Stack, string> {
  const shared = new Map<number, number>();
  const { all } = program.stacks;
  const outers = new Map(
    all.map((stack) => [stack, outerOf(program, flows.get(stack) ?? stack.flow)]),
  );
  for (const [root = -1] of outers.values()) shared.set(root, (shared.get(root) ?? 0) + 1);
  const used = new Map<string, number>();
  const names = new Map<Stack, string>();
  for (const stack of all) {
    const name = nameOf(program, stack, { shared, outer: outers.get(stack) ?? [] });
    const times = (used.get(name) ?? 0) + 1;
    used.set(name, times);
    names.set(stack, times === 1 ? name : `${name} #${times}`);
  }
  return names;
}

/** What was outermost when a stack was left first, or what is. */
function outerOf(program: Program, flow: Flow): readonly number[] {
  const { calls, start } = flow;
  return flow.outer ?? program.outermost(flow, calls.at(-1)?.callee ?? start.pc);
}

function nameOf(
  program: Program,
  stack: Stack,
  { shared, outer }: {
    readonly shared: ReadonlyMap<number, number>;
    readonly outer: readonly number[];
  },
): string {
  if (stack.isThreads && stack.id === 0) return "main";
  const { flow } = stack;
  const [root = -1, next = -1] = outer;
  const name = (address: number): string => address < 0 ? "" : program.functionAt(address).name;
  const begun = name(flow.start.pc);
  const candidates = stack.isThreads
    ? [name(next), name(root), begun]
    : (shared.get(root) ?? 0) > 1
    ? [name(next), name(root), begun]
    : [name(root), begun];
  return candidates.find((each) => each !== "" && !STARTS.has(each)) ?? `stack ${stack.id}`;
}

/** What a map is made of. */
export interface MapOptions {
  /** What calls agree on. */
  readonly calling: CallConvention;
  /** Points that only one finding has. */
  readonly points?: readonly MapPoint[];
}

/** The map of a program's stacks now. */
export function mapOf(program: Program, { calling, points = [] }: MapOptions): StackMap {
  const names = nameStacks(program);
  const stacks = [...names].filter(([stack]) => isShown(stack));
  const all = [...points, ...codePoints(program, names)];
  for (const [stack, name] of stacks) all.push(...stackPoints(program, stack, { name, calling }));
  const unused = unusedStacks(program);
  for (const { id, name, top, bottom } of unused) {
    all.push({ kind: "stack-top", address: top, text: `${name} stack's top`, stack: id });
    all.push({ kind: "stack-bottom", address: bottom, text: `${name} stack's bottom`, stack: id });
  }
  return {
    task: program.task.name,
    stackPointer: calling.stackPointer,
    framePointer: calling.framePointer,
    regions: regionsOf(program),
    stacks: [...stacks.map(([stack, name]) => mapStack(program, stack, name)), ...unused]
      .sort((a, b) => compare(a.top, b.top)),
    points: unique(all).sort((a, b) => compare(a.address, b.address)),
  };
}

/** A stack whose memory is another's by now is not drawn. */
function isShown({ base, low }: Stack): boolean {
  return base > low;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function unique(points: readonly MapPoint[]): MapPoint[] {
  const seen = new Set<string>();
  return points.filter(({ address, text }) => {
    const key = `${address} ${text}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function bottomOf({ allocation, base }: Stack): number {
  return Math.max(allocation?.end ?? base, base);
}

/** Stacks that nobody has run on yet: nothing tells whose they are to be. */
function unusedStacks(program: Program): MapStack[] {
  return program.stacks.unused.map(({ begin, end, call }, i): MapStack => ({
    id: program.stacks.all.length + i,
    name: i === 0 ? "new" : `new #${i + 1}`,
    top: BigInt(begin),
    bottom: BigInt(end),
    allocated: true,
    allocation: evidenceOf(program, call, "allocated the stack"),
    freed: null,
    running: false,
  }));
}

function evidenceOf(
  program: Program,
  what: Moment | null | undefined,
  did: string,
): Evidence | null {
  if (what == null) return null;
  const { code: _code, ...rest } = program.draft(what, did);
  return { ...rest, text: "" };
}

function mapStack(program: Program, stack: Stack, name: string): MapStack {
  const { allocation, flow } = stack;
  return {
    id: stack.id,
    name,
    top: BigInt(bottomMost(stack)),
    bottom: BigInt(bottomOf(stack)),
    allocated: allocation !== null,
    allocation: evidenceOf(program, allocation?.call, "allocated the stack"),
    freed: evidenceOf(program, flow.freed, "freed the stack"),
    running: stack.runner !== null,
  };
}

function savesOf({ flow }: Stack): SavePoint[] {
  return [...flow.saves.values()].flatMap((bySp) => [...bySp.values()])
    .sort((a, b) => a.time - b.time);
}

/** Top and bottom, and the stack and frame pointers that were saved on it. */
function stackPoints(
  program: Program,
  stack: Stack,
  { name, calling }: { readonly name: string; readonly calling: CallConvention },
): MapPoint[] {
  const points: MapPoint[] = [];
  const add = (kind: MapPoint["kind"], address: number, text: string) => {
    if (!Number.isNaN(address)) {
      points.push({ kind, address: BigInt(address), text, stack: stack.id });
    }
  };
  const isMain = stack.isThreads && stack.id === 0;
  if (!isMain) {
    if (stack.allocation !== null) {
      add("stack-top", stack.allocation.begin, `${name}'s stack top`);
    }
    add("stack-bottom", bottomOf(stack), `${name}'s stack bottom`);
  }
  const pointer = (register: string, address: number, pc: number, during: string) => {
    const inside = address > bottomMost(stack) && address <= bottomOf(stack);
    if (!inside) return;
    const isStack = register === calling.stackPointer;
    const where = program.nameAt(pc, true);
    const kind = isStack ? "stack-pointer" : "frame-pointer";
    if (isMain) {
      const what = isStack ? `stack pointer at ${during}() call` : "frame pointer";
      add(kind, address, `${where}'s ${what}`);
    } else {
      add(kind, address, `${name}'s ${where}()'s %${register}`);
    }
  };
  for (const { pc, sp, fp, saver } of savesOf(stack)) {
    const during = program.nameAt(saver);
    pointer(calling.stackPointer, sp, pc, during);
    pointer(calling.framePointer, fp, pc, during);
  }
  if (stack.runner !== null || stack.flow.left === null) return points;
  // Where it has changed stacks by a call, that call is the save point.
  const call = stack.flow.calls.at(-1);
  const isSaved = call !== undefined && savesOf(stack).some(({ sp }) => sp === call.sp);
  if (call !== undefined && !isSaved) {
    pointer(calling.stackPointer, call.sp, call.ret, program.nameAt(call.callee));
  }
  return points;
}

/** Return addresses of save points, and where stacks begin. */
function codePoints(program: Program, names: ReadonlyMap<Stack, string>): MapPoint[] {
  const points: MapPoint[] = [];
  for (const [stack, name] of names) {
    const isMain = stack.isThreads && stack.id === 0;
    for (const { pc, saver } of savesOf(stack)) {
      const where = program.nameAt(pc, true);
      const by = program.nameAt(saver);
      const whose = isMain ? `${where}'s` : `${name}'s ${where}()'s`;
      const text = `${whose} return address for ${by}() call`;
      points.push({ kind: "code", address: BigInt(pc), text, stack: null });
    }
    const { pc } = stack.flow.start;
    if (isMain || pc < 0) continue;
    const { name: begun } = program.functionAt(pc);
    if (begun !== "") {
      points.push({ kind: "code", address: BigInt(pc), text: `${begun}()`, stack: null });
    }
  }
  return points;
}

function regionsOf(program: Program): MapRegion[] {
  const entries = program.task.space?.entries ?? [];
  const threads = program.stacks.all.filter(({ isThreads }) => isThreads);
  return entries.map((entry) => ({
    kind: program.isOwn(entry.begin) ? "text" : kindOf(entry, threads),
    begin: entry.begin,
    end: entry.end,
    protection: protectionOf(entry),
  }));
}

function kindOf({ begin, end }: VmEntry, threads: readonly Stack[]): MapRegion["kind"] {
  const isStack = threads.some(({ base }) => BigInt(base - 1) >= begin && BigInt(base - 1) < end);
  return isStack ? "stack" : "heap";
}

function protectionOf({ protection: { read, write, execute } }: VmEntry): string {
  return `${read ? "r" : "-"}${write ? "w" : "-"}${execute ? "x" : "-"}`;
}
