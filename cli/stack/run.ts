/**
 * Runs a program up to an instant, and draws its stack.
 *
 * @module
 */
import type { StackPicture } from "../../debug/stack/mod.ts";
import { HERE } from "../../vm/demonstration.ts";
import { at, InstantSink, readInstant } from "../instant.ts";
import { instructionLimit } from "../machine.ts";
import { wholeNumber } from "../options.ts";
import { readerOf } from "../target.ts";
import { UsageError } from "../usage_error.ts";
import { draw } from "./draw.ts";
import type { StackValues } from "./options.ts";
import { machineFor } from "./program.ts";
import { hasMethod, processOf, runToMethod, type StackProgram } from "./vm_program.ts";

/** The stack of a program that is run up to an instant; undefined if that does not come. */
export function pictureOf(
  program: StackProgram,
  values: StackValues,
  args: readonly string[],
): StackPicture | undefined {
  const { elf, arch, vm } = program;
  if (vm !== undefined && args.length > 0) {
    throw new UsageError(`Cannot use ${args[0]}: programs of the VM take no arguments`);
  }
  const when = values.at || (vm === undefined ? "crash" : HERE);
  if (values.at === "" && vm !== undefined && !hasMethod(vm, "brk")) {
    throw new UsageError("Cannot stop the program: expected --at, or a call of brk in it");
  }
  const times = wholeNumber("times", values.times, 1);
  const limit = instructionLimit(values);
  const sink = new InstantSink();
  const isMethod = vm !== undefined && hasMethod(vm, when);
  const also = vm === undefined ? "" : "a method of the program, ";
  const instant = isMethod
    ? undefined
    : readInstant(when, { program: elf, arch, option: "at", also });
  using machine = machineFor(program, values, { args, sinks: [sink] });
  // At once: an event is told in the midst of what the kernel does.
  const take = () => {
    const process = processOf(machine);
    return process === undefined ? undefined : draw(readerOf(process, values), values);
  };
  const taken = instant === undefined
    ? runToMethod(machine, { elf, method: when, times, limit }) ? take() : undefined
    : at(machine, { instant, sink, times, limit }, take);
  if (taken !== undefined) return taken;
  const why = machine.halted ?? "that was the limit";
  console.error(`trapline: No ${when}, up to ${machine.now} instructions: ${why}`);
  return undefined;
}
