/**
 * The options of `trapline stack`.
 *
 * @module
 */
import { MACHINE_DEFAULTS } from "../machine_defaults.ts";
import type { readOptions } from "../options.ts";

/** Options and their defaults. */
export const DEFAULTS = {
  ...MACHINE_DEFAULTS,
  arch: "",
  abi: "trapline",
  at: "",
  times: "1",
  core: "",
  remote: "",
  exe: "",
  sysroot: "",
  process: "",
  thread: "",
  frames: "4096",
  transition: false,
  words: false,
  json: false,
  svg: "",
} as const;

/** The options as they were given. */
export type StackValues = ReturnType<typeof readOptions<typeof DEFAULTS>>["values"];
