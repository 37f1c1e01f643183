/**
 * `trapline stack`: pictures of stacks.
 *
 * @module
 */
import { openCore } from "../../debug/core/mod.ts";
import { DebugFiles } from "../../debug/files/mod.ts";
import { FrameReader } from "../../debug/frames/mod.ts";
import {
  pictureJson,
  pictureSvg,
  pictureText,
  type StackPicture,
  stackPicture,
} from "../../debug/stack/mod.ts";
import type { Target, TargetProcess } from "../../debug/target/mod.ts";
import { at, InstantSink, readInstant } from "../instant.ts";
import { instructionLimit, MACHINE_DEFAULTS } from "../machine.ts";
import { readOptions, wholeNumber } from "../options.ts";
import { writeAll } from "../output.ts";
import { UsageError } from "../usage_error.ts";
import { HERE } from "./demonstration.ts";
import { DEFAULTS, machineFor, programFor, type StackValues } from "./program.ts";
import { hasMethod, processOf, runToMethod, type StackProgram } from "./vm_program.ts";

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
  const picture = isTarget
    ? await ofTarget(values)
    : ofProgram(await programFor(rest[0], values), values, rest.slice(1));
  if (picture === undefined) return 1;
  const text = values.json
    ? `${JSON.stringify(pictureJson(picture), undefined, 2)}\n`
    : pictureText(picture, { all: values.words });
  if (values.svg === "" || values.json) writeAll(new TextEncoder().encode(text));
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

/** The stack of a core file's thread, or of one behind a wire. */
async function ofTarget(values: StackValues): Promise<StackPicture> {
  const { core, remote, exe, sysroot } = values;
  const files = { ...(exe === "" ? {} : { exe }), ...(sysroot === "" ? {} : { sysroot }) };
  using target = core !== ""
    ? openCore(core, files)
    : await (await import("../../gdb/remote/mod.ts")).openRemote(remote, files);
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

/** A reader of a process's stacks. */
function readerOf(process: TargetProcess, { sysroot }: StackValues): FrameReader {
  return new FrameReader(process, new DebugFiles(sysroot === "" ? {} : { sysroot }));
}

function draw(reader: FrameReader, values: StackValues): StackPicture {
  const limit = wholeNumber("frames", values.frames, 1);
  return stackPicture(reader, chosenThread(reader.process, values.thread), { limit });
}

function chosenThread({ threads, id, name }: TargetProcess, wanted: string) {
  const found = wanted === ""
    ? threads[0]
    : threads.find((thread) => thread.id === wholeNumber("thread", wanted));
  if (found !== undefined) return found;
  const there = threads.map((thread) => thread.id).join(", ") || "none";
  throw new UsageError(`Cannot draw thread ${wanted} of process ${id} (${name}): it has ${there}`);
}

/** The stack of a program that is run up to an instant; undefined if that does not come. */
function ofProgram(
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
