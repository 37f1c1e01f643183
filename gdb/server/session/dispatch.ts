/**
 * Finds who answers a packet.
 *
 * @module
 */

import { latin1 } from "../../protocol/mod.ts";
import { breakpointPackets } from "../packets/breakpoints.ts";
import { filePackets } from "../packets/files.ts";
import { generalPackets } from "../packets/general.ts";
import { memoryPackets } from "../packets/memory.ts";
import { regionPackets } from "../packets/memory_regions.ts";
import { processPackets } from "../packets/processes.ts";
import { registerPackets } from "../packets/registers.ts";
import { resumePackets } from "../packets/resume.ts";
import { threadPackets } from "../packets/threads.ts";
import { transferPackets } from "../packets/transfers.ts";
import type { Answer } from "./answer.ts";
import type { Handler, PacketTable } from "./packet.ts";
import type { Client } from "./client.ts";

const TABLES: readonly PacketTable[] = [
  generalPackets,
  registerPackets,
  memoryPackets,
  regionPackets,
  threadPackets,
  resumePackets,
  breakpointPackets,
  processPackets,
  transferPackets,
  filePackets,
];

const HANDLERS: ReadonlyMap<string, Handler> = new Map(TABLES.flatMap(Object.entries));

/** Answers a packet; with an empty reply, if it is not one that is known. */
export function answer(client: Client, payload: Uint8Array): Answer {
  const text = latin1(payload);
  // Letters q, Q and v begin longer names, all others are names.
  const name = /^[qQv]/.test(text) ? (/^\w+/.exec(text)?.[0] ?? "") : text.slice(0, 1);
  const handler = HANDLERS.get(name);
  return handler === undefined ? "" : handler(client, {
    text,
    payload,
    rest: text.slice(name.length),
  });
}
