/**
 * Rows of a map: how the caller of a frame is found, in the few shapes that generated code has.
 *
 * @module
 */
import { countNotAbove } from "../../../../bytes/mod.ts";
import type { Machine } from "../../../../elf/mod.ts";
import { machineRegisters } from "../../../cfi/mod.ts";
import type { FrameRow } from "../code_kind.ts";
import type { MapRegion } from "./code_map.ts";

/** Bytes of a row, and of a saved register. */
const ROW_SIZE = 8;
const SAVED_SIZE = 4;

/** Bits of a row's `saved`. */
const RETURN_ADDRESS = 1;
const FRAME_POINTER = 2;
const LIST = 4;

/** The rows of a region. */
export class MapRows {
  readonly #begins: readonly number[];
  readonly #rows: readonly FrameRow[];

  /**
   * Reads and checks them. Throws `CodeMapError` (`size`, `row`) if there is none for the region's
   * first instruction, they are not in order, or one names no register.
   */
  constructor(region: MapRegion, machine: Machine) {
    const { map, rows, saved } = region;
    const { stackPointer, framePointer, link, programCounter, tracked } = machineRegisters(machine);
    const listAt = map.table(saved, SAVED_SIZE, "saved registers");
    const list = Array.from({ length: saved.count }, (_, i) => {
      const at = listAt + i * SAVED_SIZE;
      const register = map.u16(at);
      if (!tracked.includes(register)) {
        throw map.error("row", `Register ${register} is saved`, at, "one that calls keep");
      }
      return [register, map.view.getInt16(at + 2, true)] as const;
    });
    const rowsAt = map.table(rows, ROW_SIZE, "rows");
    const begins: number[] = [];
    this.#begins = begins;
    this.#rows = Array.from({ length: rows.count }, (_, i) => {
      const at = rowsAt + i * ROW_SIZE;
      const begin = map.u32(at);
      const base = map.view.getUint8(at + 4);
      const bits = map.view.getUint8(at + 5);
      if (i > 0 && begin <= begins[i - 1]!) {
        throw map.error("row", `Row ${i} begins at 0x${begin.toString(16)}`, at, "one in order");
      }
      if (base > 1 || bits > 7) {
        throw map.error(
          "row",
          `Row has base ${base} and saves ${bits}`,
          at + 4,
          "0 or 1, and 0 to 7",
        );
      }
      if (link === undefined && (bits & RETURN_ADDRESS) === 0) {
        throw map.error("row", "Return address is not saved", at + 5, "bit 0 on this machine");
      }
      begins.push(begin);
      const returnAddress = link ?? programCounter;
      return {
        base: base === 0 ? stackPointer : framePointer,
        offset: map.u16(at + 6),
        saved: [
          ...(bits & RETURN_ADDRESS) !== 0 ? [[returnAddress, -8] as const] : [],
          ...(bits & FRAME_POINTER) !== 0 ? [[framePointer, -16] as const] : [],
          ...(bits & LIST) !== 0 ? list : [],
        ],
        returnAddress,
      };
    });
    if (!(begins[0]! <= region.begin)) {
      throw map.error("row", "There is no row for the first instruction", region.at + 24, "one");
    }
  }

  /** The row for an instruction of the region. */
  at(offset: number): FrameRow {
    return this.#rows[countNotAbove(this.#begins, offset) - 1]!;
  }
}
