/**
 * The harness under Trapline and under Bochs.
 *
 * @module
 */

import { KernelSpace, PhysicalMemory, x86_64 } from "../../../../../arch/mod.ts";
import {
  type BareEnded,
  type BareMemory,
  buildRom,
  CASES,
  HARNESS,
  readResults,
  RESULTS,
  resultsSize,
} from "./image.ts";

const RAM = 0x100_0000;
/** Page frames for what a kernel space makes for itself, out of the harness's way. */
const FRAMES = 0xe0_0000n;
/** The harness needs about 30 million instructions. */
const BUDGET = 1_000_000;
const PARTS = 200;
/** Bytes of a cylinder of the disk. */
const CYLINDER = 16 * 63 * 512;
/** Milliseconds for a run of Bochs. */
const LIMIT = 60_000;

/** Runs the harness under Trapline. A text says why the run has broken off, if it has. */
export function runTrapline({ entry, bytes, count }: BareMemory): {
  ended: BareEnded[];
  broken?: string;
} {
  const memory = new PhysicalMemory(0n, RAM);
  let next = FRAMES;
  const frames = { allocate: () => (next += 0x1000n) - 0x1000n, free: () => {} };
  const space = new KernelSpace(memory, {
    frames,
    format: x86_64.entryFormat,
    image: x86_64.image,
    directMap: x86_64.directMap,
    stackRegion: x86_64.stackRegion,
  });
  memory.bytes.fill(0, HARNESS, RESULTS + resultsSize(count));
  memory.bytes.set(bytes, HARNESS);
  using cpu = x86_64.openCpu(space);
  cpu.pc = BigInt(entry);
  const results = () =>
    readResults(memory.bytes.subarray(RESULTS, RESULTS + resultsSize(count)), count);
  for (let part = 0; part < PARTS; part++) {
    const exit = cpu.run(BUDGET);
    if (exit.kind === "hypercall") return { ended: results() };
    if (exit.kind === "budget") continue;
    const broken = exit.kind === "shutdown" ? exit.reason : exit.kind;
    return { ended: results(), broken: `${broken} at 0x${cpu.pc.toString(16)}` };
  }
  return { ended: results(), broken: `no end at 0x${cpu.pc.toString(16)}` };
}

/**
 * Runs the harness under Bochs.
 *
 * @throws {Error} When it has not come to its end.
 */
export async function runBochs(memory: BareMemory, directory: string): Promise<BareEnded[]> {
  const path = (name: string) => `${directory}/${name}`;
  const cylinders = Math.ceil(memory.bytes.length / CYLINDER);
  const disk = new Uint8Array(cylinders * CYLINDER);
  disk.set(memory.bytes);
  disk[CASES - HARNESS] = 1; // to be printed
  Deno.writeFileSync(path("disk"), disk);
  Deno.writeFileSync(path("rom.bin"), buildRom(memory, directory));
  Deno.writeTextFileSync(path("commands"), "c\n");
  // The model nearest to the engine's: both are of AMD's family 21.
  Deno.writeTextFileSync(
    path("bochsrc"),
    [
      "display_library: term",
      "cpu: model=trinity_apu, count=1, ips=200000000, reset_on_triple_fault=0, ignore_bad_msrs=0",
      "megs: 32",
      `romimage: file=${path("rom.bin")}, address=0xffff0000`,
      `ata0-master: type=disk, path=${path("disk")}, mode=flat, cylinders=${cylinders}, ` +
      "heads=16, spt=63",
      `parport1: enabled=1, file=${path("printed")}`,
      `log: ${path("log")}`,
      "clock: sync=none",
      "panic: action=fatal",
      "error: action=ignore",
      "info: action=ignore",
      "debug: action=ignore",
      "",
    ].join("\n"),
  );
  const command = new Deno.Command("bochs", {
    args: ["-q", "-f", path("bochsrc"), "-rc", path("commands")],
    env: { TERM: "linux" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(LIMIT),
  });
  await command.output();
  const ended = readResults(Deno.readFileSync(path("printed")), memory.count);
  if (ended.length < memory.count) {
    const last = Deno.readTextFileSync(path("log")).trimEnd().split("\n").slice(-40);
    const panic = last.find((line) => line.includes("PANIC")) ?? last.at(-1);
    throw new Error(
      `Cannot run the cases under Bochs: ${ended.length} of ${memory.count}, ${panic}`,
    );
  }
  return ended;
}
