/**
 * Why something is not known.
 *
 * @module
 */
import { InputError } from "../../../bytes/mod.ts";
import type { Entry } from "../../../elf/dwarf/mod.ts";

/** Why a value, or a part of it, is not there. */
export type Absence =
  /** The compiler kept it nowhere; or `isUnmentioned`, said nothing of it but of its neighbors. */
  | { readonly state: "optimized-out"; readonly isUnmentioned?: true }
  /** A register was not saved, or memory cannot be read. */
  | {
    readonly state: "unavailable";
    readonly cause: "register" | "memory" | "thread-local";
    readonly reason: string;
  }
  /** It is a pointer to something that is nowhere, of which the parts are known all the same. */
  | { readonly state: "synthetic"; readonly entry: Entry | undefined; readonly offset: number }
  /** The debugging information makes no sense. */
  | { readonly state: "error"; readonly reason: string };

/** Why something is not known, from what was thrown; throws again what is not the input's. */
export function absenceOf(error: unknown): Absence {
  if (!(error instanceof InputError)) throw error;
  const { kind, message: reason } = error;
  switch (kind) {
    case "entry-value":
      return { state: "optimized-out" };
    case "register":
    case "memory":
    case "thread-local":
      return { state: "unavailable", cause: kind, reason };
  }
  return { state: "error", reason };
}
