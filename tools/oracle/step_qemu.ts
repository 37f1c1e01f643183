/**
 * Steps a static program of AArch64 Linux under `qemu-aarch64`, between two calls of its function
 * `mark`.
 *
 * @module
 */
import { type ElfFile, parseElf } from "../../elf/mod.ts";
import { type MemoryWindow, moduleFromElf, ModuleList } from "../../unwind/walk/mod.ts";
import { fromHex, type ThreadId } from "../../gdb/protocol/mod.ts";
import type { Stub } from "../../gdb/remote/mod.ts";
import { connectStub, withStub } from "./debug/remote/stub_process.ts";
import type { StepRecord, StepTrace } from "./step_records.ts";

const LINK = 30;
const SP = 31;
const PC = 32;

/** Bytes of the stack above the first stack pointer that are kept too. */
const ABOVE = 1024n;

/** More instructions than the program has. */
const LIMIT = 200_000;

/** SIGTRAP, which ends a step. */
const STEPPED = 5;

/** Milliseconds that the program may take to where it is to stop. */
const PATIENCE = 10_000;

/** A trace of a program; undefined if there is no QEMU for user programs. */
export async function stepUnderQemu(path: string): Promise<StepTrace | undefined> {
  const file = parseElf(Deno.readFileSync(path), { name: path });
  return await withStub((port) => ["qemu-aarch64", "-g", `${port}`, path], async ({ address }) => {
    using stub = await connectStub(address);
    const { records, memory } = await new Stepper(stub).step(file);
    const modules = new ModuleList([moduleFromElf(file)]);
    return { machine: "aarch64", modules, memory, records };
  });
}

/** The one thread of a program. */
class Stepper {
  readonly #stub: Stub;
  readonly #thread: ThreadId;

  constructor(stub: Stub) {
    const { stop } = stub;
    if (stop.kind !== "stopped" || stop.thread === undefined) throw new Error("No thread");
    this.#stub = stub;
    this.#thread = stop.thread;
  }

  async step(file: ElfFile): Promise<{ records: StepRecord[]; memory: MemoryWindow[] }> {
    const mark = file.symbolNamed("mark")?.value ?? 0n;
    await this.#runTo(mark);
    // The function that called it is where the calls begin.
    await this.#runTo((await this.#registers())[LINK]!);
    const records: StepRecord[] = [];
    const memory: MemoryWindow[] = [];
    let top: bigint | undefined;
    let signaled = false;
    while (records.length < LIMIT) {
      const registers = await this.#registers();
      const pc = registers[PC]!;
      const sp = registers[SP]!;
      if (signaled) {
        // What the handler returns through is in no file.
        const start = registers[LINK]! & ~63n;
        const isKnown = memory.some((window) => window.start === start);
        if (!isKnown) memory.push({ start, bytes: await this.#memory(start, 128) });
      }
      top ??= sp + ABOVE;
      records.push({
        signaled,
        registers,
        code: await this.#memory(pc, 8),
        stack: { start: sp, bytes: await this.#memory(sp, Number(top - sp)) },
      });
      if (pc === mark) break;
      signaled = false;
      // A signal that stops the program is delivered with the next step.
      let stop = await this.#stub.resume("vCont;s", PATIENCE);
      while (stop.kind === "stopped" && stop.signal !== STEPPED) {
        signaled = true;
        const signal = stop.signal.toString(16).padStart(2, "0");
        stop = await this.#stub.resume(`vCont;S${signal}`, PATIENCE);
      }
      if (stop.kind !== "stopped") break;
    }
    return { records, memory };
  }

  /** Lets the program run to an address. */
  async #runTo(address: bigint): Promise<void> {
    const place = { kind: "software", address, size: 4 } as const;
    await this.#stub.insert(this.#thread, place);
    await this.#stub.resume("c", PATIENCE);
    await this.#stub.remove(this.#thread, place);
  }

  /** x0 to x30, stack pointer and program counter. */
  async #registers(): Promise<bigint[]> {
    const bytes = fromHex((await this.#stub.registers(this.#thread)).slice(0, 16 * (PC + 1)));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: PC + 1 }, (_, i) => view.getBigUint64(8 * i, true));
  }

  /** Memory of the program; shorter, or empty, if it cannot all be read. */
  async #memory(address: bigint, size: number): Promise<Uint8Array> {
    return await this.#stub.memory(this.#thread, address, size) ?? new Uint8Array();
  }
}
