/**
 * Switches between stacks: those of coroutines, inline, as functions, and with all that the runtime
 * checks.
 *
 * @module
 */
import { image as aarch64 } from "../../guest/images/switches_aarch64.gen.ts";
import { image as x86_64 } from "../../guest/images/switches_x86_64.gen.ts";
import type { Arch } from "../../arch/arch.ts";
import type { Path } from "../paths/path.ts";
import { underDoctor } from "./doctor.ts";
import { type SwitchLoop, switchPath } from "./switch_path.ts";

const IMAGES = { aarch64, x86_64 };

/** Our switches by functions. */
export const OUR_FUNCTIONS = {
  loop: "pair_function",
  functions: ["coro_switch_and_link", "coro_switch_yield"],
} as const;

/** Our loops. */
export const SWITCH_LOOPS: readonly SwitchLoop[] = [
  {
    name: "switch pair, inline",
    round: "to a coroutine and back by the switches of coro_inline.h, no floating-point control",
    loop: "pair_inline",
  },
  {
    name: "switch pair, function",
    round: "the same by the functions of coro.h, which keep floating-point control",
    ...OUR_FUNCTIONS,
  },
  {
    name: "resume and yield",
    round: "the same by coro_resume and coro_yield, with all that they check",
    loop: "pair_checked",
  },
  {
    name: "spawn and drop, inline",
    round: "coro_init_stack_inline, to it, and back for the last time, inline",
    loop: "spawn_inline",
  },
  {
    name: "spawn and drop",
    round: "coro_create, coro_resume of a body that returns at once, coro_drop",
    loop: "spawn_checked",
  },
  {
    name: "switch pair, doctor",
    round: "the pair inline, and the stack doctor looks on",
    loop: "pair_inline",
    observe: underDoctor,
  },
  {
    name: "resume and yield, doctor",
    round: "the same of the checked pair",
    loop: "pair_checked",
    observe: underDoctor,
  },
  {
    name: "spawn and drop, doctor",
    round: "the same of a stack's whole life, inline",
    loop: "spawn_inline",
    observe: underDoctor,
  },
];

/** The paths of `deno task bench`. */
export const SWITCH_PATHS: readonly Path[] = SWITCH_LOOPS.map((loop) =>
  switchPath(loop, switchProgram)
);

/** The program of our loops. */
export function switchProgram({ name }: Arch): Uint8Array<ArrayBuffer> {
  return IMAGES[name].bytes();
}
