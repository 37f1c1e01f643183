/**
 * What the host and the agent in the guest tell each other, as words of guest memory:
 * `guest/coro/coro_agent_record.h` has the same numbers.
 *
 * @module
 */

/** What the host can ask for. */
export const Operation = {
  NONE: 0n,
  CREATE: 1n,
  RESUME: 2n,
  THROW: 3n,
  DROP: 4n,
  CALL: 5n,
  ALLOCATE: 6n,
  FREE: 7n,
  LEAVE: 8n,
} as const;

/** What came of it; errors of the runtime are below zero. */
export const Outcome = {
  RETURNED: 0n,
  YIELDED: 1n,
  THREW: 2n,
  HOST_ERROR: 3n,
  TRAPPED: 4n,
} as const;

/** What a host function answers. */
export const Action = {
  RETURN: 0n,
  YIELD: 1n,
  RAISE: 2n,
  SERVE: 3n,
  AGAIN: 4n,
  ASKED: 5n,
} as const;

/** Offsets in `struct coro_agent_record`. */
export const RECORD = {
  version: 0n,
  busy: 8n,
  operation: 16n,
  outcome: 96n,
  depth: 112n,
  current: 120n,
  slots: 128n,
  call: 136n,
  hosted: 144n,
  done: 152n,
  textSize: 168n,
  text: 176n,
  room: 688n,
} as const;

/** Words an operation takes. */
export const WORDS = 8;

/** Bytes of `room`. */
export const ROOM = 512;

/** What the first word of a record says. */
export const VERSION = 0x0100_0000_7467_6143n;

/** Offsets in `struct coro_agent_slot`. */
export const SLOT = {
  number: 0,
  state: 8,
  next: 16,
  body: 24,
  base: 32,
  limit: 40,
  note: 48,
  sp: 56,
  size: 64,
} as const;

/** Offsets in `struct coro_agent_call`. */
export const CALL = { name: 0, arguments: 8, action: 56n, value: 64n, size: 72 } as const;

/** Words a host function gets. */
export const ARGUMENTS = 6;
