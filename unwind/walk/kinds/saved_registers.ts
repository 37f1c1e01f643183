/**
 * Where the registers of frames are: those that frames further in have saved are in memory.
 *
 * @module
 */
import { toBigAddress } from "../../../bytes/mod.ts";
import type { Frame } from "../frame.ts";
import { slotMap } from "../register_set.ts";

/** Where registers are, from frame to frame: it begins at the innermost one. */
export class SavedRegisters {
  readonly #places: Map<number, bigint> = new Map();

  /**
   * Address of the word that holds what a register, by its DWARF number, has in the current frame;
   * undefined if it is still in the thread's own register.
   */
  placeOf(register: number): bigint | undefined {
    return this.#places.get(register);
  }

  /**
   * Goes on to the caller of a frame.
   *
   * @param saved Is told each register that the frame has saved, and whether that is its return
   * address.
   */
  leave(
    { rule, machine, cfaAddress }: Frame,
    saved?: (register: number, place: bigint, isReturn: boolean) => void,
  ): void {
    const { storedSlots, storedOffsets, returnSlot, source } = rule;
    const { tracked } = slotMap(machine).registers;
    // Registers that unknown code has changed are where nobody knows.
    if (source === "anchor") this.#places.clear();
    storedSlots.forEach((slot, i) => {
      const at = cfaAddress + storedOffsets[i]!;
      // Of the frame whose caller could not be found, the CFA may not be known.
      if (!Number.isSafeInteger(at)) return;
      const place = toBigAddress(at);
      this.#places.set(tracked[slot]!, place);
      saved?.(tracked[slot]!, place, slot === returnSlot);
    });
  }
}
