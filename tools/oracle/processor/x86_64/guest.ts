/**
 * Cases under Trapline: on a bare machine at CPL 3, exceptions delivered through the guest kernel's
 * own vectors.
 *
 * @module
 */

import { type BareMachine, describeExit } from "../../../../arch/testing/harness.ts";
import { makeMachine } from "../../../../arch/x86_64/testing/conformance.ts";
import { type Case, type Cases, fpImage } from "./cases.ts";
import { PAGE, Protection, type Region } from "./layout.ts";
import { type Ended, REGISTERS } from "./outcome.ts";

/** A region that cases may write, as the guest's RAM. */
interface Writable {
  readonly address: number;
  readonly now: DataView;
  readonly then: DataView;
}

/** Most changed bytes that are listed. */
const CHANGES = 64;
const BUDGET = 10_000;

/** One machine that runs cases. */
export class GuestProcessor implements Disposable {
  readonly #regions: readonly Region[];
  #machine: BareMachine;
  #writable: Writable[] = [];

  /** Maps the regions. */
  constructor({ regions }: Pick<Cases, "regions">) {
    this.#regions = regions;
    this.#machine = this.#open();
  }

  /** Frees the engine. */
  [Symbol.dispose](): void {
    this.#machine[Symbol.dispose]();
  }

  /** Runs a case; a text says why it did not come to an exception. */
  run(each: Case): Ended | string {
    const machine = this.#machine;
    machine.loadFp(fpImage(each));
    const registers: Record<string, bigint> = { rflags: each.rflags };
    each.registers.forEach((value, i) => registers[REGISTERS[i]!] = value);
    machine.start({ mode: "user", pc: each.rip, sp: registers["rsp"]!, registers });
    const exit = machine.run(BUDGET);
    if (exit.kind !== "hypercall") {
      this.#machine[Symbol.dispose]();
      this.#machine = this.#open();
      return describeExit(exit);
    }
    const frame = machine.arch.trapFrame(machine.space, machine.cpu.hypercallWord(0), machine);
    const { changes, changeCount } = this.#changes();
    return {
      vector: Number(frame.register("vector")),
      error: Number(frame.register("error")),
      cr2: machine.delivered.at(-1)?.registers["cr2"] ?? 0n,
      rip: frame.pc,
      rflags: frame.register("rflags"),
      registers: REGISTERS.map((name) => frame.register(name)),
      fp: machine.saveFp(),
      changes,
      changeCount,
    };
  }

  #open(): BareMachine {
    const machine = makeMachine();
    this.#writable = [];
    for (const { address, protection, bytes } of this.#regions) {
      const rights = {
        write: (protection & Protection.WRITE) !== 0,
        execute: (protection & Protection.EXECUTE) !== 0,
      };
      for (let at = 0; at < bytes.length; at += PAGE) {
        const page = machine.memory.slice(machine.mapUser(BigInt(address + at), rights), PAGE);
        page.set(bytes.subarray(at, at + PAGE));
        if (!rights.write) continue;
        const then = new DataView(bytes.buffer, bytes.byteOffset + at, PAGE);
        const now = new DataView(page.buffer, page.byteOffset, PAGE);
        this.#writable.push({ address: address + at, now, then });
      }
    }
    return machine;
  }

  /** What a case has written, which is made good. */
  #changes(): Pick<Ended, "changes" | "changeCount"> {
    const changes: [bigint, number][] = [];
    let changeCount = 0;
    for (const { address, now, then } of this.#writable) {
      for (let at = 0; at < PAGE; at += 4) {
        if (now.getUint32(at) === then.getUint32(at)) continue;
        for (let byte = at; byte < at + 4; byte++) {
          const value = now.getUint8(byte);
          if (value === then.getUint8(byte)) continue;
          changeCount++;
          if (changes.length < CHANGES) changes.push([BigInt(address + byte), value]);
        }
        now.setUint32(at, then.getUint32(at));
      }
    }
    return { changes, changeCount };
  }
}
