/**
 * Memory as a process sees it: a task's own, the kernel's.
 *
 * @module
 */

import { ADDRESSES, UPPER_HALF } from "../../../arch/page_tables.ts";
import { hex } from "../../../arch/physical_memory.ts";
import { KernelError } from "../../../kernel/errors.ts";
import { type Piece, pieces } from "../../../kernel/inspect/memory.ts";
import { pageFloor } from "../../../kernel/vm/vm_map.ts";
import type { History } from "../../../history/mod.ts";
import { ERRNO, GdbServerError } from "../errors.ts";
import { KERNEL_PROCESS } from "../names.ts";

/** The memory of the processes of a machine. */
export class ProcessMemory {
  readonly #history: History;

  /** That of the machine of a history. */
  constructor(history: History) {
    this.#history = history;
  }

  /**
   * Reads as much of a range as there is from its first byte on.
   * @throws {GdbServerError} if not even that is there
   */
  read(process: number, address: bigint, size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (const piece of piecesOf(address, size)) {
      const part = this.#read(process, piece);
      if (part === undefined) {
        if (piece.at === 0) throw notMapped(address);
        return bytes.subarray(0, piece.at);
      }
      bytes.set(part, piece.at);
    }
    return bytes;
  }

  /**
   * Writes a range, all of it or nothing.
   * @throws {GdbServerError} if a part of it is not there
   * @throws {KernelError} if it cannot be written
   */
  write(process: number, address: bigint, bytes: Uint8Array): void {
    const history = this.#history;
    const all = [...piecesOf(address, bytes.length)];
    for (const piece of all) {
      if (this.#read(process, { ...piece, size: 1 }) === undefined) throw notMapped(piece.address);
    }
    if (process !== KERNEL_PROCESS || address >= UPPER_HALF) {
      history.writeMemory(address, bytes, { task: this.#reader(process) });
      return;
    }
    // Where the CPU would write: there may be no task yet whose address it is.
    const { cpu, kernel } = history.machine;
    for (const { address: from, at, size } of all) {
      const physical = cpu.translate(from) as bigint;
      kernel.memory.write(physical, bytes.subarray(at, at + size));
      kernel.dropCode(pageFloor(physical));
    }
    history.changed();
  }

  #read(process: number, { address, size }: Piece): Uint8Array | undefined {
    const { machine } = this.#history;
    const { kernel, cpu } = machine;
    const isKernel = process === KERNEL_PROCESS;
    const task = isKernel ? undefined : kernel.tasks[process];
    if (!isKernel) {
      if (task === undefined || task.reaped) return undefined;
      // A task has its own half, one of the kernel's mode the kernel's.
      if (!task.kernelMode && address >= UPPER_HALF) return undefined;
    } else if (address < UPPER_HALF) {
      const physical = cpu.translate(address);
      return physical !== undefined && kernel.memory.contains(physical, size)
        ? kernel.memory.slice(physical, size)
        : undefined;
    }
    try {
      return machine.readMemory(address, size, { task: this.#reader(process) });
    } catch (error) {
      if (error instanceof KernelError) return undefined;
      throw error;
    }
  }

  /** Number of the task as which a process's memory is read. */
  #reader(process: number): number {
    return process === KERNEL_PROCESS ? 0 : process;
  }
}

function notMapped(address: bigint): GdbServerError {
  return new GdbServerError(`Cannot access ${hex(address)}: not mapped`, ERRNO.FAULT);
}

function* piecesOf(address: bigint, size: number): Generator<Piece> {
  for (const piece of pieces({ address, size })) {
    if (piece.address >= ADDRESSES) throw notMapped(piece.address);
    yield piece;
  }
}
