/**
 * A little program for walk tests: functions with unwind tables at 0x1000 and up, a stack at
 * 0x7000, all as the test says.
 *
 * @module
 */
import type { Machine } from "../../elf/mod.ts";
import {
  backtrace,
  type Frame,
  memoryOf,
  type MemoryWindow,
  moduleFromTable,
  ModuleList,
  RegisterSet,
  type WalkInput,
  type WalkOptions,
} from "../walk/mod.ts";
import { DW_CFA, machineRegisters } from "../cfi/mod.ts";
import { type CieInit, FrameImage, op } from "./frame_image.ts";

/** RBX as DWARF numbers it. */
export const RBX = 3;
/** RBP as DWARF numbers it. */
export const RBP = 6;
/** RSP as DWARF numbers it. */
export const RSP = 7;
/** The return address as DWARF numbers it. */
export const RIP = 16;

/** Address of the first stack word. */
export const STACK = 0x7000;

/** One function: its place and its table. */
export interface FunctionInit {
  /** Name. */
  readonly name: string;
  /** First address. */
  readonly begin: number;
  /** Bytes of code; default 0x100. */
  readonly size?: number;
  /** Instructions of its FDE; none at all if undefined: the function has no table. */
  readonly table?: readonly (readonly number[])[];
  /** Whether it is a signal frame. */
  readonly signal?: boolean;
  /** Return address column, if not the usual one. */
  readonly returnAddress?: number;
  /** Address of its language-specific data. */
  readonly lsda?: number;
}

/** A caller at 0x2000 in whose middle the return address 0x2080 lies; it is the last frame. */
export const CALLER: FunctionInit = {
  name: "caller",
  begin: 0x2000,
  table: [op.one(DW_CFA.undefined, RIP)],
};

/** A program. */
export interface WorldInit {
  /** Machine; default x86-64. */
  readonly machine?: Machine;
  /** Its functions. */
  readonly functions: readonly FunctionInit[];
  /** Words of the stack from {@linkcode STACK} on. */
  readonly stack?: readonly (number | bigint)[];
  /** Registers by DWARF number. */
  readonly registers: Readonly<Record<number, number | bigint>>;
  /** Further memory. */
  readonly memory?: readonly MemoryWindow[];
}

/** What a walk over the program takes. */
export function world(init: WorldInit): WalkInput & { modules: ModuleList } {
  const machine = init.machine ?? "x86_64";
  const image = new FrameImage();
  for (const each of init.functions) {
    if (each.table === undefined) continue;
    const cie = image.cie(cieOf(machine, each));
    const lsda = each.lsda ?? 0;
    image.fde(cie, {
      begin: each.begin,
      size: each.size ?? 0x100,
      instructions: each.table,
      augmentationData: [0, 8, 16, 24, 32, 40, 48, 56].map((shift) =>
        shift < 32 ? lsda >>> shift & 255 : 0
      ),
    });
  }
  const modules = new ModuleList([
    moduleFromTable({
      name: "program",
      begin: 0x1000n,
      end: 0x6000n,
      ehFrame: image.build(),
      ehFrameAddress: 0x10000n,
      symbols: {
        at(address) {
          const found = init.functions.find((each) =>
            address >= each.begin && address < each.begin + (each.size ?? 0x100)
          );
          return found &&
            { name: found.name, offset: address - BigInt(found.begin) };
        },
      },
    }),
  ]);
  return {
    modules,
    memory: memoryOf([
      { start: BigInt(STACK), bytes: words(init.stack ?? []) },
      ...(init.memory ?? []),
    ]),
    registers: RegisterSet.of(
      machine,
      Object.entries(init.registers).map(([register, value]) =>
        [Number(register), BigInt(value)] as const
      ),
    ),
  };
}

/** Little-endian 64-bit words. */
export function words(values: readonly (number | bigint)[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setBigUint64(8 * i, BigInt(value), true));
  return bytes;
}

function cieOf(machine: Machine, init: FunctionInit): CieInit {
  const { stackPointer, link } = machineRegisters(machine);
  const isX86 = link === undefined;
  return {
    // LSDA pointers are absolute, code pointers relative.
    augmentation: init.signal === true ? "zRLS" : "zRL",
    augmentationData: [0x1b, 0x00],
    returnAddress: init.returnAddress ?? link ?? 16,
    instructions: isX86
      ? [op.defCfa(stackPointer, 8), op.offset(16, 1)]
      : [op.defCfa(stackPointer, 0)],
  };
}

/** Frames as {@linkcode describe} has them, then the end or the error's kind. */
export function trace(init: WorldInit, options?: WalkOptions): string[] {
  const { frames, end, error } = backtrace(world(init), options);
  return [...frames.map(describe), error === undefined ? `${end}` : error.kind];
}

/** A frame as `name+offset kind source`. */
export function describe(frame: Frame): string {
  const name = frame.function;
  const where = name === undefined ? `0x${frame.pc.toString(16)}` : `${name.name}+${name.offset}`;
  return `${where} ${frame.kind} ${frame.source}`;
}
