/**
 * Calls that mean something beside being calls: functions that save contexts, and those that allocate
 * and free memory, the kernel's among them.
 *
 * @module
 */

import type { CallConvention, Cpu } from "../../arch/mod.ts";
import type { SyscallEvent } from "../../trace/mod.ts";
import type { Findings } from "./findings/findings.ts";
import type { Followed } from "./stacks/followed.ts";
import type { FollowedBlock } from "./stacks/program.ts";
import type { Call, Leave, Moment } from "./stacks/stacks.ts";

/** What they are told to. */
export interface NotedCallsOptions {
  /** Whoever says what is wrong. */
  readonly findings: Findings;
  /** Where a thread was when it ran last. */
  readonly placeOf: (thread: bigint) => Leave | null;
}

/** System calls after which other code may be at an address. */
const REMAPPING = new Set(["vm_deallocate", "vm_protect", "cache_flush"]);

/** Notes such calls. */
export class NotedCalls {
  readonly #cpu: Cpu;
  readonly #calling: CallConvention;
  readonly #findings: Findings;
  readonly #placeOf: NotedCallsOptions["placeOf"];

  /** Those made on a CPU. */
  constructor(cpu: Cpu, calling: CallConvention, { findings, placeOf }: NotedCallsOptions) {
    this.#cpu = cpu;
    this.#calling = calling;
    this.#findings = findings;
    this.#placeOf = placeOf;
  }

  /** A call has returned. */
  onReturn(followed: Followed, call: Call): void {
    const allocates = call.extra?.allocates;
    if (allocates == null) return;
    const begin = Number(this.#cpu.register(this.#calling.result));
    if (begin === 0) return;
    const end = begin + allocates.size;
    followed.program.stacks.allocate({ begin, end, named: true, call: allocates.call });
  }

  /** A block has begun; `before` is the one that has led there. */
  take(followed: Followed, block: FollowedBlock, before: FollowedBlock): void {
    const { role, begin: pc } = block;
    const { calls } = followed.stack.flow;
    const call = calls.at(-1);
    if (role === null || (followed.role?.pc === pc && followed.role.call === call)) return;
    followed.role = { call, pc };
    const at: Moment = { address: before.last, time: this.#cpu.instructions };
    const argument = (index: number): number =>
      Number(this.#cpu.register(this.#calling.arguments[index] ?? ""));
    if (role.releases !== null) {
      const begin = argument(role.releases.address);
      const size = role.releases.size < 0 ? undefined : argument(role.releases.size);
      this.#release(followed, { begin, end: size === undefined ? undefined : begin + size, at });
    }
    if (call === undefined) return;
    if (role.allocates >= 0) {
      const extra = call.extra ??= { saves: [], allocates: null };
      extra.allocates ??= { size: argument(role.allocates), call: at };
    }
    if (role.saves) this.#save(followed, call, pc);
  }

  /** A function is about to save its caller's context. */
  #save({ stack }: Followed, call: Call, saver: number): void {
    const { flow } = stack;
    const owner = flow.calls.at(-2) ?? null;
    const save = {
      pc: call.ret,
      sp: call.sp,
      fp: Number(this.#cpu.register(this.#calling.framePointer)),
      owner,
      flow,
      saver,
      time: this.#cpu.instructions,
      leftBy: null,
    };
    let bySp = flow.saves.get(save.pc);
    if (bySp === undefined) flow.saves.set(save.pc, bySp = new Map());
    bySp.set(save.sp, save);
    if (owner === null) return;
    const extra = owner.extra ??= { saves: [], allocates: null };
    extra.saves = extra.saves.filter((each) => each.pc !== save.pc || each.sp !== save.sp);
    extra.saves.push(save);
  }

  /** Memory is freed, by a function that is known to do so or by the kernel. */
  #release(
    followed: Followed,
    { begin, end, at }: { begin: number; end: number | undefined; at: Moment },
  ): void {
    const { stacks } = followed.program;
    const allocation = stacks.allocationAt(begin);
    const known = stacks.release(begin, end);
    const until = end ?? known?.end ?? begin + 1;
    for (const stack of stacks.within(begin, until)) {
      const { flow, runner } = stack;
      const live = runner === null
        ? flow.left?.sp ?? stack.low
        : this.#placeOf(runner)?.sp ?? stack.low;
      if (live >= until || stack.base <= begin || flow.freed !== null) continue;
      flow.freed = at;
      if (runner !== null) this.#findings.onFreedRunning(followed, { stack, at, allocation });
    }
  }

  /** A thread has made a system call. */
  onSyscall(followed: Followed | null, event: SyscallEvent): void {
    if (followed === null || followed.thread.address !== event.thread.address) return;
    const call: Moment = { address: followed.trap?.at ?? 0, time: this.#cpu.instructions };
    if (REMAPPING.has(event.name)) followed.program.forgetCode();
    if (event.name === "vm_deallocate" || event.name === "vm_allocate") {
      followed.syscall = { event, call };
    }
  }

  /** It is over, and its result is where results are. */
  endSyscall(followed: Followed, { event, call }: NonNullable<Followed["syscall"]>): void {
    followed.syscall = null;
    const result = BigInt.asIntN(64, this.#cpu.register(this.#calling.result));
    const [address = 0n, size = 0n] = event.args;
    if (event.name === "vm_deallocate") {
      const begin = Number(address);
      if (result === 0n) this.#release(followed, { begin, end: begin + Number(size), at: call });
      return;
    }
    if (result <= 0n) return;
    const begin = Number(result);
    const end = begin + Number(size);
    followed.program.stacks.allocate({ begin, end, named: false, call });
  }
}
