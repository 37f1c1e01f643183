/**
 * Scripts, run to the end of their machine.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { Audit } from "./audit.ts";
import type { ScriptProgram } from "./script_program.ts";
import { Session, type SessionOptions } from "./session.ts";

/** What became of them. */
export interface ScriptRun {
  /** How each ended. */
  readonly endings: string[];
  /** What they printed. */
  readonly console: string;
  /** Why the machine stopped. */
  readonly reason: string;
  /** The session, which is over: its events. */
  readonly session: Session;
}

/** Runs scripts, named a, b and c; if all end, nothing is left over, and nobody waits. */
export function runScripts(
  arch: ArchName,
  programs: readonly ScriptProgram[],
  options: Partial<SessionOptions> & { readonly sections?: readonly string[] } = {},
): ScriptRun {
  const { sections = [], ...rest } = options;
  using session = new Session({
    arch,
    programs: programs.map((program, i) => ({
      commandLine: "abc"[i] ?? "",
      bytes: program.build({ sections }),
    })),
    ...rest,
  });
  const audit = new Audit(session.machine);
  const { reason } = session.finish();
  const { kernel } = session.machine;
  if (reason === "all tasks have ended") {
    audit.check();
    assertEquals(kernel.futexes.save(), []);
    assertEquals(kernel.sleepers.next, null);
  }
  const endings = kernel.tasks.slice(1).map(({ name }) => session.ending(name));
  return { endings, console: session.console(), reason, session };
}
