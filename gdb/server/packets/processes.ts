/**
 * Attaching to processes, detaching from them, and ends.
 *
 * @module
 */

import { parseHexInteger } from "../../protocol/mod.ts";
import { GdbServerError } from "../errors.ts";
import { NO_SIGNAL } from "../machine/stop.ts";
import { KERNEL_PROCESS } from "../names.ts";
import type { PacketTable } from "../session/packet.ts";
import type { Client } from "../session/client.ts";

function processOf(client: Client, rest: string): number {
  const process = parseHexInteger(rest.replace(/^[;:]/, ""));
  if (client.debuggee.inferiors.isAlive(process)) return process;
  const { processes } = client.debuggee.inferiors;
  throw new GdbServerError(`There is no process ${process}: there are ${processes.join(", ")}`);
}

/** Packets about processes. */
export const processPackets: PacketTable = {
  /** Nothing was started for the debugger, so nothing ends when it goes. */
  qAttached: () => "1",
  vAttach(client, { rest }) {
    const process = processOf(client, rest);
    if (client.population.has(process)) {
      throw new GdbServerError(`Process ${process} is attached to already`);
    }
    const [first] = client.debuggee.inferiors.threads(process);
    if (first === undefined) throw new GdbServerError(`Process ${process} has no thread`);
    client.population.attach(process);
    client.hasDetached = false;
    return client.stopped({ kind: "signal", info: NO_SIGNAL, thread: first });
  },
  D(client, { rest }) {
    const { population } = client;
    if (rest === "") { for (const process of population.attached) population.detach(process); }
    else population.detach(parseHexInteger(rest.slice(1)));
    if (population.attached.length > 0) return "OK";
    client.hasDetached = true;
    if (client.runsDetached) return "OK";
    return { end: "detached", reply: "OK" };
  },
  vKill(client, { rest }) {
    const process = processOf(client, rest);
    if (process !== KERNEL_PROCESS) {
      throw new GdbServerError(
        `Cannot kill process ${process}: only its kernel can; killing process ${KERNEL_PROCESS} ` +
          "ends the machine",
      );
    }
    return { end: "killed", reply: "OK" };
  },
  k: () => ({ end: "killed", reply: undefined }),
};
