/**
 * What debuggers do, beside other debuggers.
 *
 * @module
 */
import { gdbChecks } from "./gdb/check.ts";
import type { NamedCheck } from "../walk_checks.ts";
import { deadChecks } from "./dead/check.ts";
import { demangleChecks } from "./demangle_check.ts";
import { entryChecks } from "./entries/check.ts";
import { frameChecks } from "./frames/check.ts";
import { hostileDebugChecks } from "./hostile_debug_check.ts";
import { pageChecks } from "./page/mod.ts";
import { remoteChecks } from "./remote/check.ts";
import { reverseChecks } from "./reverse/reverse_check.ts";
import { symbolChecks } from "./symbols/check.ts";
import { valueChecks } from "./values/check.ts";

/** All checks of debuggers' parts; programs and cores are made in the directory. */
export function debugChecks(directory: string): NamedCheck[] {
  return [
    ...demangleChecks(),
    ...gdbChecks(),
    ...entryChecks(directory),
    ...hostileDebugChecks(),
    ...deadChecks(directory),
    ...frameChecks(directory),
    ...symbolChecks(directory),
    ...valueChecks(directory),
    ...reverseChecks(directory),
    ...remoteChecks(directory),
    ...pageChecks(directory),
  ];
}
