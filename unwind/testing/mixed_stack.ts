/**
 * A little virtual machine's stack by hand: code of every kind at fixed addresses, and frames of
 * them in any order, on both machines.
 *
 * The code is one block at {@linkcode CODE}, 0x100 bytes for each region. Frames have a record of
 * return address and frame pointer at their top, as code maps of both machines expect.
 *
 * @module
 */
import { toBigAddress } from "../../bytes/mod.ts";
import type { Machine } from "../../elf/mod.ts";
import { DW_CFA } from "../cfi/mod.ts";
import {
  discoverCode,
  memoryOf,
  type MemoryWindow,
  moduleFromTable,
  ModuleList,
  RegisterSet,
  slotMap,
  type WalkInput,
} from "../walk/mod.ts";
import {
  at,
  compiledImage,
  interpreterImage,
  listImage,
  mapImage,
  METHOD_CODE,
  methodImage,
  type RegionInit,
  symfileImage,
} from "./code_image.ts";
import { FrameImage, op } from "./frame_image.ts";

/** First address of the generated code. */
export const CODE = 0x40_0000;
/** First address of native code: with a table up to 0x100 bytes, then without. */
export const NATIVE_CODE = 0x10_0000;
/** Where the method's record is. */
export const METHOD = 0x50_0000;
/** Thread pointer; the anchor is 16 bytes behind it. */
export const THREAD = 0x60_0000;
/** Where the list of published code is. */
export const LIST = 0x70_0000;
/** Where the published file is. */
export const SYMFILE = 0x71_0000;
/** Address after the stack. */
export const STACK_TOP = 0x8000_0000;

/** Bytes of a frame. */
export const FRAME_SIZE = 128;

/** Offset of the anchor from the thread pointer, and of the handles. */
export const ANCHOR = 16;
/** Offset of the handles from the thread pointer. */
export const HANDLES = 64;

/** Where each region begins, from {@linkcode CODE} on. */
export const REGIONS = {
  optimized: 0,
  jit: 0x100,
  interpreter: 0x200,
  adapter: 0x300,
  stub: 0x400,
  entry: 0x500,
} as const;

/**
 * Registers by their part, as DWARF numbers: the interpreter's bytecode pointer, method and first
 * argument, a register that calls keep, and the result.
 */
export const ROLES = {
  x86_64: { bcp: 13, method: 12, args: 10, kept: 3, result: 0, parameter: 5 },
  aarch64: { bcp: 20, method: 19, args: 10, kept: 21, result: 0, parameter: 0 },
} as const;

/**
 * The method `sum(n: int, list: ref)`: bytecodes 0, 4 (a call that takes one operand and gives a
 * reference), and 8, where `list` is dead.
 */
export const SUM = methodImage({
  name: "sum",
  id: 7,
  params: 2,
  locals: ["n", "list", "i"],
  result: 2,
  paramRefs: 2,
  positions: [
    { bci: 0, refs: 2, ints: 1 },
    { bci: 4, refs: 2, ints: 5, depth: 2, pops: 1, stackRefs: 1 },
    { bci: 8, refs: 2, ints: 5, live: 5, depth: 2, stackRefs: 3 },
  ],
});

/** Address of the method's bytecode. */
export const BYTECODE: number = METHOD + METHOD_CODE;

/** Offsets in a region of what the tests look at. */
export const AT = {
  /** Before the frame is made. */
  entry: 0,
  /** In the frame, before the call. */
  before: 0x10,
  /** The call's return address; the call is the byte before. */
  call: 0x21,
  /** After the bytecode's effect. */
  done: 0x30,
  /** The frame is given up. */
  leaving: 0x40,
} as const;

