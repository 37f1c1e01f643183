/**
 * Which errors are told to debuggers.
 *
 * @module
 */

import { HistoryError } from "../../../history/mod.ts";
import { KernelError } from "../../../kernel/errors.ts";
import { MonitorError } from "../../monitor/mod.ts";
import { GdbProtocolError } from "../../protocol/mod.ts";
import { GdbServerError } from "../errors.ts";

/** What went wrong, to be told; errors of ours are thrown on. */
export function asRefusal(error: unknown): GdbServerError {
  if (error instanceof GdbServerError) return error;
  const isTold = error instanceof GdbProtocolError || error instanceof KernelError ||
    error instanceof HistoryError || error instanceof MonitorError;
  if (!isTold) throw error;
  return new GdbServerError(error.message);
}
