/**
 * Errors of the architecture back-ends.
 *
 * @module
 */

/**
 * What went wrong:
 * - `misuse`: the host called with arguments no architecture can serve
 * - `memory`: a physical address outside RAM was used
 * - `translation`: a virtual address is not mapped
 * - `image`: the guest kernel image lacks something the back-end needs
 * - `state`: a saved CPU is of another architecture, model or library, or damaged
 */
export type ArchErrorKind = "misuse" | "memory" | "translation" | "image" | "state";

/** Thrown by everything in `arch/`. */
export class ArchError extends Error {
  /** Class name, for messages. */
  override readonly name = "ArchError";
  /** What went wrong. */
  readonly kind: ArchErrorKind;
  /** Guest address it is about, if any. */
  readonly address: bigint | undefined;

  /** Makes the error; `message` states the action and the current value. */
  constructor(kind: ArchErrorKind, message: string, address?: bigint, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.kind = kind;
    this.address = address;
  }
}

/** Refuses a floating-point state of another size. */
export function checkFpState(state: Uint8Array, size: number): void {
  if (state.length === size) return;
  throw new ArchError(
    "misuse",
    `Cannot load a floating-point state of ${state.length} bytes: expected ${size}`,
  );
}
