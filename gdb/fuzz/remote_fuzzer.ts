/**
 * A seeded fuzzer of what a debugger makes of stubs: a sound stub's answers are damaged, and the
 * target is opened and its stacks are walked all the same. Any error but an {@linkcode InputError}
 * is a finding.
 *
 * @module
 */
import { InputError } from "../../bytes/mod.ts";
import type { FuzzOutcome } from "../../bytes/testing/fuzz_outcome.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { BIAS, object, STACK } from "../../debug/core/testing/core_image.ts";
import { walkInput } from "../../debug/target/mod.ts";
import { backtrace } from "../../unwind/walk/mod.ts";
import { Random } from "../../util/random.ts";
import { damaged } from "../../util/testing/damage.ts";
import {
  bytesOf,
  formatLibrariesSvr4,
  formatTargetXml,
  formatThreads,
  registersOf,
  toHex,
  X86_64_FEATURES,
} from "../protocol/mod.ts";
import { connectRemote } from "../remote/mod.ts";
import { FakeStub, type FakeWorld } from "../remote/testing/fake_stub.ts";

const DESCRIPTION = { features: [X86_64_FEATURES.core, X86_64_FEATURES.sse] };
const CODE = BigInt(BIAS) + 0x1000n;
/** Milliseconds of each answer, which comes at once; only one that is lost takes so long. */
const TIMEOUT = 20;

function registers(): string {
  const values: Readonly<Record<string, bigint>> = { rip: CODE, rsp: BigInt(STACK) };
  return registersOf(DESCRIPTION).map(({ name, size }) => {
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    if (size === 8) view.setBigUint64(0, values[name] ?? 0n, true);
    return toHex(bytes);
  }).join("");
}

const WORLD: FakeWorld = {
  features: ["features", "auxv", "exec-file", "threads", "libraries-svr4", "siginfo"]
    .map((each) => `qXfer:${each}:read+`).concat("multiprocess+", "QStartNoAckMode+"),
  stop: "T0bthread:p7.8;",
  threads: [7, 8].map((thread) => ({ id: { process: 7, thread }, registers: registers() })),
  memory: [
    { start: BigInt(BIAS), bytes: object() },
    { start: BigInt(STACK), bytes: new ImageBuilder().u64(CODE + 4n).u64(0n).build() },
  ],
  objects: {
    "features:target.xml": formatTargetXml(DESCRIPTION),
    "auxv:": new ImageBuilder().u64(9n).u64(BigInt(BIAS)).u64(0n).u64(0n).build(),
    "exec-file:7": "/program",
    "threads:": formatThreads([{ id: { process: 7, thread: 7 }, name: "worker" }]),
    "libraries-svr4:": formatLibrariesSvr4([{ name: "/lib.so", bias: 0x7000_0000n }]),
    "siginfo:": new Uint8Array(128),
  },
  files: { "/program": object(), "/lib.so": object() },
};

/** Runs cases; how each begins depends on the seed alone, but the host's clock ends its waits. */
export class RemoteFuzzer {
  readonly #seeds: Random;

  /** A fuzzer with a seed, taken modulo 2^32. */
  constructor(seed: number) {
    this.#seeds = new Random(seed);
  }

  /**
   * Runs one case.
   *
   * @throws Whatever is not an {@linkcode InputError}: a finding.
   */
  async run(): Promise<FuzzOutcome> {
    // How many answers the case comes to is nothing to the next one.
    const random = new Random(this.#seeds.next());
    const chance = random.pick([0.02, 0.1, 0.5]);
    const target = `remote, ${chance * 100} % damaged`;
    const stub = new FakeStub({
      ...WORLD,
      change: (answer) => {
        if (!random.chance(chance)) return answer;
        const bytes = damaged(random, typeof answer === "string" ? bytesOf(answer) : answer);
        // What frames packets is damaged elsewhere: it would only be waited for.
        return bytes.map((byte) => byte === 0x23 || byte === 0x24 || byte === 0x2a ? 0x30 : byte);
      },
    });
    try {
      const options = { timeout: TIMEOUT, totalTimeout: 2 * TIMEOUT };
      using opened = await connectRemote(stub.wire, options);
      for (const process of opened.processes) {
        for (const thread of process.threads) {
          await opened.settle(() => {
            backtrace(walkInput(process, thread), process.walk);
            thread.vector(17);
          });
        }
      }
      return { target, error: undefined };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { target, error: error.kind };
    }
  }
}
