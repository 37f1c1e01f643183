/**
 * What both ends can do, and what is asked once.
 *
 * @module
 */

import {
  formatFeatures,
  hexText,
  parseFeatures,
  parseHexInteger,
  textOfHex,
} from "../../protocol/mod.ts";
import { GdbServerError } from "../errors.ts";
import { linuxSignal } from "../machine/stop.ts";
import type { Client } from "../session/client.ts";
import type { PacketTable } from "../session/packet.ts";
import { asRefusal } from "../session/refusal.ts";
import { PACKET_SIZE } from "../session/wire.ts";

const FEATURES = formatFeatures(
  new Map<string, boolean | { value: string }>([
    ["PacketSize", { value: PACKET_SIZE.toString(16) }],
    ...[
      ...["QStartNoAckMode", "multiprocess", "swbreak", "hwbreak", "vContSupported"],
      ...["fork-events", "exec-events", "ReverseStep", "ReverseContinue", "QPassSignals"],
      ...["error-message", "qXfer:features:read", "qXfer:threads:read", "qXfer:exec-file:read"],
      ...["qXfer:auxv:read", "qXfer:memory-map:read", "qXfer:siginfo:read"],
    ].map((name) => [name, true] as const),
  ]),
);

/** Packets about the connection. */
export const generalPackets: PacketTable = {
  qSupported(client, { text }) {
    const features = parseFeatures(text);
    const [multiprocess, forks, executes] = ["multiprocess", "fork-events", "exec-events"]
      .map((name) => features.get(name) === true);
    // One that knows forks and not what is executed then is lldb: it names processes, but has room
    // for one.
    client.multiprocess = multiprocess === true && !(forks === true && executes !== true);
    client.population.tellsForks = client.multiprocess && forks === true && executes === true;
    if (!client.multiprocess) client.population.beOne();
    return FEATURES;
  },
  QStartNoAckMode: () => "OK",
  QNonStop(_, { rest }) {
    if (rest === ":0") return "OK";
    throw new GdbServerError("A machine stops as a whole: set non-stop off");
  },
  QPassSignals({ debuggee }, { rest }) {
    const signals = rest.slice(1).split(";").filter((each) => each !== "").map(parseHexInteger);
    debuggee.observer.passed = new Set(signals.map(linuxSignal));
    return "OK";
  },
  QProgramSignals: () => "OK",
  /** Extended mode: what ends, and what is detached from, does not end the session. */
  "!": () => "OK",
  "?": (client) => client.population.attached.length === 0 ? "W00" : client.lastStop(),
  qSymbol: () => "OK",
  qTStatus: () => "",
  /** A command of `monitor`; gdb shows what goes wrong as text alone. */
  qRcmd(client, { rest }) {
    const command = textOfHex(rest.slice(1));
    const text = monitorText(client, command);
    return text === "" ? "OK" : hexText(text.endsWith("\n") ? text : `${text}\n`);
  },
};

function monitorText(client: Client, command: string): string {
  try {
    return client.monitor(command);
  } catch (error) {
    return asRefusal(error).message;
  }
}
