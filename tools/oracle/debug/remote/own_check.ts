/**
 * The stack frames of all threads of a machine that waits for debuggers, tasks and kernel, read
 * through its port, beside those of gdb at the same port.
 *
 * @module
 */
import type { ArchName } from "../../../../arch/arch.ts";
import { archByName } from "../../../../arch/mod.ts";
import { parseElf } from "../../../../elf/mod.ts";
import { type CheckResult, Differences } from "../../tool.ts";
import {
  countsText,
  FrameComparison,
  type FrameCounts,
  noFrames,
} from "../dead/frame_comparison.ts";
import { type GdbFrame, type GdbThreads, readThere } from "../dead/gdb_frames.ts";
import { PageFolder } from "../page/ledger.ts";
import { readTarget, Stub } from "../../../../gdb/remote/mod.ts";
import { serveGdb } from "../../../../gdb/server/mod.ts";
import { Machine } from "../../../../kernel/machine.ts";
import { framesOf, type OwnThread } from "./own_threads.ts";

/** Milliseconds that the machine may take to where it is to stop. */
const PATIENCE = 20_000;

/**
 * Where the machine is stopped: in a program, and in the kernel on its way from one thread to
 * another.
 */
const PLACES: Readonly<Record<string, { readonly file: string; readonly symbol: string }>> = {
  "in a program": { file: "program", symbol: "note" },
  "between two threads": { file: "kernel", symbol: "switch_context" },
};

/** Compares; undefined if there is no gdb. */
export async function checkOwn(
  { arch, directory }: { readonly arch: ArchName; readonly directory: string },
): Promise<CheckResult | undefined> {
  const folder = new PageFolder(directory, arch);
  await folder.build();
  const program = Deno.readFileSync(`${folder.directory}/ledger.elf`);
  const differences = new Differences();
  const count = noFrames();
  let threads = 0;
  for (const [where, { file, symbol }] of Object.entries(PLACES)) {
    const { image } = archByName(arch);
    const bytes = file === "kernel" ? image.bytes : program;
    const address = parseElf(bytes).symbolNamed(symbol)?.value ?? 0n;
    const modules = [{ commandLine: "ledger", bytes: program }];
    using machine = new Machine({ arch: archByName(arch), modules });
    await using server = serveGdb(machine, { detached: "wait" });
    const remote = `${server.address.hostname}:${server.address.port}`;
    const ours = await framesThere(remote, { arch, address });
    const theirs = await whenFree(() => readThere({ remote }, directory));
    if (theirs === undefined) return undefined;
    threads += ours.length;
    const tell = (text: string) => differences.add(`${where}: ${text}`);
    if ("error" in theirs) tell(theirs.error);
    else compareThreads(ours, theirs.threads, { count, tell });
  }
  return {
    name: `of a machine ${arch}`,
    figures: `${threads} threads, ${countsText(count)}`,
    differences: differences.texts,
  };
}

function compareThreads(
  ours: readonly OwnThread[],
  theirs: readonly { readonly id: number; readonly frames: readonly GdbFrame[] }[],
  { count, tell }: { readonly count: FrameCounts; readonly tell: (text: string) => void },
): void {
  const ids = (all: readonly { readonly id: number }[]) => all.map(({ id }) => id).join();
  if (ids(ours) !== ids(theirs)) tell(`threads ${ids(ours)}, gdb has ${ids(theirs)}`);
  for (const { id, frames } of ours) {
    // What a thread begins with returns to address 0, which gdb has a frame of.
    const all = theirs.find((each) => each.id === id)?.frames.filter(({ pc }) => pc !== "0") ?? [];
    // Of a program on the CPU the kernel's process has no tables: what is outside is guessed.
    const isGuess = frames[0]?.module === undefined;
    const most = isGuess ? 1 : Infinity;
    new FrameComparison(count).compare(frames.slice(0, most), all.slice(0, most), (text) => {
      tell(`thread ${id}: ${text}`);
    });
  }
}

/** The frames of all threads when the CPU comes to an address. */
async function framesThere(
  remote: string,
  { arch, address }: { readonly arch: ArchName; readonly address: bigint },
): Promise<OwnThread[]> {
  using stub = await Stub.connect(remote);
  const [cpu] = await stub.threads();
  await stub.insert(cpu!, { kind: "software", address, size: arch === "x86_64" ? 1 : 4 });
  await stub.resume("vCont;c", PATIENCE);
  const target = await readTarget(stub);
  const all: OwnThread[] = [];
  for (const process of target.processes) all.push(...await framesOf(target, process));
  return all.sort((a, b) => a.id - b.id);
}

/** What gdb reads as soon as the debugger before it is gone. */
async function whenFree(read: () => Promise<GdbThreads | undefined>) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  return await read();
}
