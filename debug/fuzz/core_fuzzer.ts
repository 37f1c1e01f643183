/**
 * A seeded fuzzer of core files: sound ones of both machines are damaged, and read, and walked, and
 * asked for everything that they have. Any error but an {@linkcode InputError} is a finding, and so
 * is a case that takes long.
 *
 * @module
 */
import type { InputError } from "../../bytes/mod.ts";
import { type FuzzOutcome, refusalOf } from "../../bytes/testing/fuzz_outcome.ts";
import { damaged } from "../../util/testing/damage.ts";
import { Random } from "../../util/random.ts";
import { readWord } from "../../unwind/walk/mod.ts";
import { readCore } from "../core/mod.ts";
import { armCore, coreImage, library } from "../core/testing/core_image.ts";
import { linkedCore, linkedProgram } from "../core/testing/linked_core.ts";
import { vectorCore } from "../core/testing/vector_core.ts";
import { DebugFiles, type FileStore } from "../files/mod.ts";
import { FrameReader } from "../frames/mod.ts";

/** Debug information is not looked for. */
const NO_FILES: FileStore = { open: () => undefined, realPath: () => undefined };

/** Longest input. */
const LIMIT = 16384;

/** Bytes read as a file is: a place that no file has is a finding. */
function onDisk(bytes: Uint8Array): Exclude<Parameters<typeof readCore>[0], Uint8Array> {
  return {
    size: bytes.length,
    readAt(offset, into) {
      if (!(offset >= 0 && offset + into.length <= bytes.length)) {
        throw new Error(`Cannot read ${into.length} bytes at ${offset} of ${bytes.length}`);
      }
      into.set(bytes.subarray(offset, offset + into.length));
    },
  };
}

/** Runs cases; all that happens depends on the seed alone. */
export class CoreFuzzer {
  readonly #random: Random;
  readonly #cores: Readonly<Record<string, Uint8Array>> = {
    "core x86_64": coreImage(),
    "core aarch64": armCore(),
    "core with vectors": vectorCore(),
    "core without files": linkedCore(),
  };
  readonly #files: readonly Uint8Array[] = [library(), linkedProgram()];

  /** A fuzzer with a seed, taken modulo 2^32. */
  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /**
   * Runs one case.
   *
   * @throws Whatever is not an {@linkcode InputError}: a finding.
   */
  run(): FuzzOutcome {
    const random = this.#random;
    const target = random.pick(Object.keys(this.#cores));
    const sound = this.#cores[target]!;
    // One in eight files is damaged, and one in sixteen cores sound.
    const bytes = random.chance(0.94) ? damaged(random, sound, { limit: LIMIT }) : sound;
    const open = () => {
      const file = random.pick(this.#files);
      return random.chance(0.12) ? damaged(random, file) : file;
    };
    try {
      return { target, error: this.#read(bytes, open) };
    } catch (error) {
      return { target, error: refusalOf(error) };
    }
  }

  /** Reads a core and asks it for all it has; the kind of the first problem. */
  #read(bytes: Uint8Array, open: () => Uint8Array): string | undefined {
    const random = this.#random;
    const exe = random.chance(0.2) ? { name: "exe", content: open() } : undefined;
    using target = readCore(onDisk(bytes), { open, exe });
    const { process, problems } = target;
    const errors: InputError[] = [...problems];
    const reader = new FrameReader(process, new DebugFiles({ store: NO_FILES }));
    for (const thread of process.threads) {
      const frames = reader.frames(thread);
      for (const frame of frames) void frame.name;
      if (frames.error !== undefined) errors.push(frames.error);
      for (const register of [17, 33, 67, 64]) void thread.vector(register);
      void thread.threadPointer;
    }
    for (let i = 0; i < 8; i++) {
      const near = random.pick([0x5555_0000n, 0x7ffe_0000n, 0x4_0000_8000n, 0x7fff_0000n]);
      readWord(process.memory, near + BigInt(random.below(0x4000)));
    }
    const [first] = errors;
    return first === undefined ? undefined : refusalOf(first);
  }
}
