/**
 * A seeded fuzzer of the machine as gdb's target: what debuggers say is damaged, mixed and said in
 * any order, to machines in any state. A finding is any error but those that are told to the
 * debugger, a reply that cannot be sent, and a byte from outside of the target: a file of the
 * host's, or memory that is not mapped.
 *
 * @module
 */
import type { FuzzOutcome } from "../../bytes/testing/fuzz_outcome.ts";
import { History } from "../../history/mod.ts";
import { Session as Boot } from "../../kernel/testing/session.ts";
import { Random } from "../../util/random.ts";
import { damaged } from "../../util/testing/damage.ts";
import { bytesOf, framePacket, hexText, latin1 } from "../protocol/mod.ts";
import { KERNEL_PROCESS } from "../server/names.ts";
import { Debuggee } from "../server/machine/debuggee.ts";
import { NO_SIGNAL, type Stop } from "../server/machine/stop.ts";
import type { Answer } from "../server/session/answer.ts";
import { Client } from "../server/session/client.ts";
import { answer } from "../server/session/dispatch.ts";
import { asRefusal } from "../server/session/refusal.ts";
import { errorReply } from "../server/errors.ts";

/** Turns that a run has before it is interrupted. */
const TURNS = 2;
/** Cases after which another debugger comes. */
const SESSION = 200;
/** Largest reply that may be sent. */
const REPLY_LIMIT = 0x8000;
const KERNEL_FILE = "/boot/kernel";
/** A file of every host, by the beginning of what is in it. */
const HOST_FILES = [
  "/etc/passwd",
  "/proc/self/maps",
  "../../../../etc/passwd",
  "/boot/../etc/passwd",
];

/** What debuggers say; `@P` is a process, `@A` an address, `@F` a file of the host's. */
const PACKETS = [
  "qSupported:multiprocess+;swbreak+;hwbreak+;fork-events+;exec-events+;xmlRegisters=i386",
  `vFile:open:${hexText(KERNEL_FILE)},0,0`,
  "? g G00 qC qAttached qfThreadInfo qsThreadInfo vCont? qTStatus qSymbol:: qOffsets ! k D;1 D " +
  "Hgp@P.1 Hgp-1.-1 Hcp@P.0 Hg0 Tp@P.1 vAttach;@P vKill;1 qThreadExtraInfo,p@P.1 " +
  "p0 p10 P0=0011223344556677 P10=0000000000000000 p7f " +
  "m@A,40 m@A,4000 M@A,4:00112233 X@A,4:abcd x@A,8 qCRC:@A,100 qSearch:memory:@A;1000;abc " +
  "Z0,@A,1 z0,@A,1 Z1,@A,4 z1,@A,4 Z2,@A,8 z2,@A,8 Z3,@A,1 Z4,@A,4 z4,@A,4 " +
  "vCont;c vCont;s:p@P.1 vCont;r10,20:p@P.1;c vCont;t c s bs bc C05 S05 vCont;C0b:p@P.1 " +
  "qXfer:features:read:target.xml:0,fff qXfer:threads:read::0,fff qXfer:auxv:read::0,fff " +
  "qXfer:exec-file:read:@P:0,fff qXfer:memory-map:read::0,fff qXfer:constructor:read:a:0,9 " +
  "vFile:setfs:0 vFile:open:@F,0,0 vFile:pread:3,fff,0 vFile:close:3 vFile:fstat:3 " +
  "vFile:stat:@F vFile:readlink:@F vFile:unlink:@F vFile:pwrite:3,0,x vFile:hasOwn:3 " +
  "qRcmd,68656c70 qMemoryRegionInfo:@A QNonStop:1 QNonStop:0 QPassSignals:e;14 QStartNoAckMode",
].flatMap((line) => line.split(" "));

/** Runs cases at one machine; what is said depends on the seed alone. */
export class ServerFuzzer implements Disposable {
  readonly #random: Random;
  readonly #boot: Boot;
  readonly #debuggee: Debuggee;
  #client: Client;
  #count = 0;

