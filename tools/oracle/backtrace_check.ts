/**
 * Backtraces of stopped processes against `eu-stack`: the process is dumped with gdb's `gcore`, and
 * both read the same core file.
 *
 * @module
 */
import { backtrace, type CoreFile, readCore } from "../../unwind/walk/mod.ts";
import { type CheckResult, Differences, outputOf } from "./tool.ts";

/**
 * Compares the backtrace of a process that is started for it; undefined if the tools are not
 * installed or may not trace.
 */
export async function checkBacktrace(
  name: string,
  command: readonly [string, ...string[]],
): Promise<CheckResult | undefined> {
  const directory = Deno.makeTempDirSync();
  const child = spawn(command);
  if (child === undefined) return undefined;
  try {
    // It must have come to rest before it is dumped.
    await new Promise((resolve) => setTimeout(resolve, 400));
    const core = `${directory}/core`;
    if (outputOf("gcore", ["-o", core, `${child.pid}`]) === undefined) {
      return undefined;
    }
    return compare(name, `${core}.${child.pid}`, command[0]);
  } finally {
    child.kill("SIGKILL");
    await child.status;
    Deno.removeSync(directory, { recursive: true });
  }
}

function spawn(
  command: readonly [string, ...string[]],
): Deno.ChildProcess | undefined {
  const [program, ...args] = command;
  try {
    return new Deno.Command(program, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function compare(
  name: string,
  core: string,
  program: string,
): CheckResult | undefined {
  const text = outputOf("eu-stack", [`--core=${core}`, "-e", program, "-r"]) ??
    outputOf("eu-stack", [`--core=${core}`, "-r"]);
  if (text === undefined) return undefined;
  const [, first = ""] = text.split(/^TID \d+:$/m);
  const theirs = [...first.matchAll(/^#\d+ +(0x[0-9a-f]+)/gm)].map((match) => BigInt(match[1]!));
  const { frames, error } = backtrace(coreAt(core));
  const differences = new Differences();
  if (error !== undefined) differences.add(String(error));
  if (frames.length !== theirs.length) {
    differences.add(`${frames.length} frames, eu-stack has ${theirs.length}`);
  }
  frames.forEach((frame, i) => {
    if (frame.pc !== theirs[i]) {
      differences.add(
        `Frame ${i}: 0x${frame.pc.toString(16)}, eu-stack 0x${theirs[i]?.toString(16)}`,
      );
    }
  });
  const signals = frames.filter((frame) => frame.kind === "signal").length;
  return {
    name,
    figures: `${frames.length} frames, ${signals} of signals`,
    differences: differences.texts,
  };
}

/** A core file of this machine, with the files it names. */
function coreAt(path: string): CoreFile {
  return readCore(Deno.readFileSync(path), {
    name: path,
    file(name) {
      try {
        return Deno.readFileSync(name);
      } catch {
        return undefined;
      }
    },
  });
}