/** The regions of the code. */
export function regionsOf(machine: Machine): RegionInit[] {
  const { bcp, method, args, kept, parameter } = ROLES[machine];
  const isX86 = machine === "x86_64";
  const method_ = METHOD;
  /** Rows of a frame that is made at 4 and given up at `leaving`. */
  const rows = (begin: number, base: "sp" | "fp" = "fp") =>
    [
      [begin, "sp", isX86 ? 8 : 0, isX86 ? 1 : 0],
      [begin + 4, base, base === "fp" ? 16 : FRAME_SIZE, 7],
      [begin + AT.leaving, "sp", isX86 ? 8 : 0, isX86 ? 1 : 0],
    ] as const;
  const positions = (begin: number) =>
    [
      [begin, 0],
      [begin + 4, 4, 0, 0],
      [begin + 0x20, 4, 1, 0],
      [begin + AT.call, 4, 3, 0],
      [begin + AT.done, 8, 0, 0],
      [begin + AT.leaving, 8, 6],
    ] as const;
  const { optimized, jit, interpreter, adapter, stub, entry } = REGIONS;
  const saved = [[kept, -24]] as const;
  return [
    {
      kind: "optimized",
      name: "sum",
      begin: optimized,
      end: optimized + 0x100,
      method: method_,
      data: compiledImage({
        positions: positions(optimized),
        vectors: [[at.nowhere, at.register(kept), at.constant(-1), at.cfa(-32), at.cfa(-40)]],
      }),
    },
    {
      kind: "jit",
      name: "sum",
      begin: jit,
      end: jit + 0x100,
      method: method_,
      rows: rows(jit),
      saved,
      data: compiledImage({
        convention: 1,
        positions: positions(jit),
        vectors: [[at.cfa(0), at.cfa(8), at.cfa(-32), at.cfa(-40), at.cfa(-48)]],
      }),
    },
    {
      kind: "interpreter",
      name: "interpreter",
      begin: interpreter,
      end: interpreter + 0x100,
      rows: rows(interpreter, "sp"),
      saved,
      data: interpreterImage({
        bcp,
        method,
        args,
        bcpSlot: -40,
        methodSlot: -48,
        localsSlot: -56,
        phases: [
          [interpreter, 0],
          [interpreter + 4, 1],
          [interpreter + 0x20, 3],
          [interpreter + AT.call, 4],
          [interpreter + AT.done, 2],
          [interpreter + AT.leaving, 5],
        ],
      }),
    },
    {
      kind: "adapter",
      name: "sum@jit>opt",
      begin: adapter,
      end: adapter + 0x100,
      method: method_,
      rows: rows(adapter, "sp"),
      data: compiledImage({
        convention: 1,
        positions: [
          [adapter, 0],
          [adapter + 0x10, 0, 0, 0],
          [adapter + 0x20, 0, 1],
          [adapter + AT.call, 0, 3],
          [adapter + AT.leaving, 0, 6],
        ],
        vectors: [[at.register(parameter), at.cfa(8), 0, 0, 0]],
      }),
    },
    {
      kind: "native-stub",
      name: "sum@native",
      begin: stub,
      end: stub + 0x100,
      method: method_,
      flags: 2,
      rows: rows(stub, "sp"),
      saved,
      data: compiledImage({
        positions: [[stub, 0], [stub + 4, 0, 0, 0], [stub + AT.leaving, 0, 6]],
        vectors: [[at.cfa(-32), at.cfa(-40), 0, 0, 0]],
      }),
    },
    {
      kind: "native-stub",
      name: "upcall",
      begin: entry,
      end: entry + 0x100,
      flags: 1,
      rows: rows(entry, "sp"),
      saved,
      data: compiledImage({
        previousAnchor: -48,
        positions: [[entry, 0], [entry + 0x10, 0, 8], [entry + AT.leaving, 0]],
      }),
    },
  ];
}

