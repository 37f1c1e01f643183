/**
 * What becomes of each run of the green threads (`guest/green/`), and what is wrong with it.
 *
 * @module
 */
import type { GuestArch } from "../embedded.ts";

/** One way to run them. */
export interface GreenCase {
  /** The bootstrap script line: the program, and the defect that is switched on. */
  readonly commandLine: string;
  /** What is wrong, and where. */
  readonly what: string;
  /** Whether the library is sound. */
  readonly sound: boolean;
  /** The function whose return leads to where nothing can be executed, if one does. */
  readonly returns?: string;
  /** How it ends: `exit N`, or `killed: …` with the addresses left open. */
  readonly ending: Readonly<Record<GuestArch, RegExp>>;
}

function both(ending: RegExp): GreenCase["ending"] {
  return { x86_64: ending, aarch64: ending };
}

const HEX = "0x[0-9a-f]+";
const RETURN_TO_ZERO = /^killed: execute of 0x0: not mapped, at 0x0$/;

/** Every way, the sound ones first. */
export const GREEN_CASES: readonly GreenCase[] = [
  {
    commandLine: "green",
    what: "nothing: every context runs to its end, and every stack is released",
    sound: true,
    ending: both(/^exit 0$/),
  },
  {
    commandLine: "green deep",
    what: "nothing with the library: ortega()'s stack overflows, and go_deep() faults in its guard",
    sound: true,
    ending: both(new RegExp(`^killed: write of ${HEX}: not allowed, at ${HEX}$`)),
  },
  {
    commandLine: "green-crash",
    what: "switch_context() enters contexts by a call, whose return address is in the way of one " +
      "that goes on: Gaia's schedule() returns into Gaia's stack",
    sound: false,
    returns: "schedule",
    ending: both(new RegExp(`^killed: execute of (${HEX}): not allowed, at \\1$`)),
  },
  {
    commandLine: "green stale",
    what: "schedule() saves its context in save_deeper(), which returns and is overwritten by " +
      "wipe_below(): switched to, Gaia's save_deeper() returns once more, to 0",
    sound: false,
    returns: "save_deeper",
    ending: both(RETURN_TO_ZERO),
  },
  {
    commandLine: "green freed",
    what: "rm_unused_stack(), called by Gaia's schedule(), releases Mash's stack, which Mash is " +
      "to go on with: its schedule() finds zeros there and returns to 0",
    sound: false,
    returns: "schedule",
    ending: both(RETURN_TO_ZERO),
  },
  {
    commandLine: "green unguarded",
    what: "stacks have no guard page: go_deep(), called by Ortega, writes zeros over the lower " +
      "neighbor's frames, and Mash's schedule() returns to 0",
    sound: false,
    returns: "schedule",
    ending: both(RETURN_TO_ZERO),
  },
  {
    commandLine: "green shared",
    what: "spawn() gives Ortega the stack that Mash waits on: Ortega's frames are written over " +
      "Mash's, whose schedule() returns to what is left of a number",
    sound: false,
    returns: "schedule",
    ending: {
      x86_64: RETURN_TO_ZERO,
      aarch64: /^killed: PC alignment fault, at 0x1$/,
    },
  },
];
