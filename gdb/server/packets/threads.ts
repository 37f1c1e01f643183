/**
 * Which threads there are, and which one packets are about.
 *
 * @module
 */

import { formatThreads, hexText } from "../../protocol/mod.ts";
import { GdbServerError } from "../errors.ts";
import type { ThreadName } from "../names.ts";
import type { PacketTable } from "../session/packet.ts";
import type { Client } from "../session/client.ts";

/** The threads of all processes that are attached to. */
export function threadsOf({ population, debuggee }: Client): ThreadName[] {
  return population.attached.flatMap((process) => debuggee.inferiors.threads(process));
}

/** The list of threads as a document. */
export function threadDocument(client: Client): string {
  const { inferiors } = client.debuggee;
  const threads = threadsOf(client).map((thread) => ({
    id: client.multiprocess ? thread : { thread: thread.thread },
    core: 0,
    ...inferiors.describe(thread),
  }));
  return formatThreads(threads);
}

/** Packets about threads. */
export const threadPackets: PacketTable = {
  H(client, { rest }) {
    const which = rest.slice(0, 1);
    if (which !== "g" && which !== "c") throw new GdbServerError("Expected Hg or Hc");
    client.select(which === "g" ? "general" : "resumed", client.thread(rest.slice(1)));
    return "OK";
  },
  T(client, { rest }) {
    client.thread(rest);
    return "OK";
  },
  qC: (client) => `QC${client.nameOf(client.general)}`,
  qfThreadInfo(client) {
    const threads = threadsOf(client);
    return threads.length === 0 ? "l" : `m${threads.map((each) => client.nameOf(each)).join()}`;
  },
  qsThreadInfo: () => "l",
  qThreadExtraInfo(client, { rest }) {
    const { name, state } = client.debuggee.inferiors.describe(client.thread(rest.slice(1)));
    return hexText(`${name}: ${state}`);
  },
};
