/**
 * What a core file is read with.
 *
 * @module
 */
import type { ProgramFiles } from "../target/mod.ts";

/** Options of {@linkcode readCore}: where files come from that the process had mapped. */
export interface CoreOptions extends ProgramFiles {
  /** Name of the core file, for errors; default `core file`. */
  readonly name?: string | undefined;
}
