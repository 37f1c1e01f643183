/**
 * A machine as a target of gdb, and of whatever else speaks its remote serial protocol.
 *
 * `server.ts` has the port, `session/` one debugger at a time, `packets/` who answers which packet,
 * `machine/` what packets do to the machine, and `registers/` how it is described.
 *
 * @module
 */
export { formatAddress, GdbListenError, isLoopback } from "./listen.ts";
export { GdbServer, type GdbServerOptions, type GdbServerResult, serveGdb } from "./server.ts";
export { KERNEL_PROCESS } from "./names.ts";
