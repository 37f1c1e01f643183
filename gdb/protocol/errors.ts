/**
 * The error of malformed packets.
 *
 * @module
 */
import { ExpectationError } from "../../bytes/mod.ts";
import { printable, shortened } from "../../util/printable.ts";

/** What may be wrong with a packet of the GDB remote serial protocol. */
export type GdbProtocolErrorKind =
  | "checksum"
  | "limit"
  | "run-length"
  | "escape"
  | "hex"
  | "number"
  | "thread-id"
  | "stop-reply"
  | "feature"
  | "transfer"
  | "description"
  | "reply";

/** Characters of a packet that messages show. */
const SHOWN = 60;

/** Thrown for a packet that is malformed, or answers what was not asked. */
export class GdbProtocolError extends ExpectationError {
  /** What is wrong. */
  declare readonly kind: GdbProtocolErrorKind;
  /** The beginning of the packet, printable. */
  readonly packet: string;

  /** Builds an error; `offset` is the byte of the packet's payload where it was found. */
  constructor(
    kind: GdbProtocolErrorKind,
    message: string,
    place: { packet: string; offset?: number | undefined; expected: string },
  ) {
    const packet = shortened(printable(place.packet.slice(0, 4 * SHOWN)), SHOWN);
    const { offset, expected } = place;
    super(kind, message, { source: `packet ${packet}`, offset, expected });
    this.packet = packet;
  }
}
