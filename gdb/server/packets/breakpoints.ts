/**
 * Breakpoints and watchpoints, each in the process of the selected thread.
 *
 * @module
 */

import { parseHexInteger, parseHexNumber, type WatchKind } from "../../protocol/mod.ts";
import { ERRNO, GdbServerError } from "../errors.ts";
import type { BreakpointKind } from "../machine/points.ts";
import type { Handler, PacketTable } from "../session/packet.ts";

const BREAKPOINTS: Readonly<Record<string, BreakpointKind>> = { 0: "swbreak", 1: "hwbreak" };
const WATCHPOINTS: Readonly<Record<string, WatchKind>> = { 2: "watch", 3: "rwatch", 4: "awatch" };

function change(action: "add" | "remove"): Handler {
  return ({ debuggee, general }, { rest }) => {
    // Conditions that a stub could evaluate are left to the debugger.
    const [, type = "", address = "", size = ""] =
      /^([0-9]),([0-9a-f]+),([0-9a-f]+)(?:;.*)?$/i.exec(rest) ?? [];
    if (type === "") throw new GdbServerError("Expected TYPE,ADDRESS,KIND", ERRNO.INVAL);
    const { points } = debuggee;
    const { process } = general;
    const breakpoint = BREAKPOINTS[type];
    const kind = WATCHPOINTS[type];
    if (breakpoint !== undefined) {
      points[action](breakpoint, process, parseHexNumber(address));
    } else if (kind !== undefined) {
      const watched = {
        process,
        kind,
        address: parseHexNumber(address),
        size: parseHexInteger(size),
      };
      if (action === "add") points.watch(watched);
      else points.unwatch(watched);
    } else return "";
    return "OK";
  };
}

/** Packets about breakpoints and watchpoints. */
export const breakpointPackets: PacketTable = { Z: change("add"), z: change("remove") };
