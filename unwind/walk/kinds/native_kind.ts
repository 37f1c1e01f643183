/**
 * The kind of native code: what no region tells of. Its frames are walked by unwind tables, and show
 * no values of their own; debug information tells those.
 *
 * @module
 */
import type { Machine } from "../../../elf/mod.ts";
import type { CodeKind } from "./code_kind.ts";
import { type CallingConvention, callingConvention } from "./convention.ts";

/** Native code. */
export const NATIVE: CodeKind = {
  name: "native",
  convention: (machine: Machine): CallingConvention => callingConvention("native", machine),
  read: () => undefined,
  row: () => undefined,
  plan: () => undefined,
};
