/**
 * Runs the bare-metal cases on Trapline's CPU: no kernel is there but theirs.
 *
 * @module
 */
import { aarch64, type CpuExit } from "../../../../arch/mod.ts";
import { hex } from "../../../../arch/physical_memory.ts";
import { BareMachine, describeExit } from "../../../../arch/testing/harness.ts";
import { loadSegments } from "../../../../elf/mod.ts";
import { image as code } from "../../../../guest/images/conformance_aarch64.gen.ts";
import type { Outcome } from "../differences.ts";
import { type KernelProgram, RECORD_SIZE } from "./el1_program.ts";
import { outcomeOfRecord } from "./el1_record.ts";

/** EL1h, everything masked: the state at reset. */
const PSTATE = 0x3c5n;
/** SCTLR_EL1 at reset: no translation. */
const SCTLR = 0x30d0_0800n;
/** Instructions after which a case is taken to hang; each takes some ten thousand around it. */
const PATIENCE = 1_000_000;

/** What each case has left behind, or how the run ended instead. */
export function runBare({ elf, names, label }: KernelProgram): Outcome[] {
  using machine = new BareMachine({
    arch: aarch64,
    code: code.bytes(),
    kernelState: { pstate: PSTATE },
  });
  const { cpu, memory } = machine;
  for (const segment of loadSegments(elf)) {
    memory.slice(segment.vaddr, Number(segment.memSize)).set(elf.segmentData(segment));
  }
  memory.writeU64(label("platform"), 1n);
  const goOn = (at: bigint): void => {
    cpu.setRegister("pstate", PSTATE);
    cpu.setRegister("pc", at);
  };
  cpu.onException(null); // the harness keeps what it hears of
  cpu.userFp = true;
  cpu.setRegister("sctlr_el1", SCTLR);
  cpu.flushTranslations();
  goOn(label("_start"));
  const ended = new Map<bigint, CpuExit>();
  const finished = label("finish_wait") + 4n;
  for (let last = 0n;;) {
    const exit = cpu.run(PATIENCE);
    if (exit.kind === "hypercall" && cpu.pc === finished) break;
    const record = memory.readU64(label("current") + 8n);
    if (exit.kind === "budget" && record !== last) {
      last = record;
      continue;
    }
    if (ended.has(record)) {
      const name = names[Number(record - label("records")) / RECORD_SIZE];
      throw new Error(`Cannot go on after ${name}: ${describeExit(exit)} at ${hex(cpu.pc)}`);
    }
    ended.set(record, exit);
    goOn(label("skip_case"));
  }
  return names.map((_, i) => {
    const address = label("records") + BigInt(i * RECORD_SIZE);
    const exit = ended.get(address);
    if (exit !== undefined) return { exception: `none: ${describeExit(exit)}` };
    const bytes = memory.slice(address, RECORD_SIZE);
    return outcomeOfRecord(new DataView(bytes.buffer, bytes.byteOffset, RECORD_SIZE));
  });
}
