/**
 * The port that debuggers come to.
 *
 * @module
 */

/** Thrown where a port cannot be opened: the address is none of this host's, or is in use. */
export class GdbListenError extends Error {
  /** Class name, for messages. */
  override readonly name = "GdbListenError";
  /** Where it was to listen: `HOST:PORT`. */
  readonly address: string;

  /** Makes the error. */
  constructor(address: string, cause: Error) {
    // How the host's system words it, without its number of that.
    const reason = cause.message.replace(/ \(os error \d+\)$/, "");
    super(
      `Cannot listen at ${address}: ${reason}; expected an address of this host and a free port`,
      { cause },
    );
    this.address = address;
  }
}

/** An address as it is written: `HOST:PORT`, with IPv6 in brackets. */
export function formatAddress({ hostname, port }: Pick<Deno.NetAddr, "hostname" | "port">): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** Whether only this host itself can reach an address. */
export function isLoopback({ hostname }: Pick<Deno.NetAddr, "hostname">): boolean {
  return hostname === "::1" || /^(?:::ffff:)?127\./.test(hostname);
}

/**
 * Listens.
 * @throws {GdbListenError} if that cannot be
 * @throws {Deno.errors.NotCapable} without the permission
 */
export function listen(
  where: { readonly hostname: string; readonly port: number },
): Deno.TcpListener {
  try {
    return Deno.listen({ ...where, transport: "tcp" });
  } catch (error) {
    if (!(error instanceof Error) || error instanceof Deno.errors.NotCapable) throw error;
    throw new GdbListenError(formatAddress(where), error);
  }
}
