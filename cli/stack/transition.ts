/**
 * `trapline stack --transition`: a call of native code, instruction by instruction.
 *
 * @module
 */
import { TRANSITION } from "../../vm/demonstration.ts";
import { recordTransition, transitionSvg, transitionText } from "../../vm/transition/mod.ts";
import { instructionLimit } from "../machine.ts";
import { wholeNumber } from "../options.ts";
import { writeText } from "../output.ts";
import { UsageError } from "../usage_error.ts";
import type { StackValues } from "./options.ts";
import { machineFor, programFor } from "./program.ts";
import { runToMethod } from "./vm_program.ts";

/** Draws the transition; returns the status to end with. */
export async function transition(
  values: StackValues,
  [name, ...more]: readonly string[],
): Promise<number> {
  if (more.length > 0) throw new UsageError(`Cannot use ${more[0]}: the VM's programs take none`);
  const program = await programFor(name, values, TRANSITION);
  const { elf, vm } = program;
  if (vm === undefined) {
    throw new UsageError(`Cannot draw a transition of ${name}: it has no program of the VM in it`);
  }
  const natives = vm.methods.filter(({ native }) => native !== undefined).map(({ name }) => name);
  const method = values.at || (natives.includes("brk") ? "brk" : natives[0] ?? "");
  if (!natives.includes(method)) {
    const there = natives.join(", ") || "none";
    throw new UsageError(
      `Cannot draw a transition by --at ${method}: expected a native function that the program ` +
        `calls: ${there}`,
    );
  }
  const times = wholeNumber("times", values.times, 1);
  using machine = machineFor(program, values, { args: [], sinks: [] });
  if (!runToMethod(machine, { elf, method, times, limit: instructionLimit(values) })) {
    const why = machine.halted ?? "that was the limit";
    console.error(`trapline: No call of ${method}, up to ${machine.now} instructions: ${why}`);
    return 1;
  }
  const recorded = await recordTransition(machine, elf);
  const options = { all: values.words };
  if (values.json) {
    const hex = (_: string, value: unknown) =>
      typeof value === "bigint" ? `0x${value.toString(16)}` : value;
    writeText(`${JSON.stringify(recorded, hex, 2)}\n`);
  } else if (values.svg === "") {
    writeText(transitionText(recorded, options));
  }
  if (values.svg !== "") Deno.writeTextFileSync(values.svg, transitionSvg(recorded, options));
  return 0;
}
