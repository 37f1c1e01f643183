/**
 * Steps a static program of AArch64 Linux under `qemu-aarch64`, between two calls of its function
 * `mark`.
 *
 * @module
 */
import { type ElfFile, parseElf } from "../../elf/mod.ts";
import { type MemoryWindow, moduleFromElf, ModuleList } from "../../unwind/walk/mod.ts";
import { GdbRemote } from "./gdb_remote.ts";
import type { StepRecord, StepTrace } from "./step_records.ts";
import { spawnTool } from "./tool.ts";

const LINK = 30;
const SP = 31;
const PC = 32;

/** Bytes of the stack above the first stack pointer that are kept too. */
const ABOVE = 1024n;

/** More instructions than the program has. */
const LIMIT = 200_000;

/** SIGTRAP, which ends a step, as the protocol writes it. */
const STEPPED = "05";

/** A trace of a program; undefined if there is no QEMU for user programs. */
export async function stepUnderQemu(path: string): Promise<StepTrace | undefined> {
  const file = parseElf(Deno.readFileSync(path), { name: path });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const child = spawnTool("qemu-aarch64", ["-g", `${port}`, path]);
  if (child === undefined) return undefined;
  try {
    using remote = await connect(port);
    const { records, memory } = await step(remote, file);
    const modules = new ModuleList([moduleFromElf(file)]);
    return { machine: "aarch64", modules, memory, records };
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await child.status;
  }
}

/** Connects as soon as the stub listens. */
async function connect(port: number): Promise<GdbRemote> {
  for (let attempt = 0;; attempt++) {
    try {
      return await GdbRemote.connect(port);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused) || attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Lets the program run to an address. */
async function runTo(remote: GdbRemote, address: bigint): Promise<void> {
  const point = `0,${address.toString(16)},4`;
  await remote.ask(`Z${point}`);
  await remote.ask("c");
  await remote.ask(`z${point}`);
}

async function step(
  remote: GdbRemote,
  file: ElfFile,
): Promise<{ records: StepRecord[]; memory: MemoryWindow[] }> {
  const mark = file.symbolNamed("mark")?.value ?? 0n;
  await runTo(remote, mark);
  // The function that called it is where the calls begin.
  const [link = 0n] = (await remote.words("g", 33)).slice(LINK);
  await runTo(remote, link);
  const records: StepRecord[] = [];
  const memory: MemoryWindow[] = [];
  let top: bigint | undefined;
  let signaled = false;
  while (records.length < LIMIT) {
    const registers = await remote.words("g", 33);
    const pc = registers[PC]!;
    const sp = registers[SP]!;
    if (signaled) {
      // What the handler returns through is in no file.
      const start = registers[LINK]! & ~63n;
      const isKnown = memory.some((window) => window.start === start);
      if (!isKnown) memory.push({ start, bytes: await remote.memory(start, 128) });
    }
    top ??= sp + ABOVE;
    records.push({
      signaled,
      registers,
      code: await remote.memory(pc, 8),
      stack: { start: sp, bytes: await remote.memory(sp, Number(top - sp)) },
    });
    if (pc === mark) break;
    signaled = false;
    // A signal that stops the program is delivered with the next step.
    let stop = await remote.ask("vCont;s");
    while (stop.startsWith("T") && stop.slice(1, 3) !== STEPPED) {
      signaled = true;
      stop = await remote.ask(`vCont;S${stop.slice(1, 3)}`);
    }
    if (!stop.startsWith("T")) break;
  }
  return { records, memory };
}
