/**
 * Where memory may be: what is mapped changes while programs run.
 *
 * @module
 */

import { ADDRESSES, UPPER_HALF } from "../../../arch/page_tables.ts";
import {
  formatMemoryMap,
  hexNumber,
  type MappedMemory,
  parseHexNumber,
} from "../../protocol/mod.ts";
import type { Client } from "../session/client.ts";
import type { PacketTable } from "../session/packet.ts";

/** The half of programs and that of the kernel. */
function regions({ debuggee }: Client): MappedMemory[] {
  return [
    { type: "ram", start: 0n, length: debuggee.machine.kernel.arch.userEnd },
    { type: "ram", start: UPPER_HALF, length: UPPER_HALF },
  ];
}

/** The map of memory (`qXfer:memory-map`). */
export function memoryMap(client: Client): string {
  return formatMemoryMap(regions(client));
}

/** The packet by which lldb asks what is at an address; it wants to know what is not there, too. */
export const regionPackets: PacketTable = {
  qMemoryRegionInfo(client, { rest }) {
    const address = parseHexNumber(rest.slice(1));
    let begin = 0n;
    for (const { start, length } of regions(client)) {
      if (address < start) return `start:${hexNumber(begin)};size:${hexNumber(start - begin)};`;
      begin = start + length;
      if (address < begin) {
        return `start:${hexNumber(start)};size:${hexNumber(length)};permissions:rwx;`;
      }
    }
    return `start:${hexNumber(begin)};size:${hexNumber(ADDRESSES - begin)};`;
  },
};
