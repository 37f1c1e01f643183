/**
 * Trapline's x86-64 CPU beside others: user mode beside the processor of this host, and a
 * bare machine beside Bochs, which is compiled from other sources than the engine.
 *
 * @module
 */

import { outputOf } from "../../tool.ts";
import type { ProcessorCheck } from "../processor_check.ts";
import { hasAssembler } from "./assemble.ts";
import { checkBare } from "./bare/check.ts";
import { checkUserMode } from "./check.ts";
import { NativeProcessor } from "./native.ts";

/** The comparisons of x86-64, whose files go into a directory. */
export function x86Checks(caveats: string, directory: string): ProcessorCheck[] {
  return [userMode(caveats, directory), bareMachine(caveats, directory)];
}

function userMode(caveats: string, directory: string): ProcessorCheck {
  const name = "x86-64 user mode beside this processor";
  if (Deno.build.arch !== "x86_64" || Deno.build.os !== "linux") {
    return { name: `${name}: this host is not x86-64 Linux`, check: undefined };
  }
  const native = NativeProcessor.build(directory);
  if (!hasAssembler() || native === undefined) {
    return { name: `${name}: no clang, or no compiler of C`, check: undefined };
  }
  return { name, check: () => checkUserMode({ native, caveats, directory }) };
}

function bareMachine(caveats: string, directory: string): ProcessorCheck {
  const name = "x86-64 bare machine beside Bochs";
  // Bochs ends with 1 whatever it is asked.
  const hasLinker = outputOf("ld.lld", ["--version"]) !== undefined;
  if (!hasAssembler() || !hasLinker || !isInstalled("bochs")) {
    return { name: `${name}: no clang, no lld or no Bochs`, check: undefined };
  }
  return { name, check: () => checkBare({ caveats, directory }) };
}

function isInstalled(command: string): boolean {
  try {
    new Deno.Command(command, { args: ["--help"], stdin: "null", stdout: "null", stderr: "null" })
      .outputSync();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
