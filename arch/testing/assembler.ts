/**
 * The assemblers of hand-made test programs.
 *
 * @module
 */

import { encoder as aarch64 } from "../aarch64/testing/assembler.ts";
import type { ArchName } from "../arch.ts";
import { encoder as x86_64 } from "../x86_64/testing/assembler.ts";
import type { Encoder } from "./encoder.ts";

/** The encoders. */
export const ENCODERS: Readonly<Record<ArchName, Encoder>> = { aarch64, x86_64 };
