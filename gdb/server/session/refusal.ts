/**
 * Which errors are told to debuggers.
 *
 * @module
 */

import { ArchError } from "../../../arch/errors.ts";
import { InputError } from "../../../bytes/mod.ts";
import { HistoryError } from "../../../history/mod.ts";
import { KernelError } from "../../../kernel/errors.ts";
import { SnapshotError } from "../../../kernel/snapshot/errors.ts";
import { MonitorError } from "../../monitor/mod.ts";
import { GdbServerError } from "../errors.ts";

/** What went wrong, to be told; errors of ours are thrown on. */
export function asRefusal(error: unknown): GdbServerError {
  if (error instanceof GdbServerError) return error;
  // An ArchError is of memory that there is not: debuggers may write into page tables, too. An
  // InputError is of a packet, or of a stack that they have written to. A SnapshotError is of a
  // machine that has failed in a run, and cannot be taken anywhere.
  const isTold = error instanceof ArchError || error instanceof InputError ||
    error instanceof KernelError || error instanceof SnapshotError ||
    error instanceof HistoryError || error instanceof MonitorError;
  if (!isTold) throw error;
  return new GdbServerError(error.message);
}
