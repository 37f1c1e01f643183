/**
 * Documents that are read in parts: registers, threads, files, memory.
 *
 * @module
 */

import { auxiliaryVector } from "../../../kernel/boot/initial_stack.ts";
import { auxv, siginfo } from "../../../kernel/core/notes.ts";
import { parseXfer, xferReply } from "../../protocol/mod.ts";
import { ERRNO, GdbServerError } from "../errors.ts";
import { programOf } from "../machine/files.ts";
import { KERNEL_PROCESS } from "../names.ts";
import type { PacketTable } from "../session/packet.ts";
import type { Client } from "../session/client.ts";
import { PACKET_SIZE } from "../session/wire.ts";
import { memoryMap } from "./memory_regions.ts";
import { threadDocument } from "./threads.ts";

/** Makes a document, by its annex; `undefined` if there is none. */
type Maker = (client: Client, annex: string) => string | Uint8Array | undefined;

const OBJECTS: Readonly<Record<string, Maker>> = {
  features: ({ debuggee }, annex) => annex === "target.xml" ? debuggee.layout.xml : undefined,
  threads: threadDocument,
  "exec-file"(client, annex) {
    const process = annex === "" ? client.general.process : parseInt(annex, 16);
    return programOf(client.debuggee.machine, process);
  },
  auxv({ debuggee, general }) {
    const { kernel } = debuggee.machine;
    const module = general.process === KERNEL_PROCESS
      ? undefined
      : kernel.tasks[general.process]?.module;
    if (module === undefined || module === null) return undefined;
    const { program, random } = module;
    return auxv(auxiliaryVector(program, { top: kernel.arch.userEnd, random })).bytes;
  },
  "memory-map": memoryMap,
  siginfo: ({ signal }) => signal === undefined ? undefined : siginfo(signal).bytes,
};

/** The packet that reads documents. */
export const transferPackets: PacketTable = {
  qXfer(client, { payload }) {
    const request = parseXfer(payload);
    const { object } = request;
    const maker = Object.hasOwn(OBJECTS, object) ? OBJECTS[object] : undefined;
    if (maker === undefined || request.operation === "write") return "";
    const document = maker(client, request.annex);
    if (document === undefined) {
      throw new GdbServerError(
        `There is no ${request.object} "${request.annex}" of process ${client.general.process}`,
        ERRNO.NOENT,
      );
    }
    const bytes = typeof document === "string" ? new TextEncoder().encode(document) : document;
    return xferReply(bytes, request, PACKET_SIZE);
  },
};
