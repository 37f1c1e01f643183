/**
 * Has gdb carry out commands at a machine that is served to it.
 *
 * @module
 */
import { serveGdb } from "../../../../gdb/mod.ts";
import { History } from "../../../../history/mod.ts";
import type { Machine } from "../../../../kernel/mod.ts";
import { gdbRequest, gdbResults } from "../../gdb/batch.ts";
import { textWithin } from "../../tool.ts";

/** Where gdb is after a command. */
export interface GdbState {
  /** Number of the process. */
  readonly process: number;
  /** Number of the thread. */
  readonly thread: number;
  /** Registers that were asked for. */
  readonly registers: Readonly<Record<string, string | null>>;
  /** Value of the expression that was asked for. */
  readonly value: string | null;
}

/** What a command has said, and where gdb is after it. */
export interface GdbAnswer {
  /** Its output, or what is wrong. */
  readonly said: string;
  /** `null` if there is no thread. */
  readonly state: GdbState | null;
}

const SCRIPT = new URL("./gdb_script.py", import.meta.url).pathname;
/** Milliseconds, more than any of the scripts takes. */
const PATIENCE = 120_000;

/**
 * Serves a machine and has gdb connect to it and carry out commands; undefined if gdb is not
 * installed.
 */
export async function runGdb(
  machine: Machine,
  { commands, directory, ...asked }: {
    readonly commands: readonly string[];
    readonly registers: readonly string[];
    readonly expression?: string;
    readonly directory: string;
  },
): Promise<readonly GdbAnswer[] | undefined> {
  await using server = serveGdb(new History(machine, { interval: 10_000 }));
  const connect = `target extended-remote 127.0.0.1:${server.address.port}`;
  const request = { commands: [connect, ...commands], ...asked };
  const args = gdbRequest(SCRIPT, request, directory);
  const text = await textWithin("gdb-multiarch", args, { patience: PATIENCE });
  if (text === undefined) return undefined;
  const answers = gdbResults<GdbAnswer>(text);
  if (answers.length === commands.length + 1) return answers.slice(1);
  throw new Error(
    `gdb has ended after ${answers.length} of ${commands.length + 1} commands: ${text.slice(-500)}`,
  );
}
