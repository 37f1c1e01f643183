/**
 * Programs at the other end of a wire, served by a stub of the GDB remote serial protocol:
 * `gdbserver`, QEMU, Trapline itself, or a board. {@linkcode connectRemote} gives a `Target` whose
 * stacks can be walked as those of a core file; {@linkcode Stub} is what may be asked of any stub.
 *
 * Reading a target does not wait, a wire does: what has not been fetched yet is told by a
 * {@linkcode NotFetchedError}, and {@linkcode RemoteTarget.settle} fetches it and begins anew.
 *
 * The folders, lowest first: `wire/`, bytes and packets with their time limits; `stub/`, questions
 * and answers; `target/`, memory, registers, threads and files.
 *
 * @example The stacks of what a stub serves, here a machine
 * ```ts
 * // deno run --allow-ffi --allow-env --allow-net=127.0.0.1 example.ts
 * import { archByName, Machine, moduleHello } from "@trapline/trapline";
 * import { walkInput } from "@trapline/trapline/debug";
 * import { serveGdb } from "@trapline/trapline/gdb";
 * import { connectRemote } from "@trapline/trapline/gdb/remote";
 * import { backtrace } from "@trapline/trapline/unwind/walk";
 *
 * using machine = new Machine({
 *   arch: archByName("aarch64"),
 *   modules: [await moduleHello("aarch64")],
 * });
 * machine.run(20_000);
 * await using server = serveGdb(machine);
 * using target = await connectRemote(`127.0.0.1:${server.address.port}`);
 * for (const process of target.processes) {
 *   for (const thread of process.threads) {
 *     const walk = () => backtrace(walkInput(process, thread), process.walk);
 *     const { frames } = await target.settle(walk);
 *     console.log(process.name, thread.name, frames.map((frame) => frame.function?.name));
 *   }
 * }
 * ```
 *
 * @module
 */
export { RemoteError, type RemoteErrorKind } from "./errors.ts";
export { openRemote, type OpenRemoteOptions, remoteOptions } from "./open_remote.ts";
export { type BreakpointKind, type BreakpointPlace, Stub, type StubOptions } from "./stub/stub.ts";
export { NotFetchedError } from "./target/not_fetched.ts";
export {
  connectRemote,
  readTarget,
  type RemoteOptions,
  RemoteTarget,
} from "./target/remote_target.ts";
export { parseAddress, type Wire, wireOf } from "./wire/wire.ts";
