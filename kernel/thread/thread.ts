/**
 * Threads: the kernel's view (state, what to do next) of the machine-dependent object in guest
 * memory. A thread owns its state; others ask for a transition.
 *
 *               start, wake
 *     blocked ---------------> ready
 *        ^  \                  ^   |
 *        |   \ retire    yield |   | run
 *   block|    v        preempt |   v
 *        |   dead <----------- running
 *        +------------------------+
 *
 * @module
 */

import type { GuestLabel } from "../../arch/guest_labels.ts";
import type { ThreadParameters } from "../../sched/parameters.ts";
import type { ThreadRef } from "../../trace/events.ts";
import { KernelError } from "../errors.ts";
import type { ExceptionHandler, HandledException } from "./handler.ts";
import { Jobs, type JobsRecord } from "./jobs.ts";
import { Unwinds, type UnwindsRecord } from "./unwinds.ts";
import type { Continuation, Wait, WaitResult } from "./continuation.ts";
import type { ParameterRecord } from "./parameters.ts";
import type { Task } from "./task.ts";

/** Where a thread is. */
export type ThreadState = "ready" | "running" | "blocked" | "dead";

/** Reasons to stop on the way to user mode (asynchronous system traps). */
export type Ast = "quantum" | "suspend" | "terminate";

/** Where a thread that does not run goes on. */
export interface Resumption {
  /** Label it starts at on an empty kernel stack, or `null` if it resumes the stack it kept. */
  readonly label: GuestLabel | null;
  /** What the kernel does then. */
  readonly resume: Continuation<WaitResult>;
}

/** Everything a thread's owner keeps, as plain data. */
export interface ThreadRecord {
  /** See {@linkcode Thread.id}. */
  readonly id: number;
  /** See {@linkcode Thread.address}. */
  readonly address: bigint;
  /** Its task's number. */
  readonly task: number;
  /** See {@linkcode Thread.parameters}. */
  readonly parameters: ParameterRecord;
  /** See {@linkcode Thread.jobs}. */
  readonly jobs: JobsRecord | null;
  /** See {@linkcode Thread.state}. */
  readonly state: ThreadState;
  /** See {@linkcode Thread.cpu}. */
  readonly cpu: number | null;
  /** See {@linkcode Thread.stack}. */
  readonly stack: number | null;
  /** See {@linkcode Thread.label}. */
  readonly label: GuestLabel | null;
  /** See {@linkcode Thread.resume}. */
  readonly resume: Continuation<WaitResult> | null;
  /** How its last wait ended. */
  readonly waitResult: WaitResult;
  /** See {@linkcode Thread.wait}. */
  readonly wait: Wait | null;
  /** See {@linkcode Thread.calls}. */
  readonly calls: readonly Continuation<bigint>[];
  /** Addresses of the trap frames from kernel mode on its stack, innermost last. */
  readonly traps: readonly bigint[];
  /** See {@linkcode Thread.asts}. */
  readonly asts: readonly Ast[];
  /** See {@linkcode Thread.preempted}. */
  readonly preempted: boolean;
  /** See {@linkcode Thread.bounce}. */
  readonly bounce: bigint | null;
  /** See {@linkcode Thread.unwinds}. */
  readonly unwinds: UnwindsRecord;
  /** See {@linkcode Thread.userReady}. */
  readonly userReady: boolean;
  /** See {@linkcode Thread.stackReserve}. */
  readonly stackReserve: bigint | null;
  /** See {@linkcode Thread.killReason}. */
  readonly killReason: string | null;
  /** See {@linkcode Thread.signalMask}. */
  readonly signalMask: bigint;
  /** See {@linkcode Thread.runTime}. */
  readonly runTime: number;
  /** See {@linkcode Thread.handler}. */
  readonly handler: ExceptionHandler | null;
  /** See {@linkcode Thread.handling}. */
  readonly handling: HandledException | null;
}