/** Bytes of the unwind table of the optimized code and of the native code that has one. */
export function tables(machine: Machine, address: number): Uint8Array {
  const { kept } = ROLES[machine];
  const { registers } = slotMap(machine);
  const { link, framePointer, stackPointer } = registers;
  const isX86 = link === undefined;
  const image = new FrameImage("eh_frame", address);
  const cie = image.cie({
    returnAddress: link ?? 16,
    instructions: isX86 ? [op.defCfa(7, 8), op.offset(16, 1)] : [op.defCfa(stackPointer, 0)],
  });
  const instructions = [
    op.advance(4),
    op.defCfaOffset(FRAME_SIZE),
    op.offset(link ?? 16, 1),
    op.offset(framePointer, 2),
    op.offset(kept, 3),
    op.advance(AT.leaving - 4),
    op.defCfaOffset(isX86 ? 8 : 0),
    ...isX86 ? [] : [op.restore(link)],
    op.restore(kept),
    op.restore(framePointer),
  ];
  for (const begin of [CODE, NATIVE_CODE]) image.fde(cie, { begin, size: 0x100, instructions });
  return image.build();
}

/** What a frame is made of. */
export interface FrameInit {
  /** Its code: a region, or native code with or without a table, or the start of all. */
  readonly code: keyof typeof REGIONS | "native" | "blind" | "start";
  /** Offset of its next instruction in that code; default its call's return address. */
  readonly at?: number;
  /** Words in its memory, by CFA offset. */
  readonly words?: Readonly<Record<number, number>>;
  /** Value of the register that calls keep, while the frame runs. */
  readonly kept?: number;
  /** Whether it leaves an anchor in the thread. */
  readonly anchors?: boolean;
}

/** A stack with what a walk of it takes. */
export interface MixedStack extends WalkInput {
  /** All its memory. */
  readonly windows: readonly [stack: MemoryWindow, ...MemoryWindow[]];
  /** Canonical frame addresses, innermost first. */
  readonly cfas: readonly number[];
}

/** The address of an offset in code. */
export function addressOf(code: FrameInit["code"], offset: number): number {
  if (code === "native") return NATIVE_CODE + offset;
  if (code === "blind") return NATIVE_CODE + 0x100 + offset;
  if (code === "start") return NATIVE_CODE + 0x200 + offset;
  return CODE + REGIONS[code] + offset;
}

/**
 * A stack of frames, innermost first, each {@linkcode FRAME_SIZE} bytes but those that are not made yet or any more. The
 * thread's anchor is that of the innermost frame that leaves one.
 */
