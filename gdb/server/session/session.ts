/**
 * One debugger at a machine, from its connection to its end.
 *
 * @module
 */

import { comparePositions, type Position } from "../../../history/mod.ts";
import { latin1 } from "../../protocol/mod.ts";
import { errorReply } from "../errors.ts";
import type { Debuggee } from "../machine/debuggee.ts";
import { NO_SIGNAL, outputPacket, type Stop } from "../machine/stop.ts";
import { THE_CPU } from "../names.ts";
import { Client } from "./client.ts";
import { answer } from "./dispatch.ts";
import type { Answer, SessionEnd } from "./answer.ts";
import { asRefusal } from "./refusal.ts";
import { type Connection, Wire } from "./wire.ts";

/** How a session is over. */
export type SessionResult = SessionEnd | "closed";

/** Most characters of output in one packet. */
const OUTPUT_CHUNK = 4_000;

/** A debugger and the machine it is connected to. */
export class Session {
  readonly #client: Client;
  readonly #wire: Wire;
  /** Whether the connection has ended while the machine ran. */
  #leftRunning = false;
  /** Where the machine was when the debugger came. */
  readonly #from: Position;

  /**
   * A debugger has come.
   * @param options.runsDetached whether the machine runs while no process is attached to
   */
  constructor(
    debuggee: Debuggee,
    connection: Connection,
    options: { readonly runsDetached: boolean },
  ) {
    this.#client = new Client(debuggee, options);
    this.#wire = new Wire(connection);
    this.#from = debuggee.history.position;
  }

  get #debuggee(): Debuggee {
    return this.#client.debuggee;
  }

  /** Whether the debugger has said anything: one packet that is whole. */
  get hasHeard(): boolean {
    return this.#wire.hasHeard;
  }

  /**
   * Whether the machine is to go on without it: it has detached, or broken off while it ran or after
   * its end. Else it stands where the next one may want it, as what other stubs serve does.
   */
  get leavesRunning(): boolean {
    const { hasDetached, population } = this.#client;
    return hasDetached || this.#leftRunning || this.#debuggee.halted !== null ||
      population.attached.length === 0;
  }

  /** Whether the machine is where it was when the debugger came: it has only been looked at. */
  get leavesInPlace(): boolean {
    return comparePositions(this.#debuggee.history.position, this.#from) === 0;
  }

  /** Ends the session, whatever it waits for; {@linkcode Session.serve} returns `closed`. */
  end(): void {
    this.#wire.end();
  }

  /** Serves it until it goes. */
  async serve(): Promise<SessionResult> {
    try {
      return await this.#serve();
    } finally {
      await this.#wire.close();
      this.#debuggee.points.clear();
      this.#debuggee.points.apply();
    }
  }

  async #serve(): Promise<SessionResult> {
    const { machine } = this.#debuggee;
    const { runsDetached, population } = this.#client;
    for (;;) {
      const isFree = runsDetached && population.attached.length === 0 && machine.halted === null;
      if (isFree) {
        await this.#runFreely();
        if (machine.halted !== null && this.#client.hasDetached) return "closed";
      } else await this.#wire.wait();
      const payload = this.#wire.take();
      if (payload === undefined) {
        if (this.#wire.closed) return "closed";
        continue;
      }
      const result = this.#answer(payload);
      if (typeof result === "string" || result instanceof Uint8Array) {
        const sent = this.#wire.send(result);
        // Before it has been taken: who has heard it may say the next packet at once.
        if (result === "OK" && payload[0] === 0x51 && isNoAckMode(payload)) {
          this.#wire.dropAcknowledgements();
        }
        await sent;
      } else if ("run" in result) {
        let stop = await this.#run(result.run);
        while (this.#client.passes(stop) && !this.#wire.closed) {
          stop = await this.#run(this.#client.running({ kind: "continue" }));
        }
        await this.#wire.send(this.#client.stopped(stop));
      } else {
        if (result.reply !== undefined) await this.#wire.send(result.reply);
        return result.end;
      }
    }
  }

  #answer(payload: Uint8Array): Answer {
    try {
      return answer(this.#client, payload);
    } catch (error) {
      return errorReply(asRefusal(error));
    }
  }

  /** Nobody is attached: the machine runs until there is something to be done. */
  async #runFreely(): Promise<void> {
    const { machine } = this.#debuggee;
    const run = this.#client.running({ kind: "continue" });
    while (!this.#wire.pending && machine.halted === null) {
      if (run.next().done === true) return;
      await nextTurn();
    }
    run.return({ kind: "step", thread: THE_CPU });
  }

  async #run(work: Generator<void, Stop>): Promise<Stop> {
    await this.#tellOutput();
    try {
      for (;;) {
        const step = work.next();
        await this.#tellOutput();
        if (step.done === true) return step.value;
        await nextTurn();
        if (this.#wire.takeInterrupt()) {
          const thread = this.#client.population.told(this.#debuggee.inferiors.here);
          return { kind: "interrupt", thread };
        }
        if (this.#wire.closed) {
          this.#leftRunning = true;
          return { kind: "step", thread: THE_CPU };
        }
      }
    } catch (error) {
      this.#client.say(`${asRefusal(error).message}\n`);
      await this.#tellOutput();
      return { kind: "signal", info: NO_SIGNAL, thread: this.#debuggee.inferiors.here };
    } finally {
      work.return({ kind: "step", thread: THE_CPU });
    }
  }

  async #tellOutput(): Promise<void> {
    const said = new TextEncoder().encode(this.#client.takeSaid());
    const output = latin1(said) + this.#debuggee.observer.takeOutput();
    for (let at = 0; at < output.length; at += OUTPUT_CHUNK) {
      await this.#wire.send(outputPacket(output.slice(at, at + OUTPUT_CHUNK)));
    }
  }
}

function isNoAckMode(payload: Uint8Array): boolean {
  return latin1(payload) === "QStartNoAckMode";
}

/** Lets whatever waits for its turn have it: the network, above all. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