/** A thread. */
export class Thread {
  /** Number, from 0, never reused; the scheduling policy knows the thread by it. */
  readonly id: number;
  /** Guest address of the thread object. */
  readonly address: bigint;
  /** Task it belongs to. */
  readonly task: Task;
  /** How events name it. */
  readonly ref: ThreadRef;
  /** Unwindings of its stack, and exceptions that handlers hold. */
  readonly unwinds: Unwinds = new Unwinds();
  #parameters: ThreadParameters;
  #jobs: Jobs | null = null;
  #state: ThreadState = "blocked";
  #cpu: number | null = null;
  #stack: number | null = null;
  #label: GuestLabel | null;
  #resume: Continuation<WaitResult> | null;
  #waitResult: WaitResult = "awakened";
  #wait: Wait | null = null;
  #calls: Continuation<bigint>[] = [];
  #traps: bigint[] = [];
  readonly #asts = new Set<Ast>();
  #preempted = false;
  #runTime = 0;
  #bounce: bigint | null = null;
  #userReady = false;
  #stackReserve: bigint | null = null;
  #killReason: string | null = null;
  #signalMask = 0n;
  #handler: ExceptionHandler | null = null;
  #handling: HandledException | null = null;

  /**
   * Makes the kernel's view of the object at `address`: a blocked thread without a kernel stack.
   */
  constructor(
    id: number,
    options: { address: bigint; task: Task; parameters: ThreadParameters } & Resumption,
  ) {
    this.id = id;
    this.address = options.address;
    this.task = options.task;
    this.#parameters = options.parameters;
    this.ref = { address: options.address, task: options.task.name };
    this.#label = options.label;
    this.#resume = options.resume;
  }

  /** Its scheduling parameters, as they were given: a mutex it holds may raise them. */
  get parameters(): ThreadParameters {
    return this.#parameters;
  }

  /** Its jobs, if it is periodic and has begun to be. */
  get jobs(): Jobs | null {
    return this.#jobs;
  }

  /** Where it is. */
  get state(): ThreadState {
    return this.#state;
  }

  /** Number of the CPU it runs on, or `null`. */
  get cpu(): number | null {
    return this.#cpu;
  }

  /** Index of its kernel stack, or `null` if it has none at the moment. */
  get stack(): number | null {
    return this.#stack;
  }

  /** Label it starts at when it runs next, or `null` if it resumes its stack. */
  get label(): GuestLabel | null {
    return this.#label;
  }

  /** What the kernel does when it runs next, or `null` while it runs. */
  get resume(): Continuation<WaitResult> | null {
    return this.#resume;
  }

  /** What it waits for, or `null`. */
  get wait(): Wait | null {
    return this.#wait;
  }

  /** What takes the results of the guest's routines under way on its stack, innermost last. */
  get calls(): readonly Continuation<bigint>[] {
    return this.#calls;
  }

  /** Instructions it has run. */
  get runTime(): number {
    return this.#runTime;
  }

  /** What it takes care of before it goes to user mode. */
  get asts(): ReadonlySet<Ast> {
    return this.#asts;
  }

  /** Whether something more urgent, and not its used-up quantum, asks it to give way. */
  get preempted(): boolean {
    return this.#preempted;
  }

  /**
   * Physical address of the page frame its copies to and from the host go through, or `null` if it
   * has needed none yet.
   */
  get bounce(): bigint | null {
    return this.#bounce;
  }

  /** Whether it has a program context to go to or come from. */
  get userReady(): boolean {
    return this.#userReady;
  }

  /** Page below its kernel stack that was lent because the stack overflowed, or `null`. */
  get stackReserve(): bigint | null {
    return this.#stackReserve;
  }

  /** Why it is to be unwound to its end, or `null`. */
  get killReason(): string | null {
    return this.#killReason;
  }

  /** Blocked signals of a program of Linux's ABI: bit `n - 1` for signal `n`. */
  get signalMask(): bigint {
    return this.#signalMask;
  }

  /** Where its exceptions go, or `null` if they end its task. */
  get handler(): ExceptionHandler | null {
    return this.#handler;
  }

  /**
   * The exception that its handler was given last, until the handler resumes or gives it back. A
   * program may leave a handler by itself, which nobody hears of.
   */
  get handling(): HandledException | null {
    return this.#handling;
  }

