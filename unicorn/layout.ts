/**
 * Where libunicorn keeps what its interface does not offer.
 *
 * Nothing here is a constant of some build: every offset is found by running known guest code on a throw-away engine
 * and looking for its effect, and is used only after a self-test has confirmed it. See `layout_x86_64.ts` and
 * `layout_aarch64.ts` for the CPU's own structure.
 *
 * @module
 */
import * as uc from "./constants.ts";
import { AArch64Register } from "./constants_aarch64.ts";
import { X86Register } from "./constants_x86_64.ts";
import { type AArch64ModelName, NativeEngine } from "./native_engine.ts";
import type { EngineArch } from "./errors.ts";
import { addressOf, isMapped, pointerTo, viewMemory } from "./native_memory.ts";
import { CalibrationError, OffsetSearch } from "./offset_search.ts";
import type { UnicornSymbols } from "./symbols.ts";

/** Offsets in bytes that both architectures have, each in its own structure. */
export interface CommonLayout {
  /** In the engine: instructions counted by the last run (u64). */
  counter: number;
  /** In the engine: whether something asked the run to stop (u8). */
  stopRequest: number;
  /** In the engine: pointer to the CPU object. */
  cpu: number;
  /** In the CPU object: pointer to the CPU's state. */
  state: number;
  /** In the CPU object: number of the last exception (i32). */
  exception: number;
  /** Bytes of the CPU's state that a saved context covers. */
  stateSize: number;
  /** Bytes of a saved context before the CPU's state. */
  contextHeader: number;
}

/** Bytes of the engine structure that are searched; fields in use lie in its first kilobytes. */
const ENGINE_WINDOW = 4096;
/** Bytes of the CPU object that are searched for the pointer to its state. */
const CPU_WINDOW = 1024;
/** The state lies in the CPU object itself, at most this far from its start. */
const STATE_REACH = 1n << 20n;
/** A count that occurs nowhere by chance. */
const UNIQUE_COUNT = 0x123456789n;

/** Where the guest programs of calibration lie. */
export const CODE = 0x1000n;

/** An engine with a little RAM at 0, for calibration: runs machine code and forgets it. */
export class Specimen implements Disposable {
  readonly native: NativeEngine;
  readonly ram: Uint8Array<ArrayBuffer> = new Uint8Array(0x10000);

  /** Opens the engine and maps its RAM. */
  constructor(symbols: UnicornSymbols, arch: EngineArch, model: AArch64ModelName = "cortex-a72") {
    this.native = new NativeEngine(symbols, arch, model);
    this.native.check(this.native.map(0n, this.ram), "map RAM");
  }

  /** Runs machine code from a fresh place, with a budget in instructions; returns Unicorn's status. */
  run(code: readonly number[], { at = CODE, budget = UNIQUE_COUNT } = {}): number {
    this.ram.set(code, Number(at));
    this.native.check(
      this.native.symbols.uc_ctl_none(this.native.handle, uc.UC_CTL_TB_FLUSH),
      "flush code",
    );
    return this.native.start(at, budget);
  }

  /** The engine's structure, in place. */
  engineView(): DataView {
    const address = addressOf(this.native.handle);
    if (!isMapped(this.native.symbols, address, ENGINE_WINDOW)) {
      throw new CalibrationError("Cannot view the engine's structure: memory not mapped");
    }
    return new DataView(viewMemory(address, ENGINE_WINDOW));
  }

  /** A copy of the CPU's state, as a saved context holds it, and the size of the context's own header. */
  savedState(): { bytes: Uint8Array; header: number } {
    const { symbols, handle } = this.native;
    const word = new BigUint64Array(1);
    this.native.check(symbols.uc_context_alloc(handle, word), "allocate a context");
    const address = word[0] ?? 0n;
    const context = pointerTo(address);
    try {
      this.native.check(symbols.uc_context_save(handle, context), "save a context");
      const bytes = new Uint8Array(viewMemory(address, Number(symbols.uc_context_size(handle))));
      const header = contextHeader(this.native, bytes);
      return { bytes: bytes.slice(header), header };
    } finally {
      symbols.uc_context_free(context);
    }
  }

  /** Frees the engine. */
  [Symbol.dispose](): void {
    this.native.close();
  }
}

/** The general registers that lie side by side in the CPU's state, and how far from its start they do. */
function registerFile(arch: EngineArch): { ids: number[]; offset: number } {
  if (arch === "aarch64") {
    const ids = Array.from({ length: 29 }, (_, index) => AArch64Register.X0 + index);
    return { ids, offset: 64 }; // after sixteen 32-bit registers of AArch32
  }
  const { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 } =
    X86Register;
  const ids = [RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15];
  return { ids, offset: 0 };
}

