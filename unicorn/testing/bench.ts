/**
 * What the engine's tests share: engines with a little RAM, and ways to place machine code in it.
 *
 * @module
 */
import { Engine, type EngineOptions } from "../engine.ts";
import type { EngineArch } from "../errors.ts";

/** An engine under test, with RAM at address 0. */
export interface Bench extends Disposable {
  /** The engine. */
  engine: Engine;
  /** Its RAM. */
  ram: Uint8Array<ArrayBuffer>;
  /** The same RAM. */
  memory: DataView<ArrayBuffer>;
}

/** Opens an engine with 1 MiB of RAM. */
export function openBench(arch: EngineArch, options: EngineOptions = {}): Bench {
  const engine = Engine.open(arch, options);
  const ram = new Uint8Array(1 << 20);
  engine.mapRam(0n, ram);
  return {
    engine,
    ram,
    memory: new DataView(ram.buffer),
    [Symbol.dispose]: () => engine[Symbol.dispose](),
  };
}

/** Places A64 instructions. */
export function placeWords({ memory }: Bench, address: number, words: readonly number[]): void {
  words.forEach((word, index) => memory.setUint32(address + 4 * index, word, true));
}