  /** Address of the innermost trap frame from kernel mode that is being handled on its stack. */
  get trap(): bigint | undefined {
    return this.#traps.at(-1);
  }

  /** How many such trap frames there are. */
  get trapDepth(): number {
    return this.#traps.length;
  }

  /** It gets other parameters. */
  setParameters(parameters: ThreadParameters): void {
    this.#parameters = parameters;
  }

  /** It becomes periodic, or is so no more. */
  setJobs(jobs: Jobs | null): void {
    this.#jobs = jobs;
  }

  /** It becomes ready: the policy has it. */
  ready(): void {
    this.#expect("queue", this.#state !== "dead");
    this.#state = "ready";
    this.#cpu = null;
  }

  /**
   * Its wait is over; the policy gets it next. How a wait before that for a kernel stack ended is
   * not forgotten.
   */
  wake(result: WaitResult): void {
    this.#expect("wake", this.#state === "blocked");
    if (this.#wait?.kind !== "stack") this.#waitResult = result;
    this.#wait = null;
  }

  /** It has been picked, but there is no kernel stack for it. */
  lackStack(): void {
    this.#expect("block", this.#state === "ready");
    this.#state = "blocked";
    this.#wait = { kind: "stack" };
  }

  /** It runs on a CPU. */
  run(cpu: number): void {
    this.#expect("run", this.#state === "ready" || this.#state === "running");
    this.#state = "running";
    this.#cpu = cpu;
  }

  /** The thread that boots, or idles, has the CPU without having been picked. */
  adopt(cpu: number): void {
    this.#state = "running";
    this.#cpu = cpu;
  }

  /**
   * It gives the CPU up, and goes on as `next` says. What was under way on a stack that it does not
   * keep is over.
   */
  stop(next: Resumption): void {
    this.#expect("stop", this.#state === "running");
    this.#label = next.label;
    this.#resume = next.resume;
    this.#waitResult = "awakened";
    if (next.label !== null) this.discardStack();
    this.#state = "blocked";
    this.#cpu = null;
    this.clearAst("quantum");
  }

  /** It is blocked because of `wait`; called before or after it has stopped. */
  waitFor(wait: Wait): void {
    this.#wait = wait;
  }

  /** A wait is to end without what was waited for: it goes on with `resume` instead. */
  redirect(resume: Continuation<WaitResult>): void {
    this.#resume = resume;
  }

  /** It starts at its label: returns that, and forgets it. */
  takeLabel(): GuestLabel {
    const label = this.#label;
    if (label === null) this.#refuse("start", "it has no label to start at");
    this.#label = null;
    return label;
  }

  /** It goes on: returns with what, and how its wait ended. */
  takeResume(): { to: Continuation<WaitResult>; result: WaitResult } {
    const to = this.#resume;
    if (to === null) this.#refuse("resume", "it has nothing to go on with");
    this.#resume = null;
    return { to, result: this.#waitResult };
  }

  /** Has the guest's routine that runs next hand its result to `then`. */
  pushCall(then: Continuation<bigint>): void {
    this.#calls.push(then);
  }

  /** What takes the result of the routine that has returned. */
  popCall(): Continuation<bigint> | undefined {
    return this.#calls.pop();
  }

  /** A trap from kernel mode has saved its frame on the thread's stack. */
  pushTrap(address: bigint): void {
    this.#traps.push(address);
  }

  /** The innermost trap from kernel mode is left. */
  popTrap(): void {
    this.#traps.pop();
  }

  /** Whatever ran on its kernel stack will not be returned to. */
  discardStack(): void {
    this.#calls.length = 0;
    this.#traps.length = 0;
  }

  /** Nothing but the trap it is in is left on its kernel stack. */
  discardCalls(): void {
    this.#calls.length = 0;
  }

  /** It gets a kernel stack, or none. */
  giveStack(stack: number | null): void {
    this.#stack = stack;
  }

  /** It gets a page frame for its copies, or gives it back. */
  giveBounce(frame: bigint | null): void {
    this.#bounce = frame;
  }

  /** Its program context is complete. */
  becomeReadyForUser(): void {
    this.#userReady = true;
  }

  /** It is lent a page below its stack, or gives it back. */
  lendReserve(page: bigint | null): void {
    this.#stackReserve = page;
  }

  /** It is to be unwound to its end, at its next chance. The first reason counts. */
  requestKill(reason: string): void {
    this.#killReason ??= reason;
    this.postAst("terminate");
  }

  /** It blocks these signals and no others. */
  blockSignals(mask: bigint): void {
    this.#signalMask = mask;
  }

  /** Asks for something before it goes to user mode. */
  postAst(ast: Ast, options: { preempted?: boolean } = {}): void {
    this.#asts.add(ast);
    if (ast === "quantum") this.#preempted = options.preempted ?? false;
  }

  /** Takes a request back, or takes it up; returns whether it was there. */
  clearAst(ast: Ast): boolean {
    return this.#asts.delete(ast);
  }

  /** Its exceptions go somewhere else. */
  setHandler(handler: ExceptionHandler | null): void {
    this.#handler = handler;
  }

  /** Its handler is given an exception. */
  enterHandler(handling: HandledException): void {
    this.#handling = handling;
  }

  /** Its handler is over: forgets and returns what it was given. */
  leaveHandler(): HandledException | null {
    const handling = this.#handling;
    this.#handling = null;
    return handling;
  }

  /** It has run so many instructions. */
  charge(instructions: number): void {
    this.#runTime += instructions;
  }

  /** It is over. */
  die(): void {
    this.#state = "dead";
    this.#wait = null;
    this.#resume = null;
    this.discardStack();
  }

  /** Everything there is to know. */
  save(): ThreadRecord {
    return {
      id: this.id,
      address: this.address,
      task: this.task.id,
      parameters: this.#parameters,
      jobs: this.#jobs?.record ?? null,
      state: this.#state,
      cpu: this.#cpu,
      stack: this.#stack,
      label: this.#label,
      resume: this.#resume,
      waitResult: this.#waitResult,
      wait: this.#wait,
      calls: this.#calls.slice(),
      traps: this.#traps.slice(),
      asts: [...this.#asts],
      preempted: this.#preempted,
      bounce: this.#bounce,
      unwinds: this.unwinds.save(),
      userReady: this.#userReady,
      stackReserve: this.#stackReserve,
      killReason: this.#killReason,
      signalMask: this.#signalMask,
      runTime: this.#runTime,
      handler: this.#handler,
      handling: this.#handling,
    };
  }

  /** The thread a record was made of. */
  static from(record: ThreadRecord, task: Task): Thread {
    const { id, address, parameters, label } = record;
    const resume = record.resume ?? { name: "return" };
    const thread = new Thread(id, { address, task, parameters, label, resume });
    thread.#resume = record.resume;
    thread.#jobs = record.jobs === null ? null : Jobs.from(record.jobs);
    thread.#state = record.state;
    thread.#cpu = record.cpu;
    thread.#stack = record.stack;
    thread.#waitResult = record.waitResult;
    thread.#wait = record.wait;
    thread.#calls = record.calls.slice();
    thread.#traps = record.traps.slice();
    for (const ast of record.asts) thread.#asts.add(ast);
    thread.#preempted = record.preempted;
    thread.#bounce = record.bounce;
    thread.unwinds.restore(record.unwinds);
    thread.#userReady = record.userReady;
    thread.#stackReserve = record.stackReserve;
    thread.#killReason = record.killReason;
    thread.#signalMask = record.signalMask;
    thread.#runTime = record.runTime;
    thread.#handler = record.handler;
    thread.#handling = record.handling;
    return thread;
  }

  #expect(action: string, allowed: boolean): void {
    if (!allowed) this.#refuse(action, `it is ${this.#state}`);
  }

  #refuse(action: string, why: string): never {
    throw new KernelError(
      "misuse",
      `Cannot ${action} thread ${this.id} of ${this.task.name}: ${why}`,
    );
  }
}
