/**
 * Where libunicorn keeps what its interface does not offer.
 *
 * Nothing here is a constant of some build: every offset is found by running known guest code on a
 * throw-away engine and looking for its effect, and is used only after a self-test has confirmed
 * it. See `layout_x86_64.ts` and `layout_aarch64.ts` for the CPU's own structure.
 *
 * @module
 */
import { AArch64Register } from "../aarch64/constants.ts";
import { X86Register } from "../x86_64/constants.ts";
import type { ModelName } from "../models.ts";
import { NativeEngine } from "../native_engine.ts";
import type { EngineArch } from "../errors.ts";
import { addressOf, pointerTo, tryCopyMemory, viewMemory } from "../native_memory.ts";
import { CalibrationError, OffsetSearch } from "./offset_search.ts";
import type { UnicornSymbols } from "../symbols.ts";

/** Offsets in bytes that both architectures have, each in its own structure. */
export interface CommonLayout {
  /** In the engine: instructions counted by the last run (u64). */
  counter: number;
  /** In the engine: whether something asked the run to stop (u8). */
  stopRequest: number;
  /** In the engine: pointer to the block of code that ran last, which begins with its address. */
  lastBlock: number;
  /** In the engine: pointer to the CPU object. */
  cpu: number;
  /** In the CPU object: pointer to the CPU's state. */
  state: number;
  /** How far the CPU's state lies from the start of the CPU object, whose part it is. */
  distance: number;
  /** In the CPU object: number of the last exception (i32). */
  exception: number;
  /** Bytes of the CPU's state that a saved context covers. */
  stateSize: number;
  /** Bytes of a saved context before the CPU's state. */
  contextHeader: number;
}

/** Bytes of the engine structure that are searched; fields in use lie in its first kilobytes. */
const ENGINE_WINDOW = 4096;
/** The whole structure is no larger; most of it is saved registers of the host. */
const ENGINE_SIZE = 24 * 1024;
/** Bytes of the CPU object that are searched for the pointer to its state. */
const CPU_WINDOW = 1024;
/** The state lies in the CPU object itself, at most this far from its start. */
const STATE_REACH = 2 ** 20;
/** A count that occurs nowhere by chance. */
const UNIQUE_COUNT = 0x123456789n;

/** Where the guest programs of calibration lie. */
export const CODE = 0x1000n;

/** An engine with a little RAM at 0, for calibration: runs machine code and forgets it. */
export class Specimen implements Disposable {
  readonly native: NativeEngine;
  readonly ram: Uint8Array<ArrayBuffer> = new Uint8Array(0x10000);

  /** Opens the engine and maps its RAM. */
  constructor(symbols: UnicornSymbols, arch: EngineArch, model?: ModelName) {
    this.native = new NativeEngine(symbols, arch, model);
    this.native.check(this.native.map(0n, this.ram), "map RAM");
  }

  /**
   * Runs machine code from a fresh place, with a budget in instructions; returns Unicorn's status.
   */
  run(code: readonly number[], { at = CODE, budget = UNIQUE_COUNT } = {}): number {
    this.ram.set(code, Number(at));
    this.native.flushCode();
    return this.native.start(at, budget);
  }

  /** The engine's structure, in place. */
  engineView(): DataView {
    const address = addressOf(this.native.handle);
    if (!tryCopyMemory(this.native.symbols, address, new Uint8Array(ENGINE_WINDOW))) {
      throw new CalibrationError("Cannot view the engine's structure: memory not mapped");
    }
    return new DataView(viewMemory(address, ENGINE_WINDOW));
  }

