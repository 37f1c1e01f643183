/**
 * The log of the green threads, and the numbers of its map.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";

/** Registers a context is saved with, in the log's order; the last three are those of the map. */
export const GREEN_REGISTERS: Readonly<Record<ArchName, readonly string[]>> = {
  x86_64: ["rbx", "r12", "r13", "r14", "r15", "rbp", "rsp", "rdx"],
  aarch64: [...Array.from({ length: 10 }, (_, i) => `x${19 + i}`), "x29", "sp", "pc"],
};

/** A context as it was saved, in an architecture's words or in none. */
export interface SavedContext {
  /** Frame pointer. */
  readonly fp: number;
  /** Stack pointer behind the call of `set_context`. */
  readonly sp: number;
  /** Where that call returns to. */
  readonly pc: number;
}

/** A stack: the log calls its lowest address the top, and one past its highest the bottom. */
export interface GreenStack {
  readonly top: number;
  readonly bottom: number;
}

/** What the log says up to the first line that `schedule` ends with. */
export interface GreenMap {
  /** Of `spawn_from_main`. */
  readonly root: SavedContext;
  /** Of Gaia, Mash and Ortega. */
  readonly stacks: readonly GreenStack[];
  /** Of the `entry_point` of Gaia and Mash. */
  readonly entries: readonly SavedContext[];
  /** Of the `schedule` of Gaia and Mash. */
  readonly schedules: readonly SavedContext[];
  /** Address of `entry_point`. */
  readonly entryPoint: number;
}

/** Reads the registers of a line. Throws if it has other names than the architecture's. */
export function savedContext(line: string, arch: ArchName): SavedContext {
  const text = /Registers \{ (.*?) \}/.exec(line)?.[1] ?? "";
  const values = new Map(
    text.split(", ").map((field): [string, number] => {
      const [name = "", value] = field.split(": ");
      return [name, Number(value)];
    }),
  );
  const names = GREEN_REGISTERS[arch];
  if ([...values.keys()].toSorted().join() !== names.toSorted().join()) {
    throw new Error(`Cannot read registers of ${arch}: got ${line}`);
  }
  const [fp = NaN, sp = NaN, pc = NaN] = names.slice(-3).map((name) => values.get(name));
  return { fp, sp, pc };
}

/** Reads the map. */
export function greenMap(lines: readonly string[], arch: ArchName): GreenMap {
  const saved = (start: string) =>
    lines.filter((line) => line.startsWith(start)).map((line) => savedContext(line, arch));
  const stacks = lines.flatMap((line) => {
    const [, top, bottom] = /stack top: (\d+), .* stack bottom (\d+),/.exec(line) ?? [];
    return top === undefined ? [] : [{ top: Number(top), bottom: Number(bottom) }];
  });
  const points = new Set(lines.flatMap((line) => /entry_point (\d+)/.exec(line)?.[1] ?? []));
  const [root] = saved("set_context done: ");
  if (root === undefined || points.size !== 1) throw new Error("Cannot read the log's map");
  return {
    root,
    stacks,
    entries: saved("[DEBUG] curent reg: "),
    schedules: saved("set_context done (0): "),
    entryPoint: Number([...points][0]),
  };
}

const LAYOUT = "Layout { size: 2097152, align: 4096 (1 << 12) }";

function stackLines(id: number): string[] {
  return [
    `id: ${id}, page size: 4096, layout: ${LAYOUT}`,
    `id: ${id}, stack top: #, stack size: 2097152, stack bottom #, entry_point #`,
  ];
}

function context(id: number): string {
  return `Context { regs: Registers, stack: #, stack_layout: ${LAYOUT}, entry: #, id: ${id} }`;
}

function entryLines(number: number, name: string): string[] {
  return [
    `** stack in heap ${number} (${name})`,
    "entry_point() called",
    "[DEBUG] curent reg: Registers",
    `${name} called`,
  ];
}

const [GAIA, MASH, ORTEGA] = [1000000000001, 1000000000002, 1000000000003] as const;

/** The log of the crash: every line, with its numbers left open where they are addresses. */
export const CRASH_LOG: readonly string[] = [
  "** regular stack (main)",
  "main called",
  "create root context from main",
  "set_context from `spawn_from_main()`",
  "set_context done: Registers",
  ...stackLines(GAIA),
  `context to be switched to: ${context(GAIA)}`,
  "CONTEXTS: [gaia]",
  ...entryLines(1, "Gaia"),
  `[${MASH}] ID generated`,
  ...stackLines(MASH),
  `[${MASH}] spawned`,
  `[${GAIA}] set_context being called`,
  "CONTEXTS: [mash, gaia]",
  "set_context from `schedule()`",
  "set_context done (0): Registers",
  `context switching back to: ${context(MASH)}`,
  ...entryLines(2, "Mash"),
  `[${ORTEGA}] ID generated`,
  ...stackLines(ORTEGA),
  "CONTEXTS: [mash, gaia, ortega]",
  `[${ORTEGA}] spawned`,
  `[${MASH}] set_context being called`,
  "CONTEXTS: [gaia, ortega, mash]",
  "set_context from `schedule()`",
  "set_context done (0): Registers",
  `context switching back to: ${context(GAIA)}`,
  "jump back to right after set_context(): Registers",
  "rm_unused_stack() called",
  "rm_unused_stack() done",
  "schedule() tail",
];

/** What the log goes on with where the switch is right. */
export const REST_OF_LOG: readonly string[] = [
  `[${GAIA}] ended`,
  ...entryLines(3, "Ortega"),
  "Ortega's sum: 130816",
  `[${ORTEGA}] ended`,
  "jump back to right after set_context(): Registers",
  "rm_unused_stack() called",
  "rm_unused_stack() done",
  "schedule() tail",
  `[${MASH}] ended`,
  "** regular stack (main)",
  "rm_unused_stack() called",
  "rm_unused_stack() done",
  "main done: 3 contexts ended, 0 blocks left",
];

/** The lines of a log that are not blank. */
export function logLines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** A line with its addresses and registers left open. */
export function openNumbers(line: string): string {
  return line.replace(/Registers \{.*?\}/, "Registers")
    .replace(/(stack top: |stack bottom |entry_point )\d+/g, "$1#")
    .replace(/0x[0-9a-f]+/g, "#");
}
