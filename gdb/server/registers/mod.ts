/**
 * Registers as packets have them, of either architecture.
 *
 * @module
 */

import type { ArchName } from "../../../arch/arch.ts";
import { aarch64Registers } from "./aarch64.ts";
import type { RegisterLayout } from "./layout.ts";
import { x86Registers } from "./x86_64.ts";

export type { RegisterContext, RegisterField, RegisterLayout } from "./layout.ts";

/** The registers of each architecture. */
export const REGISTER_LAYOUTS: Readonly<Record<ArchName, RegisterLayout>> = {
  x86_64: x86Registers,
  aarch64: aarch64Registers,
};
