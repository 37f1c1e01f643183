/**
 * One case of a conformance table: to the instruction, into the vectors, and back with every
 * register as it was.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { hex } from "../physical_memory.ts";
import type { BareMachine, Mode, Registers, Trap } from "./harness.ts";

/** A case. */
export interface RoundTripCase {
  /** Privilege the instruction runs at. */
  readonly mode: Mode;
  /** Label the test code starts at. */
  readonly label: string;
  /** Label or address of the instruction that traps; by default the case's label with `_at`. */
  readonly at?: string | bigint;
  /**
   * Label or address where single steps end and registers are looked at; by default the instruction
   * that traps. An instruction that cannot be fetched traps together with the jump to it: there it
   * is the jump.
   */
  readonly stop?: string | bigint;
  /**
   * Label or address to go on at; by default the case's label with `_next`. From there the code
   * ends with a breakpoint instruction.
   */
  readonly next?: string | bigint;
  /** Starting registers that are not to have their distinct values. */
  readonly registers?: Registers;
  /** Starting stack pointer. */
  readonly sp?: bigint;
  /** Where the frame of a kernel mode start lies; by default just below its stack pointer. */
  readonly frame?: bigint;
  /** Flags register, and the bits of it that need not come back. */
  readonly flags: { readonly name: string; readonly ignore: bigint };
  /**
   * Floating-point state of the test code, as the thread object holds it; by default what a new
   * thread has.
   */
  readonly fp?: Uint8Array;
  /**
   * Whether the code changes the floating-point state before it traps; then it is checked from the
   * trap on.
   */
  readonly changesFp?: boolean;
  /** Called before the code starts. */
  readonly prepare?: (machine: BareMachine) => void;
  /**
   * Called in the trap. Answers where to go on: `retry` the instruction, whose cause it has
   * removed, or `skip` it. By default it is skipped.
   */
  readonly handle?: (machine: BareMachine, trap: Trap) => "retry" | "skip";
}

/** What was seen. */
export interface RoundTripResult {
  /** Registers before the instruction. */
  readonly before: Registers;
  /** The trap. */
  readonly trap: Trap;
}

/**
 * Takes a case there and back, once instruction by instruction and once in one run, and checks that
 * both saved the same frame, that every register came back, and that the floating-point state did.
 *
 * @param make makes a machine; the returned trap belongs to the last one made
 * @param check looks at each trap while its machine is alive
 */
export function roundTrip(
  make: () => BareMachine,
  options: RoundTripCase,
  check: (machine: BareMachine, result: RoundTripResult) => void,
): void {
  const stepped = once(make, options, { stepped: true, check });
  const whole = once(make, options, { stepped: false, check, before: stepped.before });
  assertEquals(whole.saved, stepped.saved, "a whole run saves the same frame as single steps");
}

interface Once {
  readonly before: Registers;
  /** Bytes of the frame. */
  readonly saved: Uint8Array;
}

function once(
  make: () => BareMachine,
  options: RoundTripCase,
  run: {
    stepped: boolean;
    check: (machine: BareMachine, result: RoundTripResult) => void;
    before?: Registers;
  },
): Once {
  using machine = make();
  const { mode, label, registers, sp, flags } = options;
  const { at = `${label}_at`, next = `${label}_next`, stop = at } = options;
  const place = (where: string | bigint) =>
    typeof where === "bigint" ? where : machine.label(mode, where);
  if (options.fp) machine.loadFp(options.fp);
  let fp = machine.saveFp();
  options.prepare?.(machine);
  machine.start({
    mode,
    pc: machine.label(mode, label),
    ...(registers ? { registers } : {}),
    ...(sp === undefined ? {} : { sp }),
    ...(options.frame === undefined ? {} : { frame: options.frame }),
  });
  if (run.stepped) machine.runTo(place(stop));
  const before = run.before ?? machine.registers();
  const trap = machine.runToTrap();
  const saved = savedFrame(machine, trap);
  run.check(machine, { before, trap });
  const then = options.handle?.(machine, trap) ?? "skip";
  if (options.changesFp) fp = machine.saveFp();
  assertEquals(machine.saveFp(), fp, "floating-point state in the trap");
  const target = place(then === "retry" ? at : next);
  machine.leave(trap, { pc: target });
  assertSameRegisters(machine.registers(), { before, flags, pc: target });
  const last = machine.runToTrap();
  assertEquals(last.delivered.length, 1, "only the closing breakpoint traps after the return");
  assertEquals(machine.saveFp(), fp, "floating-point state after the return");
  return { before, saved };
}

function savedFrame(machine: BareMachine, trap: Trap): Uint8Array {
  const { memory, space, arch } = machine;
  const size = arch.image.constant("FRAME_SIZE");
  return memory.slice(space.physical(trap.frame.address), size).slice();
}

/**
 * Checks that registers are as they were, but for the program counter and the ignored bits of the
 * flags.
 */
export function assertSameRegisters(
  now: Registers,
  options: { before: Registers; flags: RoundTripCase["flags"]; pc: bigint },
): void {
  const { before, flags, pc } = options;
  const wanted: Record<string, bigint> = { ...before };
  if ("rip" in wanted) wanted.rip = pc;
  if ("pc" in wanted) wanted.pc = pc;
  const show = (registers: Registers) =>
    Object.fromEntries(
      Object.entries(registers).map(([name, value]) => [
        name,
        hex(name === flags.name ? value & ~flags.ignore : value),
      ]),
    );
  assertEquals(show(now), show(wanted), "registers after the return");
}
