/**
 * Stubs whose programs' files are on disk.
 *
 * @module
 */
import { programFiles, type ProgramFilesOptions } from "../../debug/target/program_files.ts";
import { connectRemote, type RemoteOptions, type RemoteTarget } from "./target/remote_target.ts";

/** Options of {@linkcode openRemote}. */
export type OpenRemoteOptions =
  & ProgramFilesOptions
  & Pick<RemoteOptions, "timeout" | "totalTimeout">;

/**
 * Connects to a stub at `[HOST]:PORT`. Needs `--allow-net` and `--allow-read`.
 *
 * @throws {RemoteError | GdbProtocolError} As {@linkcode connectRemote}
 * @throws {Deno.errors.NotFound} If the program's own file is given and is not there
 */
export async function openRemote(
  address: string,
  options: OpenRemoteOptions = {},
): Promise<RemoteTarget> {
  return await connectRemote(address, remoteOptions(options));
}

/** The options of a target whose programs' files are on disk. Throws as {@linkcode openRemote}. */
export function remoteOptions(options: OpenRemoteOptions): RemoteOptions {
  const { timeout, totalTimeout } = options;
  return { ...programFiles(options), timeout, totalTimeout };
}
