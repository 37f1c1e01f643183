/**
 * Trapline's x86-64 CPU beside others: user mode beside the processor of this host.
 *
 * @module
 */

import type { CheckResult } from "../../tool.ts";
import { hasAssembler } from "./assemble.ts";
import { checkUserMode } from "./check.ts";
import { NativeProcessor } from "./native.ts";

/** One of the comparisons. */
export interface ProcessorCheck {
  /** What is compared with what, and why it cannot be. */
  readonly name: string;
  /** Compares, if it can be. */
  readonly check: (() => CheckResult) | undefined;
}

/** The comparisons of x86-64, whose files go into a directory. */
export function x86Checks(caveats: string, directory: string): ProcessorCheck[] {
  const name = "x86-64 user mode beside this processor";
  if (Deno.build.arch !== "x86_64" || Deno.build.os !== "linux") {
    return [{ name: `${name}: this host is not x86-64 Linux`, check: undefined }];
  }
  const native = NativeProcessor.build(directory);
  if (!hasAssembler() || native === undefined) {
    return [{ name: `${name}: no clang, or no compiler of C`, check: undefined }];
  }
  return [{ name, check: () => checkUserMode({ native, caveats, directory }) }];
}
