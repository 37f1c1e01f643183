/**
 * Following a machine's programs from block to block: whom they call, where they return, which
 * stack they are on.
 *
 * A stack is known by what is done on it: a stack pointer that is given another value than itself
 * and some bytes, and one that is not on the stack the thread is on, means another stack. Each
 * stack has the calls that were made on it, and a return must lead to the last of them. What a
 * program goes on with on a stack that it has left before is for {@linkcode judge} to say, and what
 * of that is wrong for the {@linkcode Findings}.
 *
 * @module
 */

import type { ExceptionEntry } from "../../arch/mod.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { PerCpu } from "../../kernel/per_cpu.ts";
import type { Thread } from "../../kernel/thread/thread.ts";
import type { Task } from "../../kernel/thread/task.ts";
import type { KernelEvent } from "../../trace/mod.ts";
import { type Arrival, judge } from "./stacks/arrival.ts";
import { BlockKind, movesBetween, NO_BLOCK, type StackSet } from "./stacks/blocks.ts";
import type { Findings } from "./findings/findings.ts";
import { NotedCalls } from "./noted_calls.ts";
import type { Roles } from "./options.ts";
import type { Followed, Pending } from "./stacks/followed.ts";
import { type FollowedBlock, Program } from "./stacks/program.ts";
import { type Call, type Leave, type Moment, newFlow } from "./stacks/stacks.ts";

/** A stack pointer so near to the one before is on the same stack, if it is on no other. */
const NEAR = 4096;
const LAST_USER_BLOCK = (1n << 48n) - 1n;
const START: FollowedBlock = {
  ...NO_BLOCK,
  role: null,
  isNoted: false,
  isKept: false,
  next: null,
};
/** What fails within so many instructions fails for what has been before. */
const SOON = 256;
/** Calls that are over and whose records are used again. */
const SPARE = 64;

/** Follows what runs on one CPU. */
export class Follower implements Disposable {
  /** How often a program went to another stack. */
  switches = 0;
  readonly #k: Kernel;
  readonly #on: PerCpu;
  readonly #roles: Roles;
  readonly #findings: Findings;
  readonly #programs = new Map<Task, Program>();
  readonly #threads = new Map<Thread, Followed>();
  readonly #watch: Disposable;
  /** Bytes a call pushes. */
  readonly #pushed: number;
  /** Instructions that have led back to a stack with the stack pointer it was left with. */
  readonly #exact = new Set<number>();
  readonly #noted: NotedCalls;
  /** Records of calls without anything else to them, which nobody knows any more. */
  readonly #spare: Call[] = [];
  #followed: Followed | null = null;