  /**
   * A copy of the CPU's state, as a saved context holds it, and the size of the context's own
   * header. The general registers have new values afterwards.
   */
  savedState(): { bytes: Uint8Array; header: number } {
    const { symbols, handle } = this.native;
    const registers = fillRegisters(this.native);
    const word = new BigUint64Array(1);
    this.native.check(symbols.uc_context_alloc(handle, word), "allocate a context");
    const address = word[0] ?? 0n;
    const context = pointerTo(address);
    try {
      this.native.check(symbols.uc_context_save(handle, context), "save a context");
      const bytes = new Uint8Array(viewMemory(address, Number(symbols.uc_context_size(handle))));
      const header = contextHeader(this.native.arch, registers, bytes);
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

/**
 * The general registers that lie side by side in the CPU's state, and how far from its start they
 * do.
 */
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

/**
 * Fills the general registers with values that occur nowhere by chance, and differ between engines.
 */
function fillRegisters(native: NativeEngine): BigUint64Array<ArrayBuffer> {
  const unique = addressOf(native.handle) << 8n;
  const { ids } = registerFile(native.arch);
  const values = ids.map((_, index) => unique + BigInt(index));
  ids.forEach((id, index) => native.writeRegister(id, unique + BigInt(index)));
  return new BigUint64Array(values);
}

/** Where in a saved context the CPU's state begins, found by the general registers. */
function contextHeader(arch: EngineArch, wanted: BigUint64Array, context: Uint8Array): number {
  const { offset } = registerFile(arch);
  const bytes = new Uint8Array(wanted.buffer);
  for (let start = 0; start + bytes.length <= context.length; start += 8) {
    if (bytes.every((byte, index) => context[start + index] === byte)) return start - offset;
  }
  throw new CalibrationError("Cannot find the general registers in a saved context");
}

/**
 * A way from the engine to the CPU's state: offsets of two pointers, and how far the state lies
 * from the CPU object.
 */
type StateChain = Pick<CommonLayout, "cpu" | "state" | "distance">;

/** Every way that leads to the state of this engine's CPU; some may do so by chance. */
function stateChains(specimen: Specimen): StateChain[] {
  const { native } = specimen;
  const { bytes: saved } = specimen.savedState();
  const engine = specimen.engineView();
  // Copies, as making hundreds of array buffers would cost more than all the rest.
  const fields = new DataView(new ArrayBuffer(CPU_WINDOW));
  const live = new Uint8Array(saved.length);
  const copy = (address: number, target: Uint8Array<ArrayBuffer>): boolean =>
    tryCopyMemory(native.symbols, BigInt(address), target);
  const chains: StateChain[] = [];
  for (let cpu = 0; cpu < ENGINE_WINDOW; cpu += 8) {
    const object = pointerAt(engine, cpu);
    if (object === 0 || !copy(object, new Uint8Array(fields.buffer))) continue;
    for (let state = 0; state < CPU_WINDOW; state += 8) {
      const distance = pointerAt(fields, state) - object;
      if (distance <= 0 || distance > STATE_REACH || !copy(object + distance, live)) continue;
      if (saved.every((byte, index) => live[index] === byte)) chains.push({ cpu, state, distance });
    }
  }
  return chains;
}

/** The address in a word, or 0 when the word can be none: not a multiple of 8, or beyond 2^48. */
function pointerAt(view: DataView, offset: number): number {
  const low = view.getUint32(offset, true);
  const high = view.getUint32(offset + 4, true);
  return low % 8 !== 0 || high > 0xffff ? 0 : high * 2 ** 32 + low;
}

/**
 * The ways to the CPU's state that hold in this engine and in two more, whatever else lies around
 * them.
 */
function commonChains(specimen: Specimen): StateChain[] {
  const { symbols, arch } = specimen.native;
  using second = new Specimen(symbols, arch);
  using third = new Specimen(symbols, arch);
  let chains = stateChains(specimen);
  for (const other of [second, third]) {
    const found = stateChains(other);
    const isFound = ({ cpu, state, distance }: StateChain): boolean =>
      found.some((chain) =>
        chain.cpu === cpu && chain.state === state && chain.distance === distance
      );
    chains = chains.filter(isFound);
  }
  if (chains.length === 0) {
    throw new CalibrationError("Cannot find the CPU's state: no pointer of the engine leads to it");
  }
  return chains;
}

/**
 * Guest code for {@linkcode findCommonLayout}: two exceptions with different numbers, and a pause.
 */
export interface ProbeCode {
  /** Code that raises an exception, with its number. */
  traps: readonly { code: readonly number[]; number: number }[];
  /** `nop`, `nop`, and the instruction that waits for an interrupt. */
  pause: readonly number[];
  /** A jump to the instruction behind it, and a pause. */
  jump: readonly number[];
  /** Two instructions that loop for ever. */
  loop: readonly number[];
}

/** Finds what both architectures have. @throws {CalibrationError} When something is not found. */
export function findCommonLayout(specimen: Specimen, probe: ProbeCode): CommonLayout {
  const engine = specimen.engineView();
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
  const { bytes, header } = specimen.savedState();
  const searches = commonChains(specimen).map((chain) => {
    const object = engine.getBigUint64(chain.cpu, true);
    const view = new DataView(viewMemory(object, chain.distance));
    return { chain, search: new OffsetSearch(view, { name: "the exception number", width: 4 }) };
  });
  for (let round = 0; round < 2; round++) {
    for (const { code, number } of probe.traps) {
      specimen.run(code);
      for (const { search } of searches) search.keep(BigInt(number));
    }
  }
  const [found, ...others] = searches.filter(({ search }) => search.count === 1);
  if (found === undefined || others.length > 0) {
    throw new CalibrationError(`Cannot find the CPU object: ${others.length + 1} of them`);
  }
  return {
    counter: counter.only(),
    lastBlock: findLastBlock(specimen, probe.jump),
    stopRequest: stop.only(),
    ...found.chain,
    exception: found.search.only(),
    stateSize: bytes.length,
    contextHeader: header,
  };
}

/** Where the engine keeps the block that ran last: it points to the address of a known one. */
function findLastBlock(specimen: Specimen, jump: readonly number[]): number {
  const { symbols, handle } = specimen.native;
  const view = new DataView(copyEngine(symbols, addressOf(handle)).buffer);
  const first = new Uint8Array(8);
  const pc = new DataView(first.buffer);
  let offsets = Array.from({ length: view.byteLength >> 3 }, (_, index) => 8 * index);
  for (const at of [0x2000n, 0x3000n, CODE]) {
    specimen.run(jump, { at });
    tryCopyMemory(symbols, addressOf(handle), new Uint8Array(view.buffer));
    offsets = offsets.filter((offset) => {
      const block = pointerAt(view, offset);
      return block > 0 && tryCopyMemory(symbols, BigInt(block), first) &&
        pc.getBigUint64(0, true) === at;
    });
  }
  // What lies behind the structure, and not in it, may point there too.
  const [found] = offsets;
  if (found === undefined) throw new CalibrationError("Cannot find the last block");
  return found;
}

/** As much of the engine's structure as can be read, up to the whole of it. */
function copyEngine(symbols: UnicornSymbols, address: bigint): Uint8Array<ArrayBuffer> {
  for (let size = ENGINE_SIZE; size > ENGINE_WINDOW; size -= 1024) {
    const copy = new Uint8Array(size);
    if (tryCopyMemory(symbols, address, copy)) return copy;
  }
  throw new CalibrationError("Cannot view the engine's structure: memory not mapped");
}

/**
 * The CPU of an engine: its object, and its state in place.
 *
 * @throws {CalibrationError} When it is not where it should be.
 */
export function locateCpu(
  native: NativeEngine,
  layout: CommonLayout,
): { object: bigint; state: ArrayBuffer } {
  const engine = new DataView(viewMemory(addressOf(native.handle), layout.cpu + 8));
  const object = engine.getBigUint64(layout.cpu, true);
  const fields = new DataView(viewMemory(object, layout.state + 8));
  const state = fields.getBigUint64(layout.state, true);
  if (state - object !== BigInt(layout.distance)) {
    throw new CalibrationError(
      "Cannot find the CPU's state: it has another place than at load time",
    );
  }
  return { object, state: viewMemory(state, layout.stateSize) };
}

/** Address of the CPU's state. @throws {CalibrationError} As {@linkcode locateCpu}. */
export function stateAddress(native: NativeEngine, layout: CommonLayout): bigint {
  return locateCpu(native, layout).object + BigInt(layout.distance);
}