/** Fills the general registers with values that occur nowhere by chance, and finds them in a saved context. */
function contextHeader(native: NativeEngine, context: Uint8Array): number {
  const { ids, offset } = registerFile(native.arch);
  const wanted = new BigUint64Array(ids.map((id) => native.readRegister(id)));
  const bytes = new Uint8Array(wanted.buffer);
  for (let start = 0; start + bytes.length <= context.length; start += 8) {
    if (bytes.every((byte, index) => context[start + index] === byte)) return start - offset;
  }
  throw new CalibrationError("Cannot find the general registers in a saved context");
}

/** Follows the engine's pointers to the CPU's state, wherever it lies. */
function findState(
  specimen: Specimen,
): Pick<CommonLayout, "cpu" | "state" | "stateSize" | "contextHeader"> {
  const { native } = specimen;
  registerFile(native.arch).ids.forEach((id, index) =>
    native.writeRegister(id, 0x5a17_c0de_0000_0000n + BigInt(index))
  );
  const { bytes: saved, header: contextHeader } = specimen.savedState();
  const engine = specimen.engineView();
  for (let cpu = 0; cpu < ENGINE_WINDOW; cpu += 8) {
    const object = engine.getBigUint64(cpu, true);
    if (object % 8n !== 0n || !isMapped(native.symbols, object, CPU_WINDOW)) continue;
    const fields = new DataView(viewMemory(object, CPU_WINDOW));
    for (let state = 0; state < CPU_WINDOW; state += 8) {
      const address = fields.getBigUint64(state, true);
      if (address <= object || address > object + STATE_REACH || address % 8n !== 0n) continue;
      if (!isMapped(native.symbols, address, saved.length)) continue;
      const live = new Uint8Array(viewMemory(address, saved.length));
      if (saved.every((byte, index) => live[index] === byte)) {
        return { cpu, state, stateSize: saved.length, contextHeader };
      }
    }
  }
  throw new CalibrationError("Cannot find the CPU's state: no pointer of the engine leads to it");
}

/** Guest code for {@linkcode findCommonLayout}: two exceptions with different numbers, and a pause. */
export interface ProbeCode {
  /** Code that raises an exception, with its number. */
  traps: readonly { code: readonly number[]; number: number }[];
  /** `nop`, `nop`, and the instruction that waits for an interrupt. */
  pause: readonly number[];
  /** Two instructions that loop for ever. */
  loop: readonly number[];
}

/** Finds what both architectures have. @throws {CalibrationError} When something is not found. */
export function findCommonLayout(specimen: Specimen, probe: ProbeCode): CommonLayout {
  const engine = specimen.engineView();
  const { cpu, state, ...sizes } = findState(specimen);
  const counter = new OffsetSearch(engine, { name: "the instruction counter", width: 8 });
  const stop = new OffsetSearch(engine, { name: "the stop request", width: 1 });
  for (const budget of [5n, 1000n, 3n, 7n]) {
    specimen.run(probe.pause);
    counter.keep(3n);
    stop.keep(0n);
    // The counter has passed the budget when the count hook stops the run.
    specimen.run(probe.loop, { budget });
    counter.keep(budget + 1n);
    stop.keep(1n);
  }
  const object = viewObject(specimen, engine.getBigUint64(cpu, true), state);
  const exception = new OffsetSearch(object, { name: "the exception number", width: 4 });
  for (let round = 0; round < 2; round++) {
    for (const { code, number } of probe.traps) {
      specimen.run(code);
      exception.keep(BigInt(number));
    }
  }
  return {
    counter: counter.only(),
    stopRequest: stop.only(),
    cpu,
    state,
    exception: exception.only(),
    ...sizes,
  };
}

/** The CPU object up to the state inside it, in place. */
function viewObject(specimen: Specimen, object: bigint, state: number): DataView {
  const end = new DataView(viewMemory(object, CPU_WINDOW)).getBigUint64(state, true);
  const size = Number(end - object);
  if (!isMapped(specimen.native.symbols, object, size)) {
    throw new CalibrationError("Cannot view the CPU object: memory not mapped");
  }
  return new DataView(viewMemory(object, size));
}

/** The CPU's state of an engine, in place. */
export function viewState(native: NativeEngine, layout: CommonLayout): ArrayBuffer {
  return viewMemory(stateAddress(native, layout), layout.stateSize);
}

/** The CPU object of an engine: its address. */
export function cpuAddress(native: NativeEngine, layout: CommonLayout): bigint {
  const engine = new DataView(viewMemory(addressOf(native.handle), layout.cpu + 8));
  return engine.getBigUint64(layout.cpu, true);
}

function stateAddress(native: NativeEngine, layout: CommonLayout): bigint {
  const fields = new DataView(viewMemory(cpuAddress(native, layout), layout.state + 8));
  return fields.getBigUint64(layout.state, true);
}