export function mixedStack(
  machine: Machine,
  frames: readonly FrameInit[],
  options: {
    readonly registers?: Readonly<Record<number, number>>;
    /** Regions instead of the usual ones. */
    readonly regions?: readonly RegionInit[];
    /** Whether the code is not found yet. */
    readonly isUnknown?: boolean;
    /** Code of another such stack, instead of finding it. */
    readonly modules?: ModuleList;
  } = {},
): MixedStack {
  const { kept } = ROLES[machine];
  const { stackPointer, framePointer, programCounter, link } = slotMap(machine).registers;
  const stack = new Uint8Array(Math.max(0x1_0000, (frames.length + 8) * FRAME_SIZE));
  const view = new DataView(stack.buffer);
  const base = STACK_TOP - stack.length;
  const put = (address: number, value: number) =>
    view.setBigUint64(address - base, toBigAddress(value), true);
  const thread = new DataView(new ArrayBuffer(256));
  const setAnchor = (sp: number, pc: number) => {
    thread.setBigUint64(ANCHOR, BigInt(sp), true);
    thread.setBigUint64(ANCHOR + 8, BigInt(pc), true);
  };
  let sp = STACK_TOP - 0x100;
  let fp = 0;
  let pc = 0;
  let keptNow = 0x111;
  let returned = 0;
  const cfas: number[] = [];
  for (const frame of frames.toReversed()) {
    const offset = frame.at ?? AT.call;
    const hasFrame = offset >= 4 && offset < AT.leaving && frame.code !== "start";
    returned = pc;
    const cfa = sp;
    cfas.push(cfa);
    for (const [at, value] of Object.entries(frame.words ?? {})) put(cfa + Number(at), value);
    if (hasFrame) {
      put(cfa - 8, pc);
      put(cfa - 16, fp);
      if (frame.code !== "blind") put(cfa - 24, keptNow);
      sp = cfa - FRAME_SIZE;
      if (frame.code === "jit") fp = cfa - 16;
      // Whoever has no table has no frame pointer either.
      if (frame.code === "blind") fp = 0xdead_beef;
    } else if (link === undefined && frame.code !== "start") {
      put(cfa - 8, pc);
      sp = cfa - 8;
    }
    keptNow = frame.kept ?? (frame.code === "blind" ? 0xbad : keptNow);
    pc = addressOf(frame.code, offset);
    if (frame.code === "entry" && hasFrame && offset >= 0x10) {
      put(cfa - 48, Number(thread.getBigUint64(ANCHOR, true)));
      put(cfa - 40, Number(thread.getBigUint64(ANCHOR + 8, true)));
      setAnchor(sp, 0);
    }
    if (frame.anchors === true) setAnchor(sp, pc);
  }
  cfas.reverse();
  const registers = RegisterSet.of(machine, [
    [stackPointer, BigInt(sp)],
    [framePointer, BigInt(fp)],
    [programCounter, BigInt(pc)],
    [kept, BigInt(keptNow)],
    ...link === undefined ? [] : [[link, BigInt(returned)] as const],
    ...Object.entries(options.registers ?? {}).map(([register, value]) =>
      [Number(register), BigInt(value)] as const
    ),
  ]);
  const { symfile, nativeFrames } = options.regions === undefined
    ? CODE_OF[machine]()
    : codeOf(machine, options.regions);
  const windows: MixedStack["windows"] = [
    { start: BigInt(base), bytes: stack },
    { start: BigInt(METHOD), bytes: SUM },
    { start: BigInt(THREAD), bytes: new Uint8Array(thread.buffer) },
    { start: BigInt(LIST), bytes: listImage(LIST, [{ address: SYMFILE, size: symfile.length }]) },
    { start: BigInt(SYMFILE), bytes: symfile },
  ];
  const memory = memoryOf(windows);
  const modules = options.modules ?? new ModuleList([
    moduleFromTable({
      name: "native",
      begin: BigInt(NATIVE_CODE),
      end: BigInt(NATIVE_CODE + 0x1000),
      ehFrame: nativeFrames,
      ehFrameAddress: 0x20_0000n,
    }),
  ]);
  const input = { registers, memory, modules, threadPointer: BigInt(THREAD), windows, cfas };
  const isFound = options.modules !== undefined || options.isUnknown === true;
  if (!isFound) discoverCode({ memory, modules, descriptor: BigInt(LIST) });
  return input;
}

/** What does not depend on the stack. */
interface CodeFiles {
  readonly symfile: Uint8Array;
  readonly nativeFrames: Uint8Array;
}

function codeOf(machine: Machine, regions: readonly RegionInit[]): CodeFiles {
  const address = 0x30_0000;
  return {
    nativeFrames: nativeTable(machine),
    symfile: symfileImage({
      machine,
      begin: CODE,
      size: 0x600,
      functions: Object.entries(REGIONS).map(([name, value]) => ({ name, value: CODE + value })),
      ehFrame: { address, data: tables(machine, address) },
      map: mapImage({ begin: CODE, end: CODE + 0x600, anchor: ANCHOR, handles: HANDLES, regions }),
    }),
  };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}

const CODE_OF: Readonly<Record<Machine, () => CodeFiles>> = {
  x86_64: once(() => codeOf("x86_64", regionsOf("x86_64"))),
  aarch64: once(() => codeOf("aarch64", regionsOf("aarch64"))),
};

/** The native code's table: that of every code, and the start, which has no caller. */
function nativeTable(machine: Machine): Uint8Array {
  const { link, stackPointer } = slotMap(machine).registers;
  const image = new FrameImage("eh_frame", 0x20_0000 + tables(machine, 0x20_0000).length);
  const cie = image.cie({
    returnAddress: link ?? 16,
    instructions: [op.defCfa(stackPointer, 0), op.one(DW_CFA.undefined, link ?? 16)],
  });
  image.fde(cie, { begin: NATIVE_CODE + 0x200, size: 0x100 });
  return Uint8Array.of(...tables(machine, 0x20_0000), ...image.build());
}
