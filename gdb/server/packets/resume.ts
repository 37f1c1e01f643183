/**
 * What makes the machine run, forward and backward.
 *
 * @module
 */

import { ALL, ANY, parseHexNumber, parseThreadId } from "../../protocol/mod.ts";
import { ERRNO, GdbServerError } from "../errors.ts";
import type { Goal } from "../machine/runner.ts";
import type { Handler, PacketTable } from "../session/packet.ts";
import type { Client } from "../session/client.ts";

/**
 * What the actions of `vCont` come to: the whole machine runs, so only a step says more, and of
 * several the first counts.
 */
function goalOf(client: Client, actions: readonly string[]): Goal {
  for (const action of actions) {
    const [what = "", id] = action.split(":");
    const [, begin, end] = /^r([0-9a-f]+),([0-9a-f]+)$/i.exec(what) ?? [];
    if (begin === undefined && !/^(c|s|t|[CS][0-9a-f]{2})$/i.test(what)) {
      throw new GdbServerError(`Cannot resume by "${what}": expected c, C, s, S, r or t`);
    }
    if (begin === undefined && !/^s/i.test(what)) continue;
    const isOne = id !== undefined && ![ALL, ANY].includes(parseThreadId(id).thread);
    // A step of whoever is there is one of the thread that stopped.
    const thread = isOne ? client.thread(id) : client.resumed;
    if (begin === undefined) return { kind: "step", thread };
    const range = { begin: parseHexNumber(begin), end: parseHexNumber(end as string) };
    return { kind: "step", thread, range };
  }
  return { kind: "continue" };
}

/** Resuming of old: with an address it would begin elsewhere, which no debugger asks for now. */
function old(kind: "continue" | "step", isSignal: boolean): Handler {
  return (client, { rest }) => {
    const address = isSignal ? rest.split(";")[1] ?? "" : rest;
    if (address !== "") throw new GdbServerError("Cannot resume elsewhere: write the register");
    return client.forward(
      kind === "continue" ? { kind } : { kind, thread: client.resumed },
    );
  };
}

/** Packets that resume. */
export const resumePackets: PacketTable = {
  vCont(client, { rest }) {
    if (rest === "?") return "vCont;c;C;s;S;t;r";
    if (!rest.startsWith(";")) throw new GdbServerError("Expected vCont;ACTION", ERRNO.INVAL);
    return client.forward(goalOf(client, rest.slice(1).split(";")));
  },
  vCtrlC: () => "OK",
  c: old("continue", false),
  C: old("continue", true),
  s: old("step", false),
  S: old("step", true),
  b(client, { rest }) {
    if (rest === "c") return client.backward({ kind: "continue" });
    if (rest === "s") return client.backward({ kind: "step", thread: client.resumed });
    return "";
  },
};
