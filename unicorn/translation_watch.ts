/**
 * What is done about each block of code that the library translates, before it runs for the first
 * time.
 *
 * @module
 */
import type { CacheMaintenance } from "./aarch64/cache_maintenance.ts";
import type { PcAlignment } from "./aarch64/pc_alignment.ts";
import type { CodeFrames } from "./code_frames.ts";
import type { InstructionStops } from "./x86_64/instruction_stops.ts";
import type { InstructionWatch } from "./instruction_watch.ts";
import * as uc from "./constants.ts";
import type { DebugWrites } from "./debug_writes.ts";
import type { NativeEngine } from "./native_engine.ts";
import { PAGE_SIZE, type RamMap } from "./ram.ts";

const PAGE_OFFSET = BigInt(PAGE_SIZE - 1);

/** What looks at translated blocks, on one engine. */
export interface TranslationWatchers {
  /** Which page frames hold code. */
  readonly code: CodeFrames;
  /** AArch64: whether code may begin there. */
  readonly alignment: PcAlignment | undefined;
  /** AArch64: where the instruction cache is invalidated. */
  readonly maintenance: CacheMaintenance | undefined;
  /** Instructions that are looked at, if there are any. */
  readonly instructions: () => InstructionWatch | undefined;
  /** x86-64: instructions before which runs end, if there are any. */
  readonly stops: () => InstructionStops | undefined;
  /** Where debug registers are written, if runs end there. */
  readonly debug: DebugWrites | undefined;
}

/** Shows translated blocks to those who have to know of them. */
export class TranslationWatch {
  readonly #native: NativeEngine;
  readonly #ram: RamMap;
  readonly #watchers: TranslationWatchers;

  /** For an engine over `ram`. */
  constructor(native: NativeEngine, ram: RamMap, watchers: TranslationWatchers) {
    this.#native = native;
    this.#ram = ram;
    this.#watchers = watchers;
  }

  /** A block of `size` bytes at a virtual address has been translated. */
  onTranslation(address: bigint, size: number): void {
    const { code, alignment, maintenance, debug } = this.#watchers;
    const instructions = this.#watchers.instructions();
    const parts: Uint8Array[] = [];
    alignment?.onTranslation(address);
    let added = false;
    let again = false;
    const end = address + BigInt(size);
    for (let at = address; at < end;) {
      const part = Math.min(Number(end - at), PAGE_SIZE - Number(at & PAGE_OFFSET));
      const physical = this.#native.translate(at, uc.UC_PROT_EXEC);
      const bytes = physical === undefined ? undefined : this.#ram.slice(physical, part);
      if (physical !== undefined && bytes !== undefined) {
        added = code.add(physical) || added;
        again = maintenance?.findIn(at, bytes) || again;
        parts.push(bytes);
        again = debug?.findIn(at, bytes) || again;
      }
      at += BigInt(part);
    }
    if (added) this.#native.flushTlb();
    again = this.#watchers.stops()?.onTranslation(address, parts) || again;
    if (again) this.#native.translateAgain(address, size);
    instructions?.onTranslation(address, joined(parts));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(0)] = parts;
  if (parts.length <= 1) return first;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