  /** A fuzzer with a seed, taken modulo 2^32. */
  constructor(seed: number) {
    const random = this.#random = new Random(seed);
    const arch = random.pick(["x86_64", "aarch64"] as const);
    this.#boot = new Boot({ arch, programs: ["spinner 3000", "threads"] });
    this.#debuggee = new Debuggee(new History(this.#boot.machine));
    this.#client = this.#come();
  }

  /**
   * Runs one case; the target is what was said, the error the beginning of an error reply.
   *
   * @throws A finding
   */
  run(): FuzzOutcome {
    if (++this.#count % SESSION === 0) this.#client = this.#come();
    const random = this.#random;
    const packet = random.pick(PACKETS);
    const sound = bytesOf(this.#filled(packet));
    const payload = random.chance(0.5) ? damaged(random, sound) : sound;
    const said = latin1(payload);
    const reply = this.#reply(payload);
    const bytes = typeof reply === "string" ? bytesOf(reply) : reply;
    if (bytes.length > REPLY_LIMIT) throw new Error(`${said} is answered by ${bytes.length} bytes`);
    framePacket(bytes, { runLength: true });
    const text = latin1(bytes);
    this.#checkFile(said, text);
    return {
      target: `gdb ${/^[a-zA-Z]+/.exec(packet)?.[0] ?? packet}`,
      error: /^(?:E[0-9.]|F-1)/.exec(text)?.[0],
    };
  }

  /** Closes the machine. */
  [Symbol.dispose](): void {
    this.#debuggee[Symbol.dispose]();
    this.#boot[Symbol.dispose]();
  }

  /** Another debugger. The machine is where it is, or at its beginning again. */
  #come(): Client {
    const { history, points } = this.#debuggee;
    points.clear();
    points.apply();
    if (this.#boot.machine.halted !== null || this.#random.chance(0.2)) history.goTo(history.begin);
    const client = new Client(this.#debuggee, { runsDetached: this.#random.chance(0.5) });
    answer(client, bytesOf(PACKETS[0]!));
    return client;
  }

  #filled(packet: string): string {
    const random = this.#random;
    return packet.replace(/@[PAF]/g, (place) => {
      if (place === "@P") return random.pick([KERNEL_PROCESS, 1, 2, 3]).toString(16);
      if (place === "@F") return hexText(random.pick(HOST_FILES));
      const address = random.pick([
        0n,
        0x40_0000n,
        0x7fff_ffff_e000n,
        0xffff_8000_0020_0000n,
        2n ** 64n - 8n,
        BigInt(random.next()),
      ]);
      return address.toString(16);
    });
  }

  #reply(payload: Uint8Array): string | Uint8Array {
    let result: Answer;
    try {
      result = answer(this.#client, payload);
    } catch (error) {
      return errorReply(asRefusal(error));
    }
    if (typeof result === "string" || result instanceof Uint8Array) return result;
    if ("run" in result) return this.#client.stopped(this.#turns(result.run));
    this.#client = this.#come();
    return result.reply ?? "";
  }

  /** Some turns of a run, which is then interrupted. */
  #turns(run: Generator<void, Stop>): Stop {
    const { here } = this.#debuggee.inferiors;
    try {
      for (let turn = 0; turn < TURNS; turn++) {
        const step = run.next();
        if (step.done === true) return step.value;
      }
      const { inferiors } = this.#debuggee;
      return { kind: "interrupt", thread: this.#client.population.told(inferiors.here) };
    } catch (error) {
      asRefusal(error);
      return { kind: "signal", info: NO_SIGNAL, thread: here };
    } finally {
      run.return({ kind: "step", thread: here });
    }
  }

  /** What is read of an open file is a file of the machine's. */
  #checkFile(said: string, text: string): void {
    if (!/^vFile:(open|stat)/.test(said) || !/^F[0-9a-f]/.test(text)) return;
    if (said.toLowerCase().includes(hexText(KERNEL_FILE))) return;
    throw new Error(`${said} opens a file: ${text}`);
  }
}
