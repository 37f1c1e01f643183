/**
 * The packets of the GDB remote serial protocol, for both ends: what debuggers ask and what stubs
 * answer. Pure functions, and {@linkcode PacketReader}, which finds packets in bytes as they come.
 * Whatever is malformed is a {@linkcode GdbProtocolError}.
 *
 * A packet is `$payload#checksum`. Payloads are bytes; most are text, which {@linkcode latin1} gives,
 * and some end with binary data, which {@linkcode unescapeBinary} reads.
 *
 * @example Where a stub says that a thread has stopped
 * ```ts
 * // deno run example.ts
 * import {
 *   framePacket,
 *   latin1,
 *   PacketReader,
 *   parseStopReply,
 * } from "@trapline/trapline/gdb/protocol";
 *
 * const reader = new PacketReader({ side: "debugger" });
 * reader.push(framePacket("T05thread:p1.2;swbreak:;"));
 * const packet = reader.next();
 * if (packet?.kind === "packet") console.log(parseStopReply(latin1(packet.payload)));
 * ```
 *
 * @see GDB's manual, appendix "GDB Remote Serial Protocol"
 * @module
 */
export { GdbProtocolError, type GdbProtocolErrorKind } from "./errors.ts";
export { bytesOf, escapeBinary, latin1, unescapeBinary } from "./framing/binary.ts";
export {
  ACK,
  frameNotification,
  framePacket,
  INTERRUPT,
  NACK,
  PacketReader,
  type PacketReaderOptions,
  PAYLOAD_LIMIT,
  type Received,
} from "./framing/packets.ts";
export {
  fromHex,
  hexNumber,
  hexText,
  parseHexInteger,
  parseHexNumber,
  textOfHex,
  toHex,
} from "./hex.ts";
export { ALL, ANY, formatThreadId, parseThreadId, type ThreadId } from "./thread_id.ts";
export { type Feature, type Features, formatFeatures, parseFeatures } from "./features.ts";
export {
  formatStopReply,
  parseStopReply,
  type StopReason,
  type StopReply,
  type WatchKind,
} from "./stop_reply.ts";
export { formatXferRead, parseXfer, parseXferReply, xferReply, type XferRequest } from "./xfer.ts";
export {
  type DescribedFeature,
  type DescribedRegister,
  type DescribedType,
  type PlacedRegister,
  registersOf,
  type TargetDescription,
} from "./description/model.ts";
export { readTargetXml } from "./description/read.ts";
export { AARCH64_FEATURES, X86_64_FEATURES } from "./description/standard.ts";
export { formatTargetXml } from "./description/write.ts";
export {
  formatLibraries,
  formatLibrariesSvr4,
  type ListedLibrary,
  parseLibraries,
  parseLibrariesSvr4,
  type Svr4Library,
} from "./documents/libraries.ts";
export { formatMemoryMap, type MappedMemory, parseMemoryMap } from "./documents/memory_map.ts";
export { formatThreads, type ListedThread, parseThreads } from "./documents/threads.ts";
