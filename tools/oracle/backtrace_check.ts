/**
 * Backtraces of stopped processes against `eu-stack` or gdb: the process is dumped with gdb's
 * `gcore`, and both read the same core file.
 *
 * @module
 */
import { openCore } from "../../debug/core/mod.ts";
import { walkInput } from "../../debug/target/mod.ts";
import { backtrace } from "../../unwind/walk/mod.ts";
import { readStacks } from "./elfutils.ts";
import { type CheckResult, Differences, outputOf, spawnTool } from "./tool.ts";

/** One stack frame of another tool. */
interface OtherFrame {
  readonly pc: bigint;
  /** Name of the function, if the tool has one. */
  readonly name?: string | undefined;
}

/** A tool that walks stacks. */
export interface StackReader {
  /** Its name. */
  readonly name: string;
  /** Its stack frames of a core file; undefined if it is not installed. */
  read(core: string, program: string): readonly OtherFrame[] | undefined;
  /** The function behind which stack frames are not compared; by default all are. */
  readonly outermost?: string;
}

/** `eu-stack` of elfutils. */
export const EU_STACK: StackReader = {
  name: "eu-stack",
  read(core, program) {
    const text = outputOf("eu-stack", [`--core=${core}`, "-e", program, "-r"]) ??
      outputOf("eu-stack", [`--core=${core}`, "-r"]);
    if (text === undefined) return undefined;
    const [first = []] = readStacks(text).values();
    return first.map((pc) => ({ pc }));
  },
};

/** Prints program counter and name of each stack frame that is no inlined call. */
const GDB_SCRIPT = String
  .raw`python exec("frame = gdb.newest_frame()\nwhile frame:\n  if frame.type() != gdb.INLINE_FRAME: print('FRAME', hex(frame.pc()), frame.name())\n  frame = frame.older()")`;

/**
 * The GNU debugger, which knows signal trampolines and calls of address 0. It goes on by guesses
 * where a C library has no tables, so stack frames are compared up to `main`.
 */
export const GDB: StackReader = {
  name: "gdb",
  outermost: "main",
  read(core, program) {
    const text = outputOf("gdb", ["-nx", "-batch", "-ex", GDB_SCRIPT, program, core]);
    return text === undefined
      ? undefined
      : [...text.matchAll(/^FRAME (0x[0-9a-f]+) (.*)$/gm)].map(([, pc = "0", name]) => ({
        pc: BigInt(pc),
        name: name === "None" ? undefined : name,
      }));
  },
};

/**
 * Compares the backtrace of a process that is started for it; undefined if the tools are not
 * installed or may not trace.
 */
export async function checkBacktrace(
  name: string,
  command: readonly [string, ...string[]],
  reader = EU_STACK,
): Promise<CheckResult | undefined> {
  const directory = Deno.makeTempDirSync();
  const [program, ...args] = command;
  const child = spawnTool(program, args);
  if (child === undefined) return undefined;
  try {
    // It must have come to rest before it is dumped.
    await new Promise((resolve) => setTimeout(resolve, 400));
    const core = `${directory}/core`;
    if (outputOf("gcore", ["-o", core, `${child.pid}`]) === undefined) {
      return undefined;
    }
    const path = `${core}.${child.pid}`;
    const theirs = reader.read(path, command[0]);
    return theirs === undefined ? undefined : compare(name, path, { reader, theirs });
  } finally {
    child.kill("SIGKILL");
    await child.status;
    Deno.removeSync(directory, { recursive: true });
  }
}

function compare(
  name: string,
  core: string,
  other: { readonly reader: StackReader; readonly theirs: readonly OtherFrame[] },
): CheckResult {
  const { reader, theirs } = other;
  using target = openCore(core);
  const walk = backtrace(walkInput(target.process), target.process.walk);
  const differences = new Differences();
  if (walk.error !== undefined) differences.add(String(walk.error));
  let { frames } = walk;
  let count = theirs.length;
  if (reader.outermost !== undefined) {
    const last = frames.findIndex((frame) => frame.function?.name === reader.outermost);
    if (last < 0) differences.add(`${reader.outermost} is not found`);
    else frames = frames.slice(0, count = last + 1);
  }
  if (frames.length !== count) {
    differences.add(`${frames.length} frames, ${reader.name} has ${count}`);
  }
  frames.forEach((frame, i) => {
    const { pc, name: wanted } = theirs[i] ?? {};
    const found = frame.function?.name;
    if (frame.pc !== pc || wanted !== undefined && found !== undefined && found !== wanted) {
      differences.add(
        `Frame ${i}: 0x${frame.pc.toString(16)} ${found}, ${reader.name} 0x${
          pc?.toString(16)
        } ${wanted}`,
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
