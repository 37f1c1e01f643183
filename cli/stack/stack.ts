/**
 * `trapline stack`: pictures of stacks.
 *
 * @module
 */
import { pictureJson, pictureSvg, pictureText, type StackPicture } from "../../debug/stack/mod.ts";
import type { Target, TargetProcess } from "../../debug/target/mod.ts";
import { MACHINE_DEFAULTS } from "../machine_defaults.ts";
import { readOptions, wholeNumber } from "../options.ts";
import { writeText } from "../output.ts";
import { openTarget, readerOf } from "../target.ts";
import { UsageError } from "../usage_error.ts";
import { draw } from "./draw.ts";
import { DEFAULTS, type StackValues } from "./options.ts";

/** Options that say what a machine does, and those of programs that others run. */
const OF_MACHINES = ["arch", "at", "times", "abi", ...Object.keys(MACHINE_DEFAULTS)] as const;
const OF_TARGETS = ["exe", "sysroot", "process"] as const;

/** Runs the command; returns the status to end with: 1 if there is no stack, or it is cut. */
export async function stack(args: readonly string[]): Promise<number> {
  const { values, rest } = readOptions("stack", args, DEFAULTS);
  const isTarget = values.core !== "" || values.remote !== "";
  refuseOthers(values, isTarget);
  if (isTarget && rest.length > 0) {
    throw new UsageError(`Cannot use ${rest[0]}: --core and --remote have a program of their own`);
  }
  if (values.transition) {
    const { transition } = await import("./transition.ts");
    return await transition(values, rest);
  }
  const picture = isTarget ? await ofTarget(values) : await ofProgram(values, rest);
  if (picture === undefined) return 1;
  const text = values.json
    ? `${JSON.stringify(pictureJson(picture), undefined, 2)}\n`
    : pictureText(picture, { all: values.words });
  if (values.svg === "" || values.json) writeText(text);
  if (values.svg !== "") Deno.writeTextFileSync(values.svg, pictureSvg(picture));
  if (picture.error !== undefined) console.error(`trapline: ${picture.error}`);
  return picture.error === undefined ? 0 : 1;
}

/** Refuses options that would have no effect. */
function refuseOthers(values: StackValues, isTarget: boolean): void {
  const given: Readonly<Record<string, unknown>> = values;
  const defaults: Readonly<Record<string, unknown>> = DEFAULTS;
  if (values.core !== "" && values.remote !== "") {
    throw new UsageError("Cannot read both --core and --remote: expected one of them");
  }
  const others = isTarget ? [...OF_MACHINES, "transition"] : OF_TARGETS;
  const wrong = others.find((name) => given[name] !== defaults[name]);
  if (wrong === undefined) return;
  throw new UsageError(
    isTarget
      ? `Cannot use --${wrong} with --core or --remote: it is for programs that are run here`
      : `Cannot use --${wrong}: it is for --core and --remote`,
  );
}

/** The stack of a program that is run here, which alone needs the machine and the VM. */
async function ofProgram(
  values: StackValues,
  [name, ...args]: readonly string[],
): Promise<StackPicture | undefined> {
  const { programFor } = await import("./program.ts");
  const { pictureOf } = await import("./run.ts");
  return pictureOf(await programFor(name, values), values, args);
}

/** The stack of a core file's thread, or of one behind a wire. */
async function ofTarget(values: StackValues): Promise<StackPicture> {
  using target = await openTarget(values);
  for (const { message } of target.problems) console.error(`trapline: ${message}`);
  const reader = readerOf(chosenProcess(target, values.process), values);
  await reader.prepare();
  const picture = await target.settle(() => draw(reader, values));
  for (const { message } of reader.problems) console.error(`trapline: ${message}`);
  if (!picture.frames.some(({ kind }) => kind !== "native")) {
    console.error("trapline: No code map is published there: all frames are of native code");
  }
  return picture;
}

function chosenProcess({ processes, name }: Target, wanted: string): TargetProcess {
  const found = wanted === ""
    ? processes.find(({ threads }) => threads.length > 0)
    : processes.find(({ id }) => id === wholeNumber("process", wanted));
  if (found !== undefined) return found;
  const there = processes.map(({ id, name }) => `${id} (${name})`).join(", ") || "none";
  throw new UsageError(
    `Cannot draw process ${wanted} of ${name}: expected one that has a thread, of ${there}`,
  );
}
