/**
 * What answers a packet.
 *
 * @module
 */

import type { Answer } from "./answer.ts";
import type { Client } from "./client.ts";

/** A packet that came. */
export interface Packet {
  /** Its payload, each byte of which is a character. */
  readonly text: string;
  /** The same as bytes. */
  readonly payload: Uint8Array;
  /** What follows the name by which it was found. */
  readonly rest: string;
}

/**
 * Answers a packet.
 * @throws {GdbServerError} to refuse it
 * @throws {GdbProtocolError} if it is malformed
 * @throws what else `asRefusal` makes a refusal of
 */
export type Handler = (client: Client, packet: Packet) => Answer;

/** Handlers by the names of packets. */
export type PacketTable = Readonly<Record<string, Handler>>;
