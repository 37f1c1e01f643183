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
 * @module
 */
export { RemoteError, type RemoteErrorKind } from "./errors.ts";
export { openRemote, type OpenRemoteOptions, remoteOptions } from "./open_remote.ts";
export { type BreakpointKind, type BreakpointPlace, Stub, type StubOptions } from "./stub/stub.ts";
export type { ModuleOptions } from "./target/modules.ts";
export { NotFetchedError } from "./target/not_fetched.ts";
export {
  connectRemote,
  readTarget,
  type RemoteOptions,
  RemoteTarget,
} from "./target/remote_target.ts";
export { parseAddress, type Wire, wireOf } from "./wire/wire.ts";
