/**
 * States of a program before each of its instructions. Those of x86-64 are read from what
 * `testdata/unwind/step_trace.c` writes.
 *
 * @module
 */
import { loadSegments, type Machine, parseElf } from "../../elf/mod.ts";
import { type MemoryWindow, moduleFromElf, ModuleList } from "../../unwind/walk/mod.ts";
import { bytesOfCommand } from "./tool.ts";

/** One state. */
export interface StepRecord {
  /** Whether a signal was delivered since the state before. */
  readonly signaled: boolean;
  /** Registers by DWARF number, the program counter last. */
  readonly registers: readonly bigint[];
  /** The instruction at the program counter, or more; empty or zeros if there is none. */
  readonly code: Uint8Array;
  /** The stack from the stack pointer on. */
  readonly stack: MemoryWindow;
}

/** A trace. */
export interface StepTrace {
  /** The machine. */
  readonly machine: Machine;
  /** Code of the program. */
  readonly modules: ModuleList;
  /** Memory that is in no file, beside the stack. */
  readonly memory: readonly MemoryWindow[];
  /** The states, in order. */
  readonly records: Iterable<StepRecord>;
}

/** Registers of a state. */
const COUNT = 17;

/** Steps a program of this machine; undefined if it cannot be traced here. */
export function stepNatively(tracer: string, path: string): StepTrace | undefined {
  const bytes = bytesOfCommand(tracer, [path]);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = Number(view.getBigUint64(0, true));
  const maps = new TextDecoder().decode(bytes.subarray(8, 8 + size));
  return {
    machine: "x86_64",
    modules: modulesOf(maps),
    memory: [],
    records: records(bytes, view, 8 + size),
  };
}

function* records(bytes: Uint8Array, view: DataView, from: number): Generator<StepRecord> {
  for (let at = from; at < bytes.length;) {
    const signaled = view.getBigUint64(at, true) !== 0n;
    const registers = Array.from(
      { length: COUNT },
      (_, i) => view.getBigUint64(at + 8 + 8 * i, true),
    );
    at += 8 + 8 * COUNT;
    const code = bytes.subarray(at, at + 8);
    const size = Number(view.getBigUint64(at + 8, true));
    at += 16;
    const stack = { start: registers[7]!, bytes: bytes.subarray(at, at + size) };
    yield { signaled, registers, code, stack };
    at += size;
  }
}

/** The files that a process has mapped. */
function modulesOf(maps: string): ModuleList {
  const modules = new ModuleList();
  const seen = new Set<string>();
  for (const line of maps.split("\n")) {
    const [, start, path] = /^([0-9a-f]+)-\S+ \S+ 0+ \S+ [1-9]\d* +(\/.*)$/.exec(line) ?? [];
    if (start === undefined || path === undefined || seen.has(path)) continue;
    // Later segments may begin in the first page of a small file too.
    seen.add(path);
    const file = parseElf(Deno.readFileSync(path), { name: path });
    const [first] = loadSegments(file);
    if (first === undefined) continue;
    modules.add(moduleFromElf(file, { bias: BigInt(`0x${start}`) - first.vaddr }));
  }
  return modules;
}
