/**
 * `trapline boot --gdb`: the machine waits for a debugger, and goes on when it has gone.
 *
 * @module
 */

import { formatAddress, isLoopback, serveGdb } from "../gdb/mod.ts";
import { parseAddress, RemoteError } from "../gdb/remote/mod.ts";
import type { Machine } from "../kernel/mod.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage_error.ts";

/** Milliseconds between two looks at what has been printed. */
const FLUSH = 50;

/** Where to listen: `[HOST:]PORT`, by default at this host alone; port 0 is any that is free. */
function readAddress(text: string): { readonly hostname: string; readonly port: number } {
  try {
    return parseAddress(text, 0);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    throw new UsageError(
      `Cannot use --gdb ${text}: expected [HOST:]PORT, such as 1234 or 0.0.0.0:1234`,
    );
  }
}

/** What to type, to debug what is there. */
function command(address: Deno.NetAddr): string {
  const at = address.hostname === "127.0.0.1" ? `:${address.port}` : formatAddress(address);
  const commands = [
    "set schedule-multiple on",
    "set detach-on-fork off",
    `target extended-remote ${at}`,
  ];
  return ["gdb-multiarch", ...commands.map((each) => `-ex '${each}'`)].join(" ");
}

/**
 * Serves a machine that has not run yet to debuggers, to its end.
 * @returns why it has ended
 * @throws {UsageError} if that is no address
 * @throws {GdbListenError} if the port cannot be opened
 */
export async function runWithGdb(
  machine: Machine,
  { address, output }: { readonly address: string; readonly output: Output },
): Promise<string> {
  const { hostname, port } = readAddress(address);
  await using server = serveGdb(machine, { host: hostname, port, detached: "run" });
  const { address: at } = server;
  console.error(`trapline: waits for a debugger at ${formatAddress(at)}: ${command(at)}`);
  if (!isLoopback(at)) {
    console.error("trapline: other hosts can reach it, and do anything to the machine");
  }
  const timer = setInterval(() => {
    if (!output.failed) output.flush();
    else void server.close();
  }, FLUSH);
  try {
    const result = await server.done;
    return result === "killed" ? "Ended by the debugger" : machine.halted ?? "Nobody reads the log";
  } finally {
    clearInterval(timer);
  }
}
