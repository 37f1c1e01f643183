/**
 * The native entry points of callbacks.
 *
 * There are ten per library, made once and never freed, whatever the number of engines and hooks:
 * V8 cannot collect one that native code still knows. They record and stop; the engine acts after
 * the run has returned. Nothing is thrown through native code.
 *
 * @module
 */
import { UC_MEM_FETCH_UNMAPPED, UC_MEM_WRITE, UC_MEM_WRITE_UNMAPPED } from "./constants.ts";
import type { MemoryExit } from "./exit.ts";

/** What the callbacks need of the engine that is running. */
export interface HookTarget {
  /** Called before an instruction in the range of hook `id`. */
  onCode(id: number, address: bigint): void;
  /** Called before the first instruction of a block in a watched range. */
  onBlock(): void;
  /** Called before an instruction that an {@linkcode InstructionWatch} has found. */
  onInstruction(address: bigint): void;
  /** Called when a physical address has no memory. */
  onMemory(access: MemoryExit["access"], address: bigint, size: number): void;
  /** Called before a load or store of watched memory. */
  onAccess(write: boolean, address: bigint, size: number): void;
  /**
   * Called for `rdtsc`, and `rdtscp`, which also reads the processor's number; returns whether it
   * has done the instruction's work.
   */
  onTimestamp(withProcessor: boolean): boolean;
  /**
   * Called when code, `size` bytes at a virtual address, has been translated, before it runs.
   * `count` is the number of its instructions.
   */
  onTranslation(address: bigint, size: number, count: number): void;
  /** Called for a hooked system instruction of AArch64, with fields and its register's value. */
  onSystem(operation: { crn: number; crm: number; op1: number; value: bigint }): void;
  /** Called for each access by `in`, `out` and their string forms. */
  onPort(): void;
}

/**
 * The engine that callbacks go to: whoever runs one puts it here and gives back the one before. A
 * place and no function, as giving back must work where the stack has no room left for a call.
 */
export const RUNNING: { target: HookTarget | undefined } = { target: undefined };

// Pointers that are not used are declared as numbers: making pointer objects of them would cost
// more than the call.
const code = lazy(() =>
  new Deno.UnsafeCallback(
    { parameters: ["u32", "u64", "u32", "u32"], result: "void" },
    (_uc, address, _size, id) => RUNNING.target?.onCode(id, address),
  )
);

// What it is called with is not asked for: to make values of it takes as long as the call.
const block = lazy(() =>
  new Deno.UnsafeCallback({ parameters: [], result: "void" }, () => RUNNING.target?.onBlock())
);

const instruction = lazy(() =>
  new Deno.UnsafeCallback(
    { parameters: ["u32", "u64", "u32", "u32"], result: "void" },
    (_uc, address) => RUNNING.target?.onInstruction(address),
  )
);

const memory = lazy(() =>
  new Deno.UnsafeCallback(
    { parameters: ["u32", "i32", "u64", "i32", "i64", "u32"], result: "u8" },
    (_uc, type, address, size) => {
      const access = type === UC_MEM_WRITE_UNMAPPED
        ? "write"
        : type === UC_MEM_FETCH_UNMAPPED
        ? "fetch"
        : "read";
      RUNNING.target?.onMemory(access, address, size);
      return 0;
    },
  )
);

const access = lazy(() =>
  new Deno.UnsafeCallback(
    { parameters: ["u32", "i32", "u64", "i32", "u32", "u32"], result: "void" },
    (_uc, type, address, size) => RUNNING.target?.onAccess(type === UC_MEM_WRITE, address, size),
  )
);

const translation = lazy(() =>
  new Deno.UnsafeCallback(
    { parameters: ["u32", "pointer", "u32", "u32"], result: "void" },
    (_uc, block) => {
      if (block === null) return;
      // The block's description: its address (u64), its instructions (u16), its bytes (u16).
      const view = new Deno.UnsafePointerView(block);
      RUNNING.target?.onTranslation(view.getBigUint64(), view.getUint16(10), view.getUint16(8));
    },
  )
);

const timestamp = lazy(() =>
  new Deno.UnsafeCallback(
    { parameters: ["u32", "u32"], result: "i32" },
    () => RUNNING.target?.onTimestamp(false) ? 1 : 0,
  )
);

const processorTimestamp = lazy(() =>
  new Deno.UnsafeCallback(
    { parameters: ["u32", "u32"], result: "i32" },
    () => RUNNING.target?.onTimestamp(true) ? 1 : 0,
  )
);

const system = lazy(() =>
  new Deno.UnsafeCallback(
    { parameters: ["u32", "i32", "pointer", "u32"], result: "u32" },
    (_uc, _register, operation) => {
      if (operation === null) return 0;
      // `uc_arm64_cp_reg`: CRn, CRm, op0, op1, op2 (u32 each), padding, the value (u64).
      const view = new Deno.UnsafePointerView(operation);
      RUNNING.target?.onSystem({
        crn: view.getUint32(0),
        crm: view.getUint32(4),
        op1: view.getUint32(12),
        value: view.getBigUint64(24),
      });
      return 0;
    },
  )
);

// Nothing is behind the ports: what is read is 0.
const portInput = lazy(() =>
  new Deno.UnsafeCallback(
    { parameters: ["u32", "u32", "i32", "u32"], result: "u32" },
    () => {
      RUNNING.target?.onPort();
      return 0;
    },
  )
);

const portOutput = lazy(() =>
  new Deno.UnsafeCallback(
    { parameters: ["u32", "u32", "i32", "u32", "u32"], result: "void" },
    () => RUNNING.target?.onPort(),
  )
);

/**
 * Native entry point of code hooks; the hook's data is the number given to
 * {@linkcode HookTarget.onCode}.
 */
export function codeCallback(): Deno.PointerObject {
  return code().pointer;
}

/** Native entry point of hooks of blocks. */
export function blockCallback(): Deno.PointerObject {
  return block().pointer;
}

/** Native entry point of hooks of instructions that are looked at. */
export function instructionCallback(): Deno.PointerObject {
  return instruction().pointer;
}

/** Native entry point of hooks of absent memory. */
export function memoryCallback(): Deno.PointerObject {
  return memory().pointer;
}

/** Native entry point of hooks of loads and stores. */
export function accessCallback(): Deno.PointerObject {
  return access().pointer;
}

/** Native entry point of hooks of translated blocks. */
export function translationCallback(): Deno.PointerObject {
  return translation().pointer;
}

/** Native entry point of hooks of system instructions of AArch64. */
export function systemCallback(): Deno.PointerObject {
  return system().pointer;
}

/** Native entry point of hooks of `rdtsc`. */
export function timestampCallback(): Deno.PointerObject {
  return timestamp().pointer;
}

/** Native entry point of hooks of `rdtscp`. */
export function processorTimestampCallback(): Deno.PointerObject {
  return processorTimestamp().pointer;
}

/** Native entry point of hooks of `in`. */
export function portInputCallback(): Deno.PointerObject {
  return portInput().pointer;
}

/** Native entry point of hooks of `out`. */
export function portOutputCallback(): Deno.PointerObject {
  return portOutput().pointer;
}

function lazy<T>(make: () => T): () => T {
  let value: T | undefined;
  return () => value ??= make();
}