  /** Begins. The CPU's exception observer is used. */
  constructor(k: Kernel, on: PerCpu, { roles, findings }: { roles: Roles; findings: Findings }) {
    this.#k = k;
    this.#on = on;
    this.#roles = roles;
    this.#findings = findings;
    this.#pushed = k.arch.calling.pushed;
    this.#noted = new NotedCalls(on.cpu, k.arch.calling, {
      findings,
      placeOf: (thread) => this.#placeOf(thread),
    });
    on.cpu.onException((entry) => this.#onException(entry));
    this.#watch = on.cpu.watchBlocks(0n, LAST_USER_BLOCK, (pc, sp) => this.#onBlock(pc, sp));
  }

  /** The programs that have run. */
  get programs(): readonly Program[] {
    return [...this.#programs.values()];
  }

  /** Ends. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.#on.cpu.onException(null);
  }

  /** Takes an event of the kernel's. */
  write(event: KernelEvent): void {
    switch (event.type) {
      case "syscall":
        this.#noted.onSyscall(this.#followed, event);
        break;
      case "thread-exit": {
        const found = this.#threads.values().find((each) => each.thread.address === event.thread);
        if (found === undefined) break;
        if (found.stack.runner === found.thread.address) found.stack.runner = null;
        this.#threads.delete(found.thread);
        if (this.#followed === found) this.#followed = null;
        break;
      }
      case "task-exit":
        if (event.reason !== undefined) this.#onFault(event.task, event.reason);
    }
  }

  /** A task of a name has been ended: the one that runs, or else the one of that name. */
  #onFault(name: string, reason: string): void {
    const { task } = this.#on.current;
    const program = task.name === name
      ? this.#programs.get(task)
      : this.programs.findLast((each) => each.task.name === name);
    if (program === undefined) return;
    const followed = this.#threads.get(this.#on.current);
    if (followed?.program !== program) return this.#findings.onFault(program, reason, undefined);
    const { pending, unsure, trap } = followed;
    if (pending !== null) this.#findings.onFaultedSwitch(followed, pending);
    else if (unsure !== null && this.#isLost(unsure, trap?.pc)) {
      this.#findings.onLost(followed, unsure);
    }
    this.#findings.onFault(program, reason, trap?.pc);
  }

  /** Whether a thread that ends at an address has not got far since it has gone on somewhere. */
  #isLost({ pending, pc, time }: NonNullable<Followed["unsure"]>, at: number | undefined): boolean {
    if (pc === at) return true;
    const isSwitch = pending.isLocal && this.#followed?.program.switching.has(pending.function);
    return isSwitch === true && this.#now - time < SOON;
  }

  /** Where the block that a thread is in ends. */
  #lastOf(followed: Followed): Moment {
    return { address: followed.last.last, time: this.#now };
  }

  get #now(): number {
    return this.#on.cpu.instructions;
  }

  #onBlock(pc: number, sp: number): void {
    const { current } = this.#on;
    let followed = this.#followed;
    if (followed === null || followed.thread !== current) followed = this.#enter(current, pc, sp);
    const { last } = followed;
    let block = last.next;
    if (block === null || block.begin !== pc) {
      block = followed.program.block(pc);
      if (last.isKept && block.isKept) last.next = block;
    }
    if (followed.attention) {
      this.#attend(followed, pc, sp);
    } else if (last.kind === BlockKind.plain) {
      // Nothing.
    } else if (last.kind === BlockKind.return) {
      const { calls } = followed.stack.flow;
      const top = calls[calls.length - 1];
      if (top !== undefined && top.sp === sp && top.ret === pc && top.extra === null) {
        top.live = false;
        calls.pop();
        if (this.#spare.length < SPARE) this.#spare.push(top);
      } else {
        this.#finish(followed, pc, sp);
      }
    } else if (
      last.kind === BlockKind.call && sp === followed.sp + last.delta &&
      (last.target === pc || (last.target < 0 && (pc < last.begin || pc >= last.end)))
    ) {
      this.#call(followed, { ret: last.end, sp, pc });
    } else {
      this.#finish(followed, pc, sp);
    }
    followed.last = block;
    followed.sp = sp;
    if (block.isNoted) this.#note(followed, block, last);
  }

  /** A block begins that stores the return address, or means something. */
  #note(followed: Followed, block: FollowedBlock, last: FollowedBlock): void {
    const top = followed.stack.flow.calls.at(-1);
    if (top !== undefined && top.slot < 0 && !Number.isNaN(block.link)) {
      top.slot = followed.sp + block.link;
    }
    if (block.role !== null) this.#noted.take(followed, block, last);
  }

  /** A thread other than the last one runs. */
  #enter(thread: Thread, pc: number, sp: number): Followed {
    const followed = this.#threads.get(thread) ?? this.#begin(thread, pc, sp);
    this.#followed = followed;
    return followed;
  }

  #begin(thread: Thread, pc: number, sp: number): Followed {
    const { task } = thread;
    let program = this.#programs.get(task);
    if (program === undefined) {
      program = new Program(this.#k, task, this.#roles);
      this.#programs.set(task, program);
    }
    const { stacks } = program;
    const flow = newFlow({ address: pc, time: this.#now, pc, sp });
    const known = stacks.find(sp);
    const runner = known?.runner ?? null;
    if (known !== undefined) {
      if (runner !== null) known.flow.left ??= this.#placeOf(runner);
      stacks.begin(known, flow);
    }
    const stack = known ?? stacks.add(sp, flow, { isThreads: true });
    stack.runner = thread.address;
    const followed: Followed = {
      thread,
      program,
      stack,
      last: START,
      sp,
      attention: false,
      pending: null,
      unsure: null,
      trap: null,
      syscall: null,
      role: null,
    };
    this.#threads.set(thread, followed);
    if (runner !== null) this.#findings.onSecondThread(followed, { address: pc, time: this.#now });
    return followed;
  }

  #onException(entry: ExceptionEntry): void {
    if (!entry.fromUser) return;
    const followed = this.#threads.get(this.#on.current);
    if (followed === undefined) return;
    const pc = Number(entry.pc);
    const sp = Number(entry.sp);
    if (followed.syscall !== null) this.#noted.endSyscall(followed, followed.syscall);
    if (followed.trap === null) this.#finish(followed, pc, sp);
    const at = followed.last === START ? pc : followed.last.last;
    followed.last = START;
    followed.sp = sp;
    followed.trap = { pc, sp, at };
    followed.attention = true;
  }

  #attend(followed: Followed, pc: number, sp: number): void {
    const { trap } = followed;
    if (trap === null) {
      this.#finish(followed, pc, sp);
    } else {
      followed.trap = null;
      if (followed.syscall !== null) this.#noted.endSyscall(followed, followed.syscall);
      if (sp !== trap.sp) this.#moveTo(followed, sp);
    }
    followed.attention = followed.pending !== null;
  }

  /** The kernel has given a thread another stack pointer: it lands, or handles a trap. */
  #moveTo(followed: Followed, sp: number): void {
    followed.pending = null;
    const { stack, program: { stacks }, thread } = followed;
    const found = stacks.find(sp);
    if (found === stack || (found === undefined && Math.abs(sp - stack.low) < NEAR)) return;
    stack.runner = null;
    const flow = newFlow({ address: followed.last.last, time: this.#now, pc: -1, sp });
    followed.stack = found ?? stacks.add(sp, flow, { isThreads: false });
    followed.stack.runner = thread.address;
    this.#dropBelow(followed, sp);
  }

  /** The last block is over, but for what may be in the way: the thread is elsewhere now. */
  #finish(followed: Followed, pc: number, sp: number): void {
    const { last } = followed;
    if (last === START) return;
    const isAgain = pc === last.begin && sp === followed.sp;
    const isInside = isAgain || (pc > last.begin && pc < last.end && last.target !== pc);
    const { set } = last;
    if (set !== undefined && !isAgain && (!isInside || pc > set.address)) {
      const { read } = followed.program;
      const range = { block: last, from: set.address, to: pc };
      const after = isInside ? movesBetween(this.#k.arch, read, range) : set.after;
      // Where it has got yet another value since, that one will do.
      this.#set(followed, { set, value: Number.isNaN(after) ? sp : sp - after });
    }
    if (isInside) return;
    const { pending } = followed;
    const isElsewhere = last.flow === "call" || last.flow === "return" ||
      (last.flow === "jump" && last.target < 0);
    if (
      pending !== null &&
      (isElsewhere || followed.program.functionAt(pc).begin !== pending.function)
    ) {
      followed.pending = null;
      if (this.#arrive(followed, pending, { pc, sp })) return;
    }
    if (last.flow === "call") this.#call(followed, { ret: last.end, sp, pc });
    if (last.flow === "return") this.#return(followed, pc, sp);
  }

  /** The stack pointer has got another value. */
  #set(followed: Followed, { set, value }: { set: StackSet; value: number }): void {
    const { stack, program, thread } = followed;
    const { stacks } = program;
    const { source } = set;
    const before = followed.sp + set.before;
    const found = stacks.find(value);
    const isNear = Math.abs(value - followed.sp) < NEAR;
    const isLocal = found === stack || (found === undefined && isNear);
    const isFrame = source.kind === "register" &&
      source.register === this.#k.arch.calling.framePointer;
    const at: Moment = { address: set.address, time: this.#now };
    const common = {
      value,
      handle: source.kind === "register" ? value - source.offset : value,
      set: at,
      before,
      function: program.functionAt(set.address).begin,
      from: stack,
      isLocal,
    };
    followed.attention = true;
    if (isLocal) {
      // A frame is left, unless contexts are switched by frame pointers.
      if (!isFrame || program.switching.has(common.function)) {
        followed.pending ??= { ...common, isNew: false, runner: null };
      }
      return;
    }
    this.switches++;
    program.switching.add(common.function);
    this.#leave(followed, { ...at, sp: before });
    const next = found ??
      stacks.add(value, newFlow({ ...at, pc: -1, sp: value }), { isThreads: false });
    const runner = next.runner === thread.address ? null : next.runner;
    next.runner = thread.address;
    followed.stack = next;
    followed.pending = { ...common, isNew: found === undefined, runner };
  }

  #leave(followed: Followed, left: Moment & { sp: number }): void {
    const { stack, program, last } = followed;
    const { flow } = stack;
    const top = flow.calls.at(-1);
    if (flow.outer === null) {
      flow.outer = program.outermost(flow, last.begin);
      this.#findings.onFirstLeave(followed);
    }
    flow.left = { ...left, within: top === undefined ? undefined : { ret: top.ret, sp: top.sp } };
    stack.low = Math.min(stack.low, Number.isNaN(left.sp) ? stack.low : left.sp);
    stack.runner = null;
  }

  /**
   * The thread goes on somewhere with the new stack pointer. Returns whether that is what a return
   * would have done.
   */
  #arrive(followed: Followed, pending: Pending, now: { pc: number; sp: number }): boolean {
    const { stack, program, last } = followed;
    const { value, set, isLocal, isNew } = pending;
    // A call in the same stack is just that.
    if (isLocal && last.flow === "call") return false;
    program.stacks.raise(stack, Math.max(now.sp, value));
    const arrival: Arrival = {
      ...now,
      // In the same stack, only what has been saved is gone on with.
      value: isLocal ? NaN : value,
      handle: isLocal ? NaN : pending.handle,
      begins: program.isFunction(now.pc),
      exact: this.#exact.has(set.address),
    };
    const verdict = isNew ? { kind: "fresh" } as const : judge(stack, arrival);
    const isKnown = verdict.kind !== "fresh" && verdict.kind !== "unknown";
    followed.unsure = isKnown ? null : { pending, pc: now.pc, time: this.#now };
    if (isLocal && !isKnown) {
      if (arrival.begins) this.#beginHere(followed, pending, now);
      return false;
    }
    const fp = () => Number(this.#on.cpu.register(this.#k.arch.calling.framePointer));
    this.#findings.onArrival(followed, { pending, verdict, arrival, fp });
    const { flow } = stack;
    if (!isLocal && value === flow.left?.sp) this.#exact.add(set.address);
    switch (verdict.kind) {
      case "fresh": {
        const start = { ...set, pc: now.pc, sp: value };
        if (isNew) flow.start = start;
        else program.stacks.begin(stack, newFlow(start));
        return false;
      }
      case "return":
        this.#dropTo(followed, verdict.call);
        this.#end(followed, verdict.call);
        flow.calls.pop();
        break;
      case "save":
        this.#dropTo(followed, verdict.save.owner);
        break;
      case "left":
        if (this.#isOverwritten(followed, arrival)) {
          flow.left = null;
          return false;
        }
        // Either a function is called in the place of a switch, or another context begins there.
        if (arrival.begins) { for (const call of flow.calls) call.doubtful = true; }
    }
    if (flow.left !== null) {
      flow.left.resumed = this.#lastOf(followed);
      flow.before.set(flow.left.sp, flow.left);
      flow.left = null;
    }
    return last.flow === "return";
  }

  /** A context begins on the stack that the thread is on already. */
  #beginHere(followed: Followed, pending: Pending, now: { pc: number; sp: number }): void {
    const { stack, program: { stacks, switching }, thread } = followed;
    const { value, set, before } = pending;
    if (value < stack.flow.start.sp || !switching.has(pending.function)) {
      // One in the midst of the stack is called by nobody who is below.
      this.#dropBelow(followed, now.sp + this.#pushed + 1);
      return;
    }
    this.#leave(followed, { ...set, sp: before });
    stack.runner = thread.address;
    stacks.begin(stack, newFlow({ ...set, pc: now.pc, sp: value }));
  }

  /** Whether the return at the end of a switch leads elsewhere than to whom has called it. */
  #isOverwritten({ stack, last }: Followed, { pc, sp, begins }: Arrival): boolean {
    const top = stack.flow.calls.at(-1);
    if (last.flow !== "return" || begins || top === undefined || top.doubtful) return false;
    return top.sp === sp && top.ret !== pc;
  }

  #call(followed: Followed, { ret, sp, pc }: { ret: number; sp: number; pc: number }): void {
    const { stack } = followed;
    const { calls } = stack.flow;
    const after = sp + this.#pushed;
    for (let top = calls[calls.length - 1]; top !== undefined; top = calls[calls.length - 1]) {
      if (top.sp > after || (top.sp === after && this.#isWithin(followed, top))) break;
      this.#drop(followed, top);
      calls.pop();
    }
    const slot = this.#pushed > 0 ? sp : -1;
    const spare = this.#spare.pop();
    if (spare === undefined) {
      calls.push({ ret, sp: after, callee: pc, slot, live: true, doubtful: false, extra: null });
    } else {
      if (followed.role?.call === spare) followed.role = null;
      spare.ret = ret;
      spare.sp = after;
      spare.callee = pc;
      spare.slot = slot;
      spare.live = true;
      spare.doubtful = false;
      calls.push(spare);
    }
    if (sp >= stack.low) return;
    stack.low = sp;
    if (sp < stack.floor) this.#findings.onBeyond(followed, this.#lastOf(followed));
  }

  /** Whether the function that a call has called calls in turn, without a frame of its own. */
  #isWithin({ program, last }: Followed, { callee }: Call): boolean {
    if (this.#pushed > 0) return false;
    return program.functionAt(last.last).begin === program.functionAt(callee).begin;
  }

  #return(followed: Followed, pc: number, sp: number): void {
    const { stack, program, last } = followed;
    const { calls } = stack.flow;
    this.#dropBelow(followed, sp);
    const match = calls.findLast((call) => call.sp > sp || (call.sp === sp && call.ret === pc));
    if (match?.sp === sp) {
      this.#dropTo(followed, match);
      this.#end(followed, match);
      calls.pop();
      return;
    }
    const top = calls.at(-1);
    const at = this.#lastOf(followed);
    if (top?.sp === sp) {
      if (!top.doubtful && !program.isThunk(last.last)) {
        this.#findings.onOverwritten(followed, { at, call: top, pc });
      }
      this.#drop(followed, top);
      calls.pop();
      return;
    }
    if (top?.doubtful) return;
    if (program.switching.has(program.functionAt(last.last).begin)) return;
    // The first function on a stack may return to whatever was put above it.
    if (top === undefined && sp >= stack.flow.start.sp) return;
    this.#findings.onBadReturn(followed, { at, expected: top ?? null, pc, sp });
  }

  /** Ends the calls whose callers' stack pointers are below another. */
  #dropBelow(followed: Followed, sp: number): void {
    const { calls } = followed.stack.flow;
    for (let top = calls.at(-1); top !== undefined && top.sp < sp; top = calls.at(-1)) {
      this.#drop(followed, top);
      calls.pop();
    }
  }

  /** Ends the calls that a call, or the first frame, has made in turn. */
  #dropTo(followed: Followed, call: Call | null): void {
    const { calls } = followed.stack.flow;
    for (let top = calls.at(-1); top !== undefined && top !== call; top = calls.at(-1)) {
      this.#drop(followed, top);
      calls.pop();
    }
  }

  /** A call is over without the return it would have had. */
  #drop(followed: Followed, call: Call): void {
    call.live = false;
    for (const save of call.extra?.saves ?? []) save.leftBy ??= this.#lastOf(followed);
  }

  /** A call has returned. */
  #end(followed: Followed, call: Call): void {
    this.#drop(followed, call);
    this.#noted.onReturn(followed, call);
  }

  /** Where a thread was when it ran last, at the begin of a block or where it trapped. */
  #placeOf(thread: bigint): Leave | null {
    const found = this.#threads.values().find((each) => each.thread.address === thread);
    if (found === undefined) return null;
    const { trap, last, sp } = found;
    return { address: trap?.pc ?? last.begin, sp, time: this.#now };
  }
}
