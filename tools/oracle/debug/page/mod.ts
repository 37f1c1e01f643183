/**
 * Executes what the page about debuggers says, on both architectures.
 *
 * @module
 */
import { ARCH_NAMES } from "../../../../kernel/testing/programs.ts";
import type { NamedCheck } from "../../walk_checks.ts";
import { checkAdapter } from "./adapter_check.ts";
import { checkCoreCommands, checkRemoteCommands } from "./commands_check.ts";
import { checkSession } from "./sessions.ts";

/** The checks, which work in a directory. */
export function pageChecks(directory: string): NamedCheck[] {
  const kind = "docs/debugging.md";
  const others: NamedCheck = {
    kind,
    name: "other stubs",
    check: () => checkRemoteCommands(directory),
  };
  return ARCH_NAMES.flatMap((arch): NamedCheck[] => [
    ...(["gdb", "lldb"] as const).map((which): NamedCheck => ({
      kind,
      name: `${which} ${arch}`,
      check: () => checkSession(which, { arch, directory }),
    })),
    { kind, name: `CDT GDB ${arch}`, check: () => checkAdapter({ arch, directory }) },
    { kind, name: `cores ${arch}`, check: () => checkCoreCommands({ arch, directory }) },
  ]).concat(others);
}
