/**
 * What a debugger is refused.
 *
 * @module
 */

/** Numbers of errors as packets say them. */
export const ERRNO: {
  readonly NOENT: 2;
  readonly BADF: 9;
  readonly FAULT: 14;
  readonly INVAL: 22;
} = { NOENT: 2, BADF: 9, FAULT: 14, INVAL: 22 };

/**
 * Thrown by what answers packets: a refusal that says why. The session makes an error reply of it;
 * nobody else sees it.
 */
export class GdbServerError extends Error {
  /** Class name, for messages. */
  override readonly name = "GdbServerError";
  /** The number, for packets whose error replies have no text; `undefined` where they have. */
  readonly errno: number | undefined;

  /** Makes the error; with a number it is told as that, else by its text. */
  constructor(message: string, errno?: number) {
    super(message);
    this.errno = errno;
  }
}

/** The payload of an error reply. */
export function errorReply(error: GdbServerError): string {
  if (error.errno !== undefined) return `E${error.errno.toString(16).padStart(2, "0")}`;
  // A text in one packet: printable, and without what frames packets.
  return `E.${error.message.replace(/[^\x20-\x7e]|[#$}*]/g, "?")}`;
}
