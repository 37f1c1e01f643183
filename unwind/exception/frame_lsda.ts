/**
 * The language-specific data of a stack frame.
 *
 * @module
 */
import { fromBigAddress } from "../../bytes/mod.ts";
import { LsdaError } from "../errors.ts";
import type { Frame } from "../walk/mod.ts";
import { Lsda } from "./lsda.ts";

/**
 * The language-specific data area of a stack frame's function, with addresses as they are in
 * memory; undefined if it has none.
 *
 * @throws {LsdaError} (`memory`) If its bytes are neither in the module nor in memory.
 * @throws {LsdaError | DecodeError} If its header is malformed.
 */
export function lsdaOf(frame: Frame): Lsda | undefined {
  const at = frame.lsdaAddress;
  const { fde, module } = frame.rule;
  if (at === undefined || fde === undefined || module === undefined) return undefined;
  const source = frame.bytesAt(at);
  if (source === undefined) {
    throw new LsdaError("memory", "Cannot read the LSDA", { source: module.name, address: at });
  }
  return new Lsda(source, {
    address: fromBigAddress(at),
    functionStart: fde.start + module.bias,
  });
}
