/**
 * What goes wrong between a debugger and a stub.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";

/** What went wrong. */
export type RemoteErrorKind =
  | "address"
  | "refused"
  | "timeout"
  | "closed"
  | "damaged"
  | "error-reply"
  | "unsupported"
  | "state"
  | "architecture"
  | "mismatch"
  | "limit";

/** Thrown where a stub is not there, falls silent, refuses, or says more than can be true. */
export class RemoteError extends InputError {
  /** What went wrong. */
  declare readonly kind: RemoteErrorKind;

  /** Builds an error of a connection, which `source` names: `HOST:PORT`. */
  constructor(
    kind: RemoteErrorKind,
    message: string,
    place: { readonly source: string; readonly address?: bigint | undefined },
  ) {
    super(kind, message, place);
  }
}
