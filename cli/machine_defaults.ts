/**
 * Options that say what machine a program runs on. They are apart from what machines are made of, so
 * that a command that may need none does not load it.
 *
 * @module
 */

/** The options with their defaults. */
export const MACHINE_DEFAULTS = {
  cpu: "",
  policy: "rr",
  parameters: "",
  quantum: "10000",
  timer: "",
  seed: "0",
  load: "copyout",
  memory: "64",
  limit: "",
} as const;

/** What they are given as. */
export type MachineValues = Readonly<Record<keyof typeof MACHINE_DEFAULTS, string>>;
