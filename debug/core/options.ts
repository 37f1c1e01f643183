/**
 * What a core file is read with.
 *
 * @module
 */
import type { Content, NamedContent } from "../target/content.ts";

/** Options of {@linkcode readCore}. */
export interface CoreOptions {
  /** Name of the core file, for errors; default `core file`. */
  readonly name?: string | undefined;
  /**
   * Opens a file that the process had mapped, by its name; undefined if it cannot be had. Without
   * this no file is looked for. May throw `InputError`, which says why.
   */
  readonly open?: ((path: string) => Content | undefined) | undefined;
  /**
   * Where a file of a name is, by default under that name: what its debug information is looked for
   * by.
   */
  readonly pathOf?: ((name: string) => string) | undefined;
  /** The program's own file, where it is not to be found by its name. */
  readonly exe?: NamedContent | undefined;
}
