/**
 * What is done about each block of code that the library translates, before it runs for the first
 * time.
 *
 * @module
 */
import { joinBytes } from "../util/join_bytes.ts";
import * as uc from "./constants.ts";
import type { EngineParts } from "./engine_parts.ts";
import { PAGE_SIZE } from "./ram.ts";
import type { Watches } from "./watches.ts";

const PAGE_OFFSET = BigInt(PAGE_SIZE - 1);

/** Shows translated blocks to those parts and watches of an engine that have to know of them. */
export class TranslationWatch {
  readonly #parts: EngineParts;
  readonly #watches: Watches;

  /** For one engine. */
  constructor(parts: EngineParts, watches: Watches) {
    this.#parts = parts;
    this.#watches = watches;
  }

  /** A block of `size` bytes at a virtual address has been translated. */
  onTranslation(address: bigint, size: number): void {
    const { native, ram, code, aarch64 } = this.#parts;
    const { debug, stops, instructions } = this.#watches;
    const parts: Uint8Array[] = [];
    aarch64?.alignment.onTranslation(address);
    let added = false;
    let again = false;
    const end = address + BigInt(size);
    for (let at = address; at < end;) {
      const part = Math.min(Number(end - at), PAGE_SIZE - Number(at & PAGE_OFFSET));
      const physical = native.translate(at, uc.UC_PROT_EXEC);
      const bytes = physical === undefined ? undefined : ram.map.slice(physical, part);
      if (physical !== undefined && bytes !== undefined) {
        added = code.add(physical) || added;
        again = aarch64?.maintenance.findIn(at, bytes) || again;
        parts.push(bytes);
        again = debug?.findIn(at, bytes) || again;
      }
      at += BigInt(part);
    }
    if (added) native.flushTlb();
    again = stops?.onTranslation(address, parts) || again;
    if (again) native.translateAgain(address, size);
    // Put together only now: what stops have hidden may be back in its place.
    instructions?.onTranslation(address, joinBytes(parts));
  }
}
