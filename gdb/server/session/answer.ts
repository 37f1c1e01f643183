/**
 * What is to be done about a packet.
 *
 * @module
 */

import type { Stop } from "../machine/stop.ts";

/** How a session ends by a packet. */
export type SessionEnd = "detached" | "killed";

/** What is to be done about a packet. */
export type Answer =
  /** The payload of the reply; an empty one says that the packet is not supported. */
  | string
  | Uint8Array
  /** The machine runs; the reply is why it stops. */
  | { readonly run: Generator<void, Stop> }
  /** The session is over, after this reply. */
  | { readonly end: SessionEnd; readonly reply: string | undefined };
