/**
 * Errors of the engine, each saying which kind it is: misuse by the host program, a failure inside
 * libunicorn, or a library that is missing or does not serve.
 *
 * @module
 */
import { libraryFileName, PINNED_VERSION } from "./cache.ts";
import { UC_ERROR_NAMES } from "./constants.ts";

/** Guest architectures. */
export type EngineArch = "x86_64" | "aarch64";

/** What {@linkcode EngineError} is about. */
export interface EngineErrorFields {
  /** Unicorn's number of the error. */
  status: number;
  /** Architecture of the engine's guest. */
  arch: EngineArch;
  /** The guest's program counter when the engine gave up; undefined when no guest was running. */
  pc?: bigint | undefined;
}

/** A call into libunicorn failed. */
export class EngineError extends Error {
  /** Says whose fault it is: the engine's. */
  readonly kind = "engine";
  /** Unicorn's name of the error, such as `UC_ERR_MAP`. */
  readonly code: string;
  /** Architecture of the engine's guest. */
  readonly arch: EngineArch;
  /** The guest's program counter when the engine gave up; undefined when no guest was running. */
  readonly pc: bigint | undefined;

  /**
   * Makes the error.
   *
   * @param action What failed, such as `map 0x1000 bytes at 0x0`.
   * @param fields Unicorn's error number, architecture and program counter.
   */
  constructor(action: string, fields: EngineErrorFields) {
    const code = UC_ERROR_NAMES[fields.status] ?? `UC_ERR_${fields.status}`;
    const where = fields.pc === undefined ? "" : ` at PC 0x${fields.pc.toString(16)}`;
    super(`Cannot ${action}: ${code} (${fields.arch}${where})`);
    this.name = "EngineError";
    this.code = code;
    this.arch = fields.arch;
    this.pc = fields.pc;
  }
}

/** What the host program did wrong: see {@linkcode EngineUsageError.kind}. */
export type EngineUsageKind =
  | "disposed"
  | "running"
  | "budget"
  | "mapping"
  | "memory"
  | "register"
  | "value"
  | "image"
  | "arch";

/** The host program misused the engine; the engine is unchanged. */
export class EngineUsageError extends Error {
  /**
   * The rule that was broken: use after dispose, use from inside a hook while the guest runs, an
   * instruction budget out of range, a mapping that is unaligned, overlapping or absent, a memory
   * buffer that cannot be mapped, an unknown or refused register, a value out of range, an image of
   * another CPU or library, or a member of the other architecture.
   */
  readonly kind: EngineUsageKind;

  /**
   * Makes the error.
   *
   * @param kind The rule that was broken.
   * @param message Action and current value.
   */
  constructor(kind: EngineUsageKind, message: string) {
    super(message);
    this.name = "EngineUsageError";
    this.kind = kind;
  }
}

/** One place where libunicorn was looked for, and why it does not serve. */
export interface TriedPlace {
  /** Path or library name. */
  place: string;
  /** Why it does not serve. */
  reason: string;
}

/** What to do about a library that is missing, for messages. */
export const WAYS_TO_GET_IT: string = `Ways to get it:
  - by pip: await ensureUnicorn() of this package fetches the pinned ${PINNED_VERSION} into your cache; run it once with deno run -A
  - without pip: the wheel unicorn ${PINNED_VERSION} of the Python Package Index is a ZIP archive; unpack it
  - by the system's package manager, if that has version 2.1 or later (macOS: brew install unicorn)
Set the environment variable TRAPLINE_UNICORN to the library's path (in the wheel unicorn/lib/${libraryFileName()})
where it is not in a place listed above. Programs need --allow-ffi, and --allow-env to find it.`;

/** No libunicorn that serves was found. */
export class UnicornNotFoundError extends Error {
  /** Every place that was tried, in order. */
  readonly tried: readonly TriedPlace[];
  /** Whether the place was named explicitly, so that no other was tried. */
  readonly explicit: boolean;

  /**
   * Makes the error.
   *
   * @param tried Every place that was tried, in order.
   * @param explicit Whether the place was named explicitly.
   */
  constructor(tried: readonly TriedPlace[], explicit: boolean) {
    const list = tried.map(({ place, reason }) => `  - ${place}: ${reason}`).join("\n");
    super(
      `Cannot find libunicorn 2.1 or later; tried\n${list}\n` +
        WAYS_TO_GET_IT,
    );
    this.name = "UnicornNotFoundError";
    this.tried = tried;
    this.explicit = explicit;
  }
}
