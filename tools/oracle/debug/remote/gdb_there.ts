/**
 * What gdb reads at a stub.
 *
 * @module
 */
import {
  gdbCommand,
  type GdbFramesRequest,
  type GdbThreads,
  readResult,
} from "../dead/gdb_frames.ts";

/** Has gdb read at a stub; what serves that goes on meanwhile. Undefined if gdb does not read it. */
export async function readThere(
  request: GdbFramesRequest,
  directory: string,
): Promise<GdbThreads | undefined> {
  const args = gdbCommand(request, directory);
  const { stdout } = await new Deno.Command("timeout", { args, stdin: "null", stderr: "null" })
    .output();
  return readResult(new TextDecoder().decode(stdout));
}
